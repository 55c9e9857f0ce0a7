"""The guards of a researcher's calendar, bookings and reviews, and of a client's move to another slot."""

from __future__ import annotations

from typing import Final

from tests.mutations.trial import Mutation

_APPLICATION, _DOMAIN = "src/consulting/application", "src/consulting/domain"
_RULES, _HTTP = "tests/unit/domain", "tests/unit/entrypoints/http"
_DUTIES = f"{_HTTP}/test_review_duties.py"
_REVIEWS, _REVIEWING = f"{_RULES}/test_reviews.py", f"{_HTTP}/test_reviewing.py"
_BOOKINGS, _MOVES = f"{_HTTP}/test_own_bookings.py", f"{_HTTP}/test_rescheduling.py"
_PUBLISHED = "tests/unit/application/test_publishing.py"
_ONE_REVIEW = "test_a_second_review_of_a_session_is_refused"
_OVER_POSTGRES = "tests/integration/postgres/test_storage_contract.py::TestPostgresStorage"
_OF_REVIEWS = "tests/integration/postgres/test_reviewing.py"
_IN_MEMORY = "tests/unit/adapters/memory/test_memory_storage.py::TestMemoryStorage"
_BUSY = "tests/integration/races/test_races_of_busy_calendars.py"
_EDITS_WHILE_BOOKED = "test_while_many_calendars_change_nobody_is_in_two_places_and_offered_stays_bookable"
_CALENDAR, _PROFILE = f"{_HTTP}/test_own_calendar.py", f"{_HTTP}/test_own_profile.py"

_REVIEW_GUARDS: Final = (
    Mutation(
        guard="the sixty days within which a review is written",
        file=f"{_DOMAIN}/reviews.py",
        before=" and over <= WRITE_WITHIN",
        after="",
        tests=(
            f"{_REVIEWS}::test_the_client_of_a_completed_session_reviews_it_within_60_days",
            f"{_REVIEWING}::test_after_sixty_days_it_is_too_late",
        ),
    ),
    Mutation(
        guard="the 48 hours within which a review is changed",
        file=f"{_DOMAIN}/reviews.py",
        before="if at - self.created_at > EDIT_WITHIN:",
        after="if at < self.created_at:",
        tests=(
            f"{_REVIEWS}::test_a_review_can_be_changed_for_48_hours",
            f"{_REVIEWING}::test_a_review_can_be_changed_for_two_days_and_the_rating_follows",
        ),
    ),
    Mutation(
        guard="the refusal to review what was given back in full",
        file=f"{_DOMAIN}/reviews.py",
        before="if not allowed or fully_refunded or seen.no_show:",
        after="if not allowed or seen.no_show:",
        tests=(f"{_REVIEWS}::test_a_partly_refunded_session_is_reviewed_a_fully_refunded_one_not",),
    ),
    Mutation(
        guard="the refusal to review a session to which one did not come",
        file=f"{_DOMAIN}/reviews.py",
        before="if not allowed or fully_refunded or seen.no_show:",
        after="if not allowed or fully_refunded:",
        tests=(
            f"{_REVIEWS}::test_a_no_show_is_not_reviewed",
            f"{_REVIEWING}::test_whoever_canceled_or_did_not_come_has_nothing_to_review",
        ),
    ),
    Mutation(
        guard="the one review of a session in the database",
        file="src/consulting/adapters/postgres/migrations/versions/0002_sessions_and_money.py",
        before="    CONSTRAINT reviews_one_a_session UNIQUE (session_id),\n",
        after="",
        tests=(f"{_OVER_POSTGRES}::{_ONE_REVIEW}",),
    ),
    Mutation(
        guard="the one review of a session in the memory adapter",
        file="src/consulting/adapters/memory/reviews.py",
        before="if self.of_session(review.session_id) is not None:",
        after="if review.id in self._kept.reviews:",
        tests=(f"{_IN_MEMORY}::{_ONE_REVIEW}",),
    ),
    Mutation(
        guard="the count of a new review in the rating",
        file=f"{_APPLICATION}/reviewing.py",
        before="            _rate(tx, locked, locked.offer.researcher.rating.plus(stars=stars))\n",
        after="",
        tests=(f"{_REVIEWING}::test_a_client_reviews_an_ended_session_and_the_rating_counts_it",),
    ),
    Mutation(
        guard="the count of a changed review in the rating",
        file=f"{_APPLICATION}/reviewing.py",
        before="            _rate(tx, locked, locked.offer.researcher.rating.changed(before=before.stars, now=now))\n",
        after="",
        tests=(f"{_REVIEWING}::test_a_review_can_be_changed_for_two_days_and_the_rating_follows",),
    ),
    Mutation(
        guard="the rating without what is hidden",
        file=f"{_APPLICATION}/hiding.py",
        before="    tx.researchers.save(_counting(researcher, after))\n",
        after="",
        tests=(f"{_DUTIES}::test_a_hidden_review_is_seen_by_its_client_alone_and_counts_no_more",),
    ),
    Mutation(
        guard="the rating without what is changed of a hidden review",
        file=f"{_APPLICATION}/reviewing.py",
        before="if not edited.hidden:",
        after="if True:",
        tests=(f"{_DUTIES}::test_what_a_client_changes_of_a_hidden_review_counts_when_it_is_shown_again",),
    ),
    Mutation(
        guard="that hidden reviews are in nobody's list",
        file="src/consulting/adapters/postgres/reviews.py",
        before=", reviews.c.hidden_at.is_(None))",
        after=")",
        tests=(f"{_OVER_POSTGRES}::test_answers_and_what_is_hidden_come_back_and_hidden_reviews_are_not_listed",),
    ),
    Mutation(
        guard="the lock on a session while others change its review",
        file=f"{_APPLICATION}/reviewing.py",
        before="    tx.sessions.lock(seen.session_id)\n",
        after="",
        tests=(f"{_OF_REVIEWS}::test_whoever_changes_a_review_while_its_client_is_erased_brings_nothing_back",),
    ),
    Mutation(
        guard="the one answer to a review",
        file=f"{_DOMAIN}/reviews.py",
        before="if self.answer is not None:",
        after="if self.answer == answer:",
        tests=(f"{_DUTIES}::test_a_researcher_answers_a_review_once_for_everybody_to_read",),
    ),
    Mutation(
        guard="the rest of a client's name, which nobody else is told",
        file=f"{_APPLICATION}/ports/reviews.py",
        before='first = next(iter((self.client_name or "").split()), None)',
        after="first = self.client_name",
        tests=(f"{_REVIEWING}::test_reviews_are_shown_to_everybody_the_newest_first_and_by_first_name_only",),
    ),
)

