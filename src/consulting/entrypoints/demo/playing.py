"""The tour from its beginning to its end."""

from __future__ import annotations

import secrets
from functools import partial

import click
import httpx

from consulting.entrypoints.demo import booking_steps, ending_steps, moving_steps, telling
from consulting.entrypoints.demo.people import TIMEOUT_SECONDS, Person, Providers, TokenMaker
from consulting.entrypoints.demo.promises import NotAsPromised
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tokens import issue_token


def run_demo(settings: Settings, *, url: str, sandbox_url: str) -> bool:
    """Play the tour against a running sandbox instance, and tell whether every step came out as promised.

    The first that didn't ends the tour, with a sentence on stderr.
    """
    sign: TokenMaker = partial(issue_token, settings)
    with (
        httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as api,
        httpx.Client(base_url=sandbox_url, timeout=TIMEOUT_SECONDS, trust_env=False) as sandbox,
    ):
        ada = _newcomer("Ada Ferreira", nickname="ada", zone="Europe/Lisbon", sign=sign, http=api)
        bela = _newcomer("Béla Németh", nickname="bela", zone="America/New_York", sign=sign, http=api)
        try:
            complete = _tour(ada, bela, Providers(http=sandbox))
        except NotAsPromised as broken:
            click.secho(f"\n✗ {broken}", fg="red", err=True)
            return False
    told = "Every step came out as promised." if complete else "Every step but the one SKIPPED came out as promised."
    click.secho(f"\n{told}", bold=True)
    return True


def _newcomer(name: str, *, nickname: str, zone: str, sign: TokenMaker, http: httpx.Client) -> Person:
    """Sign somebody in who was never here before, so that the tour can be played any number of times."""
    user = f"demo-{nickname}-{secrets.token_hex(4)}"
    email = f"{user}@clients.example"
    token = sign(user=user, email=email, name=name, zone=zone)
    return Person(name=name, email=email, zone=zone, token=token, http=http)


def _tour(ada: Person, bela: Person, providers: Providers) -> bool:
    """Play every step; False if one had to be skipped."""
    researcher = booking_steps.find_researcher(ada)
    _paid_session(ada, bela, providers, researcher)
    _free_session(bela, providers)
    return _unpaid_hold(bela, researcher)


def _paid_session(ada: Person, bela: Person, providers: Providers, researcher: booking_steps.Json) -> None:
    """Hold, pay, meet, move; then cancel, and get everything back."""
    slot, session = booking_steps.hold(ada, booking_steps.choose_slots(ada, researcher))
    booking_steps.expect_held(session)
    intent = booking_steps.open_intent(ada, session)
    booking_steps.pay_with_declined_card(ada, providers, session, intent)
    intent = booking_steps.open_intent(ada, session)
    booking_steps.pay(ada, providers, session, intent)
    link = ending_steps.wait_for_link(ada, session)
    ending_steps.expect_confirmation(ada, providers, link=link, paid=True)
    telling.heading("See what others see now")
    booking_steps.expect_availability(bela, slot, available=False)
    booking_steps.expect_refused(bela, slot)
    moved = moving_steps.move(ada, bela, session)
    moving_steps.expect_told(ada, providers, moved)
    ending_steps.cancel(ada, session, paid=True)
    ending_steps.expect_refunded(ada, providers, session, intent)
    ending_steps.expect_meeting_deleted(providers, link)
    ending_steps.expect_cancellation_mail(ada, providers)
    telling.heading("See what others see now")
    booking_steps.expect_availability(bela, slot, available=True)


def _free_session(bela: Person, providers: Providers) -> None:
    """Book a session that costs nothing: it is confirmed at once."""
    researcher = booking_steps.find_free_researcher(bela)
    _, session = booking_steps.hold(bela, booking_steps.choose_slots(bela, researcher))
    booking_steps.expect_confirmed_at_once(bela, session)
    link = ending_steps.wait_for_link(bela, session)
    ending_steps.expect_confirmation(bela, providers, link=link, paid=False)
    ending_steps.cancel(bela, session, paid=False)


def _unpaid_hold(bela: Person, researcher: booking_steps.Json) -> bool:
    """Hold a slot and don't pay: it is free again by itself; False if that can't be waited for."""
    slot, session = booking_steps.hold(bela, booking_steps.choose_slots(bela, researcher))
    deadline = booking_steps.expect_held(session)
    return ending_steps.wait_for_expiry(bela, session, slot, deadline=deadline)
