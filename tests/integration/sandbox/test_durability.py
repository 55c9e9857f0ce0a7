"""What was answered outlives a kill at any moment, and the program stops when it is told to."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from tests.integration.instance import PATIENCE, eventually

PROGRAM = """
import sys
from pathlib import Path
from consulting.entrypoints.sandbox import SandboxOptions, run
run(SandboxOptions(folder=Path(sys.argv[1])), on_ready=lambda ports: print("ready", ports.url, flush=True))
"""
KEY = {"Authorization": "Bearer sk_test_sandbox"}


@contextmanager
def program(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], process.communicate(timeout=PATIENCE)
        yield process, ready[1]
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def write_until_killed(url: str, written: list[tuple[str, str]]) -> None:
    """Creates intents, one a request, and notes each that was answered."""
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as web:
        for number in range(5000):
            headers = {**KEY, "Idempotency-Key": f"key-{number}"}
            try:
                answer = web.post(
                    "/stripe/v1/payment_intents", data={"amount": "1000", "currency": "eur"}, headers=headers
                )
            except httpx.TransportError:
                return
            written.append((f"key-{number}", answer.json()["id"]))


def test_every_answered_write_is_there_after_kill_9(tmp_path: Path) -> None:
    written: list[tuple[str, str]] = []
    with program(tmp_path) as (process, url):
        writer = threading.Thread(target=write_until_killed, args=(url, written))
        writer.start()
        eventually(lambda: len(written) > 50)
        process.kill()
        writer.join(PATIENCE)

    with (
        program(tmp_path) as (_, url),
        httpx.Client(base_url=url, trust_env=False, headers=KEY, timeout=PATIENCE) as web,
    ):
        for _, intent in written[-20:]:
            assert web.get(f"/stripe/v1/payment_intents/{intent}").status_code == 200
        key, intent = written[-1]
        again = web.post(
            "/stripe/v1/payment_intents", data={"amount": "1000", "currency": "eur"}, headers={"Idempotency-Key": key}
        )
        assert (again.json()["id"], again.headers["idempotent-replayed"]) == (intent, "true")


def test_payments_refunds_meetings_and_mails_outlive_kill_9(tmp_path: Path) -> None:
    with program(tmp_path) as (process, url), httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as web:
        form = {"amount": "1000", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
        intent = web.post("/stripe/v1/payment_intents", data=form, headers=KEY).json()["id"]
        web.post("/stripe/v1/refunds", data={"payment_intent": intent, "amount": "300"}, headers=KEY)
        account = {"grant_type": "account_credentials", "account_id": "sandbox-account"}
        token = web.post("/zoom/oauth/token", params=account, auth=("sandbox-client", "sandbox-secret")).json()
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        web.post("/zoom/v2/users/h@lab.example/meetings", json={"topic": "Kept"}, headers=bearer)
        with smtplib.SMTP("127.0.0.1", web.get("/health").json()["smtp_port"], timeout=PATIENCE) as smtp:
            smtp.sendmail("x@a.example", ["y@b.example"], b"Subject: kept\r\n\r\nhello\r\n")
        process.kill()

    with (
        running_sandbox(SandboxOptions(folder=tmp_path)) as again,
        httpx.Client(base_url=again.url, timeout=PATIENCE) as web,
    ):
        refunds = web.get("/stripe/v1/refunds", params={"payment_intent": intent}, headers=KEY).json()["data"]
        assert [refund["amount"] for refund in refunds] == [300]
        assert web.post("/stripe/v1/refunds", data={"payment_intent": intent}, headers=KEY).json()["amount"] == 700
        assert [meeting["topic"] for meeting in web.get("/zoom/meetings").json()["meetings"]] == ["Kept"]
        assert [mail["subject"] for mail in web.get("/mail").json()["mails"]] == ["kept"]
        assert web.get("/zoom/v2/users/h@lab.example/meetings", headers=bearer).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_a_request_hangs(tmp_path: Path, number: signal.Signals) -> None:
    with program(tmp_path) as (process, url):
        ports = json.loads((tmp_path / "ports.json").read_text())
        assert ports["url"] == url
        httpx.post(f"{url}/faults", json={"at": "stripe", "kind": "hang", "value": 120}, timeout=PATIENCE)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{url}/stripe/v1/balance", headers=KEY, timeout=httpx.Timeout(PATIENCE, read=0.1))
        eventually(lambda: not httpx.get(f"{url}/faults", timeout=PATIENCE).json()["faults"])

        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE / 2)

        assert (process.returncode, errors) == (0, "")


def test_a_port_in_use_is_an_error_and_not_a_hang(tmp_path: Path) -> None:
    with running_sandbox(SandboxOptions(folder=tmp_path / "a")) as first:
        taken = SandboxOptions(folder=tmp_path / "b", port=first.ports.port)
        with pytest.raises(OSError, match="in use"), running_sandbox(taken):
            pass