_CALENDAR_GUARDS: Final = (
    Mutation(
        guard="the refusal of time off over what is booked",
        file=f"{_APPLICATION}/availability.py",
        before="raise TimeIsBooked(sessions=[str(each) for each in booked])",
        after="return",
        tests=(
            f"{_CALENDAR}::test_time_off_over_a_session_names_it_or_cancels_it_in_full",
            f"{_PUBLISHED}::test_a_block_over_what_is_past_cancels_only_what_is_still_to_come",
        ),
    ),
    Mutation(
        guard="that sessions in the way of time off are canceled for the researcher, with all of the money",
        file=f"{_APPLICATION}/availability.py",
        before="by=CanceledBy.RESEARCHER,",
        after="by=CanceledBy.CLIENT,",
        tests=(f"{_CALENDAR}::test_time_off_over_a_session_names_it_or_cancels_it_in_full",),
    ),
    Mutation(
        guard="that a hold whose time is over is in nobody's way",
        file=f"{_APPLICATION}/availability.py",
        before="claim.stands(at=calendar.at) and claim.period.end > calendar.at",
        after="claim.period.end > calendar.at",
        tests=(f"{_PUBLISHED}::test_time_off_is_taken_over_a_hold_whose_time_is_over",),
    ),
    Mutation(
        guard="that a preview keeps nothing",
        file=f"{_APPLICATION}/availability.py",
        before="_end(trying=trying)",
        after="_end(trying=False)",
        tests=(
            f"{_CALENDAR}::test_a_preview_answers_as_the_change_and_keeps_nothing",
            f"{_CALENDAR}::test_taking_back_and_replacing_are_previewed_too",
        ),
    ),
    Mutation(
        guard="the slots of sessions, which no new hours take away",
        file=f"{_APPLICATION}/publishing.py",
        before="standing = [replace(slot, booked=slot.id in booked) for slot in published]",
        after="standing = [replace(slot, booked=False) for slot in published]",
        tests=(
            f"{_CALENDAR}::test_a_change_says_what_it_did_to_the_slots",
            f"{_BUSY}::{_EDITS_WHILE_BOOKED}",
        ),
    ),
    Mutation(
        guard="what was agreed when a session was booked, whatever the researcher costs now",
        file=f"{_APPLICATION}/profiles.py",
        before="            _follow(calendar, now)\n",
        after="            _follow(calendar, now)\n"
        "            from consulting.domain.period import Period\n"
        "            ahead = Period(calendar.at, calendar.at + self.calendars.ahead)\n"
        "            for each in calendar.tx.sessions.of_researcher(now.id, overlapping=ahead):\n"
        "                calendar.tx.sessions.save(replace(each, policy=now.policy))\n",
        tests=(f"{_PROFILE}::test_a_new_rate_or_policy_leaves_sessions_and_holds_as_they_are",),
    ),
    Mutation(
        guard="that hours elsewhere do not follow the profile's zone",
        file=f"{_DOMAIN}/profiles.py",
        before="timezone = now.timezone if rule.timezone == before.timezone else rule.timezone",
        after="timezone = now.timezone",
        tests=(f"{_PROFILE}::test_a_new_zone_moves_the_hours_with_it",),
    ),
)

