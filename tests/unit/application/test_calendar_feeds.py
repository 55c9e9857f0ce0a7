from __future__ import annotations

import re
from datetime import timedelta

import icalendar
import pytest

from consulting.application.callers import Caller
from consulting.domain.errors import CalendarNotFound
from consulting.domain.sessions import Session
from tests.unit.application.marketplace import account_of
from tests.unit.application.scene import ADA, BEA, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def read(written: bytes) -> dict[str, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(written)
    assert isinstance(calendar, icalendar.Calendar)
    assert str(calendar["METHOD"]) == "PUBLISH"
    events = [each for each in calendar.walk("VEVENT") if isinstance(each, icalendar.Event)]
    return {str(each["UID"]).partition("@")[0]: each for each in events}


def feed_of(scene: Scene, caller: Caller) -> dict[str, icalendar.Event]:
    return read(scene.market.feed(scene.market.subscribe(caller=caller)))


def canceled(scene: Scene) -> Session:
    session = scene.confirmed()
    return scene.market.cancel(session.id, caller=ADA).session


def test_a_token_is_secret_enough_and_kept_only_as_a_digest(scene: Scene) -> None:
    tokens = {scene.market.subscribe(caller=caller) for caller in (ADA, BEA)}

    assert len(tokens) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)
    assert not any(token in repr(scene.market.transactions.snapshot()) for token in tokens)


def test_a_new_token_ends_the_subscription_to_the_former(scene: Scene) -> None:
    former = scene.market.subscribe(caller=ADA)
    token = scene.market.subscribe(caller=ADA)

    assert scene.market.feed(token)
    with pytest.raises(CalendarNotFound):
        scene.market.feed(former)


def test_a_revoked_token_opens_nothing_and_leaves_others_alone(scene: Scene) -> None:
    token, other = (scene.market.subscribe(caller=caller) for caller in (ADA, BEA))
    for _ in range(2):
        scene.market.unsubscribe(caller=ADA)

    assert scene.market.feed(other)
    with pytest.raises(CalendarNotFound):
        scene.market.feed(token)


@pytest.mark.parametrize("token", ["", "junk", "\x00", "é" * 100, "a" * 10_000])
def test_an_unknown_token_opens_nothing(scene: Scene, token: str) -> None:
    scene.market.subscribe(caller=ADA)

    with pytest.raises(CalendarNotFound):
        scene.market.feed(token)


def test_it_shows_what_was_confirmed_and_says_what_was_canceled(scene: Scene) -> None:
    stands, gone = scene.confirmed(), canceled(scene)
    scene.held()

    shown = {uid: str(event["STATUS"]) for uid, event in feed_of(scene, ADA).items()}

    assert shown == {str(stands.id): "CONFIRMED", str(gone.id): "CANCELLED"}


def test_each_of_the_two_sees_their_own_sessions_and_the_other_person(scene: Scene) -> None:
    with_lise, with_emmy, beas = scene.confirmed(), scene.free(), scene.confirmed(by=BEA)

    ada, bea = feed_of(scene, ADA), feed_of(scene, BEA)
    lise, emmy = (feed_of(scene, account_of(each)) for each in (scene.lise, scene.emmy))

    assert set(ada) == {str(with_lise.id), str(with_emmy.id)}
    assert set(bea) == {str(beas.id)}
    assert set(lise) == {str(with_lise.id), str(beas.id)}
    assert set(emmy) == {str(with_emmy.id)}
    assert str(ada[str(with_lise.id)]["SUMMARY"]) == "Consultation with Lise"
    assert str(lise[str(with_lise.id)]["SUMMARY"]) == "Consultation with Ada"


def test_somebody_who_is_both_sees_what_they_give_and_what_they_take(scene: Scene) -> None:
    lise = account_of(scene.lise)
    given, taken = scene.confirmed(), scene.free(by=lise)

    shown = {uid: str(event["SUMMARY"]) for uid, event in feed_of(scene, lise).items()}

    assert shown == {str(given.id): "Consultation with Ada", str(taken.id): "Consultation with Emmy"}


def test_what_has_been_stays_for_three_months(scene: Scene) -> None:
    session = scene.confirmed()
    token = scene.market.subscribe(caller=ADA)

    scene.market.clock.set(session.period.start + timedelta(days=90))
    assert set(read(scene.market.feed(token))) == {str(session.id)}
    scene.market.clock.advance(timedelta(seconds=1))
    assert read(scene.market.feed(token)) == {}


def test_the_feed_and_the_mails_speak_of_the_same_entry(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.work()
    (mailed,) = (
        icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")[0]
        for mail in scene.market.mailer.delivered
        if mail.to_address == ADA.email and mail.calendar
    )
    shown = feed_of(scene, ADA)[str(session.id)]

    for name in ("UID", "SEQUENCE", "SUMMARY", "LOCATION"):
        assert str(shown[name]) == str(mailed[name])


def test_the_same_sessions_give_the_same_feed(scene: Scene) -> None:
    scene.confirmed()
    token = scene.market.subscribe(caller=ADA)
    before = scene.market.feed(token)
    scene.market.clock.advance(timedelta(minutes=1))

    assert scene.market.feed(token) == before
