"""Every family of a researcher's routes, and the directory, played once through HTTP on PostgreSQL.

The stories are those that are told over memory; each begins with an empty database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.http.test_over_postgres import on_database
from tests.unit.entrypoints.http import (
    test_admin,
    test_calendars_of_slots,
    test_finding,
    test_own_bookings,
    test_own_calendar,
    test_own_profile,
    test_reviewing,
)
from tests.unit.entrypoints.http.frontend import Frontend, opened

WITH_CURIE: dict[str, Callable[..., Any]] = {
    "profile": test_own_profile.test_what_researchers_say_about_themselves_is_kept_and_shown,
    "profile: rate and policy": test_own_profile.test_a_new_rate_or_policy_leaves_sessions_and_holds_as_they_are,
    "profile: zone": test_own_profile.test_a_new_zone_moves_the_hours_with_it,
    "slots of a change": test_own_calendar.test_a_change_says_what_it_did_to_the_slots,
    "blocks over sessions": test_own_calendar.test_time_off_over_a_session_names_it_or_cancels_it_in_full,
    "explanation": test_own_calendar.test_every_reason_against_a_time_is_named,
    "bookings": test_own_bookings.test_bookings_are_listed_by_time_client_and_state,
    "one booking": test_own_bookings.test_one_booking_shows_the_client_their_questions_and_the_paper,
    "no-show": test_own_bookings.test_a_no_show_is_noted_from_the_start_on,
    "next slots": test_calendars_of_slots.test_the_next_slots_are_the_soonest_that_can_be_booked,
    "slots by day": test_calendars_of_slots.test_slots_are_grouped_by_local_day_and_empty_days_are_there_too,
    **{
        f"{kind}: kept": partial(test_own_calendar.test_a_rule_is_added_shown_changed_and_taken_back, kind=kind)
        for kind in test_own_calendar.NEW
    },
}
ALONE: dict[str, Callable[[Frontend], Any]] = {
    "admin: add": test_admin.test_an_added_researcher_is_found_by_everybody_and_stands_in_the_trail,
    "admin: link": test_admin.test_an_account_belongs_to_one_researcher,
    "admin: deactivate": test_admin.test_a_deactivated_researcher_vanishes_keeps_sessions_and_comes_back_with_hours,
    "admin: list": test_admin.test_all_researchers_are_listed_page_by_page,
}
OF_THREE: dict[str, Callable[[Frontend], Any]] = {
    "orders": test_finding.test_researchers_are_listed_in_the_order_asked_for,
    "order of the next slot": test_finding.test_researchers_are_listed_by_the_next_slot_that_could_be_booked,
    "nobody's slot": test_finding.test_whoever_has_no_slot_comes_last_in_the_order_of_the_next_slot,
    "filters": test_finding.test_researchers_are_filtered_by_lowest_rate_affiliation_and_free_time,
    "search": test_finding.test_a_search_takes_the_filters_and_orders_of_the_list,
    "cursors": test_finding.test_a_cursor_goes_on_with_the_list_that_gave_it_and_no_other,
    "cursors of a search": test_finding.test_a_cursor_of_a_search_goes_on_with_the_same_order_and_filters_only,
}


@pytest.fixture
def frontend(database_url: str) -> Iterator[Frontend]:
    with on_database(database_url) as market, opened(market=market) as front:
        yield front


@pytest.mark.parametrize("story", WITH_CURIE)
def test_a_researchers_routes_do_the_same_on_postgres(frontend: Frontend, story: str) -> None:
    WITH_CURIE[story](frontend, frontend.researcher("curie"))


@pytest.mark.parametrize("story", ALONE)
def test_what_admins_do_with_researchers_is_the_same_on_postgres(frontend: Frontend, story: str) -> None:
    ALONE[story](frontend)


@pytest.mark.parametrize("story", OF_THREE)
def test_the_directory_is_the_same_on_postgres(frontend: Frontend, story: str) -> None:
    for name in ("bohr", "curie", "noether"):
        frontend.researcher(name)
    OF_THREE[story](frontend)


def test_reviews_are_the_same_on_postgres(frontend: Frontend) -> None:
    curie = frontend.researcher("curie")
    session = frontend.paid(frontend.held(curie))
    frontend.market.clock.advance(timedelta(hours=21))

    test_reviewing.test_a_client_reviews_an_ended_session_and_the_rating_counts_it(frontend, curie, session)


@pytest.mark.parametrize("kind", ["pattern", "override", "block"])
def test_a_preview_answers_as_the_change_and_keeps_nothing(frontend: Frontend, kind: str) -> None:
    curie, new, path = frontend.researcher("curie"), test_own_calendar.NEW[f"{kind}s"], test_own_calendar.RULES
    before = frontend.slots(curie), frontend.get(f"{path}/{kind}s", by="researcher-curie").json()

    tried = frontend.post(f"{path}/preview", {kind: new}, by="researcher-curie")
    after = frontend.slots(curie), frontend.get(f"{path}/{kind}s", by="researcher-curie").json()
    done = frontend.post(f"{path}/{kind}s", new, by="researcher-curie").json()

    assert tried.status_code == 200
    assert tried.json() | {"id": done["id"]} == done
    assert after == before
