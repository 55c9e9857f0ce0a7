from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from consulting.adapters.stripe import StripeGateway
from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, running_sandbox
from tests.integration.adapters.payers import IMPATIENT, gateway_at
from tests.integration.instance import PATIENCE


class Outside:
    """The outside world of a test: the sandbox, and what a test tells it or reads from it."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self._http = httpx.Client(base_url=sandbox.url, timeout=PATIENCE, trust_env=False)

    @property
    def url(self) -> str:
        return self.sandbox.url

    def fault(self, at: str, kind: str, operation: str | None = None, **more: Any) -> None:
        answer = self._http.post("/faults", json={"at": at, "kind": kind, "operation": operation, **more})
        assert answer.status_code == 201, answer.text

    def clear_faults(self) -> None:
        assert self._http.delete("/faults").status_code == 204

    def faults_left(self) -> int:
        return len(self._http.get("/faults").json()["faults"])

    def tell(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._http.post(f"/stripe/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def pay(self, intent_id: str, client_secret: str | None, method: str = "pm_card_visa") -> dict[str, Any]:
        """Confirm as a browser does."""
        fields = {"client_secret": client_secret or "", "payment_method": method, "return_url": "http://127.0.0.1/back"}
        answer = self._http.post(
            f"/stripe/v1/payment_intents/{intent_id}/confirm",
            data=fields,
            headers={"Authorization": "Bearer pk_test_sandbox"},
        )
        confirmed: dict[str, Any] = answer.json()
        return confirmed

    def stripe(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self._http.get(f"/stripe/v1/{path}", params=query, headers={"Authorization": "Bearer sk_test_sandbox"})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refund_without_key(self, **fields: str) -> str:
        """Give money back as a request did whose idempotency key Stripe has forgotten meanwhile."""
        answer = self._http.post("/stripe/v1/refunds", data=fields, headers={"Authorization": "Bearer sk_test_sandbox"})
        assert answer.status_code == 200, answer.text
        made: str = answer.json()["id"]
        return made

    def zoom(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Ask Zoom as somebody else who has the same account."""
        form = {"grant_type": "account_credentials", "account_id": "sandbox-account"}
        token = self._http.post("/zoom/oauth/token", data=form, auth=("sandbox-client", "sandbox-secret")).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = self._http.request(method, f"/zoom/v2/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text

    def get(self, path: str) -> dict[str, Any]:
        answer = self._http.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def bytes_of(self, path: str) -> bytes:
        return self._http.get(path).content

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="session")
def open_outside() -> Callable[[SandboxOptions], Any]:
    """For a test that needs a sandbox with settings of its own."""
    return running_sandbox


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with running_sandbox(SandboxOptions(folder=tmp_path / "sandbox")) as sandbox:
        world = Outside(sandbox)
        yield world
        world.close()


@pytest.fixture
def gateway(outside: Any) -> Iterator[StripeGateway]:
    gateway = gateway_at(f"{outside.url}/stripe")
    yield gateway
    gateway.close()


@pytest.fixture
def hasty(outside: Any) -> Iterator[StripeGateway]:
    """One that gives Stripe up after a second."""
    gateway = gateway_at(f"{outside.url}/stripe", seconds=IMPATIENT)
    yield gateway
    gateway.close()