_BOOKING_GUARDS: Final = (
    Mutation(
        guard="that bookings are their own researcher's alone",
        file=f"{_APPLICATION}/bookings.py",
        before="if session is None or session.researcher_id != researcher.id:",
        after="if session is None:",
        tests=(f"{_BOOKINGS}::test_another_researchers_booking_does_not_exist",),
    ),
    Mutation(
        guard="the researcher's notes, which no client reads",
        file=f"{_APPLICATION}/bookings.py",
        before="            tx.sessions.keep_notes(id, notes)\n",
        after="            tx.sessions.keep_notes(id, notes)\n"
        "            from dataclasses import replace\n"
        "            tx.sessions.save(replace(session, questions=notes))\n",
        tests=(f"{_BOOKINGS}::test_notes_are_the_researchers_alone",),
    ),
    Mutation(
        guard="that called-off time is offered again only where it is to be",
        file=f"{_APPLICATION}/cancellation.py",
        before="if not reopen_slot:",
        after="if False:",
        tests=(f"{_BOOKINGS}::test_a_canceled_slot_is_offered_again_only_if_reopened",),
    ),
    Mutation(
        guard="all of the money, whatever the policy says, where the researcher cancels",
        file=f"{_DOMAIN}/sessions.py",
        before="        if by is not CanceledBy.CLIENT:\n            return self.price\n",
        after="",
        tests=(f"{_BOOKINGS}::test_a_researcher_cancels_with_everything_given_back_whatever_the_policy",),
    ),
    Mutation(
        guard="that nobody is missed before the start",
        file=f"{_DOMAIN}/sessions.py",
        before="        if at < session.period.start:\n            raise NotStartedYet\n",
        after="",
        tests=(f"{_BOOKINGS}::test_a_no_show_is_noted_from_the_start_on",),
    ),
)

_MOVE_GUARDS: Final = (
    Mutation(
        guard="the old slot, which a moved session gives up",
        file=f"{_DOMAIN}/sessions.py",
        before="            time_slot_id=time_slot_id,\n            period=period,\n            sequence=",
        after="            period=period,\n            sequence=",
        tests=(f"{_MOVES}::test_a_client_moves_a_paid_session_to_another_slot",),
    ),
    Mutation(
        guard="the publication of what the hours give where a moved session was",
        file=f"{_APPLICATION}/rescheduling.py",
        before="                release(tx, session, ids=self.ids, at=now)\n",
        after="",
        tests=(f"{_PUBLISHED}::test_where_a_session_was_moved_away_the_hours_give_what_they_give_now",),
    ),
    Mutation(
        guard="the judgement of the slot that a session moves to",
        file=f"{_APPLICATION}/rescheduling.py",
        before="if obstacle(slot=target.slot, terms=terms(target), claims=claims, at=at) is not None:",
        after="if claims:",
        tests=(f"{_MOVES}::test_a_slot_that_could_not_be_booked_is_no_place_to_go",),
    ),
    Mutation(
        guard="the equal price of the slot that a session moves to",
        file=f"{_DOMAIN}/sessions.py",
        before="if researcher_id != session.researcher_id or period.duration != session.period.duration:",
        after="if researcher_id != session.researcher_id:",
        tests=(f"{_RULES}/test_sessions.py::test_another_researcher_or_length_has_another_price",),
    ),
    Mutation(
        guard="that a session moves only while all of the price would be given back",
        file=f"{_DOMAIN}/sessions.py",
        before="if at >= session.period.start or session.policy.percent(start=session.period.start, at=at) < 100:",
        after="if at >= session.period.start:",
        tests=(f"{_MOVES}::test_once_a_part_of_the_price_would_be_kept_it_is_too_late",),
    ),
)

DIARY_GUARDS: Final = (*_REVIEW_GUARDS, *_CALENDAR_GUARDS, *_BOOKING_GUARDS, *_MOVE_GUARDS)
