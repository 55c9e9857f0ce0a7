from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import consulting.adapters
import consulting.application
import consulting.domain
from consulting.application.ports.payment_gateway import PaymentGatewayMisconfigured
from consulting.application.ports.transactions import StorageUnavailable
from consulting.domain.errors import ConsultingError, SlotUnavailable, ValidationFailed
from consulting.entrypoints.http import refusals
from consulting.entrypoints.http.problems import STATUSES, envelope, headers_of, status_of

CONTRACT = {400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503}


def every_error() -> list[type[ConsultingError]]:
    for package in (consulting.domain, consulting.application):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return sorted(set(below(ConsultingError)), key=lambda kind: kind.__name__)


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_of_the_contract_and_a_stable_code(kind: type[ConsultingError]) -> None:
    assert STATUSES[kind] in CONTRACT
    assert kind.code == kind.code.upper()
    assert kind.code.replace("_", "").isalnum()


def test_no_two_statuses_share_a_code() -> None:
    statuses: dict[str, set[int]] = {}
    for kind, status in STATUSES.items():
        statuses.setdefault(kind.code, set()).add(status)

    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_an_error_is_told_by_code_message_and_details() -> None:
    assert json.loads(envelope(ValidationFailed.of("date", "give a date"))) == {
        "error": {
            "code": "VALIDATION_FAILED",
            "message": "Some fields are not valid; `details.fields` says which, and why.",
            "details": {"fields": [{"field": "date", "problem": "give a date"}]},
        }
    }


def test_an_error_of_our_own_set_up_tells_nothing_of_it() -> None:
    told = json.loads(envelope(PaymentGatewayMisconfigured("the key sk_live_1 is refused")))

    assert told["error"]["code"] == "INTERNAL_ERROR"
    assert "sk_live_1" not in json.dumps(told)


def test_an_error_that_nobody_gave_a_status_is_an_internal_one() -> None:
    class Forgotten(SlotUnavailable):
        """It has no status of its own."""

    assert status_of(Forgotten()) == 500


def test_who_must_wait_is_told_how_long_and_who_must_sign_in_how() -> None:
    assert int(headers_of(StorageUnavailable())["Retry-After"]) > 0
    assert headers_of(refusals.SignInRequired()) == {"WWW-Authenticate": 'Bearer realm="consulting"'}
    assert 'error="invalid_token"' in headers_of(refusals.TokenInvalid())["WWW-Authenticate"]
    assert headers_of(SlotUnavailable()) == {}
