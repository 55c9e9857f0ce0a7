"""The guards that must not go unnoticed when they are missing, and the tests that miss them."""

from __future__ import annotations

from typing import Final

from tests.mutations.diary_guards import DIARY_GUARDS
from tests.mutations.trial import Mutation

_ADAPTER = "src/consulting/adapters/postgres"
_FOR_SLOTS = "tests/integration/races/test_races_for_slots.py"
_OF_CALENDARS = "tests/integration/races/test_races_of_calendars.py"
_OF_BUSY_CALENDARS = "tests/integration/races/test_races_of_busy_calendars.py"
_DOMAIN = "tests/unit/domain"
_STORAGE = "tests/integration/postgres/test_storage_contract.py::TestPostgresStorage"
_PROFILES = "tests/integration/postgres/test_profiles_at_once.py"
_READINGS = "tests/integration/postgres/test_readings.py"
_KEPT = "tests/integration/http/test_kept_answers.py"
_REPEATED = "tests/integration/http/test_repeated_writes.py"

GUARDS: Final = (
    Mutation(
        guard="the lock on the slot that is booked",
        file=f"{_ADAPTER}/time_slots.py",
        before="select(time_slots.c.id).where(time_slots.c.id == _ID).with_for_update(key_share=True)",
        after="select(time_slots.c.id).where(time_slots.c.id == _ID)",
        tests=(f"{_STORAGE}::test_whoever_locks_a_slot_for_another_client_waits_and_then_sees_the_new_claim",),
    ),
    Mutation(
        guard="the look at whether a list of slots is as it was",
        file=f"{_ADAPTER}/readings.py",
        before="if made is None or digests != link.one(self.check, **asked):",
        after="if made is None:",
        tests=(f"{_READINGS}::test_after_each_change_the_slots_are_those_of_a_storage_that_remembers_nothing",),
    ),
    Mutation(
        guard="the look at whether time alone has changed a list of slots",
        file="src/consulting/application/showing.py",
        before="return self.at <= at < self.until",
        after="return True",
        tests=(f"{_KEPT}::test_a_hold_is_seen_at_once_and_free_at_its_deadline",),
    ),
    Mutation(
        guard="the look at whose sessions a caller may know of",
        file="src/consulting/application/showing.py",
        before="if caller is not None and _concerned(caller, offers):",
        after="if caller is not None and not offers.kept:",
        tests=(f"{_KEPT}::test_a_kept_answer_tells_nobody_of_a_session_that_they_may_not_know_of",),
    ),
    Mutation(
        guard="the lock on the slots in a time that is blocked",
        file=f"{_ADAPTER}/time_slots.py",
        before=".where(*_OVERLAPPING).order_by(time_slots.c.id).with_for_update(key_share=True)",
        after=".where(*_OVERLAPPING).order_by(time_slots.c.id)",
        tests=(f"{_OF_CALENDARS}::test_a_block_of_several_slots_stands_only_if_none_of_them_is_booked",),
    ),
    Mutation(
        guard="the lock on the slots in the time of a one-off slot",
        file="src/consulting/application/availability.py",
        before="lock_published(researcher_id=calendar.researcher.id, overlapping=rule.period)",
        after="starting(researcher_id=calendar.researcher.id, during=rule.period)",
        tests=(f"{_OF_CALENDARS}::test_a_one_off_slot_is_either_booked_and_stays_or_moved_and_can_not_be_booked",),
    ),
    Mutation(
        guard="the lock on a researcher's calendar",
        file=f"{_ADAPTER}/researchers.py",
        before="LOCK = prepare(_ONE.with_for_update(key_share=True))",
        after="LOCK = prepare(_ONE)",
        tests=(
            f"{_OF_CALENDARS}::test_a_top_up_that_comes_while_hours_change_waits_and_leaves_the_new_ones",
            f"{_OF_BUSY_CALENDARS}::test_while_many_calendars_change_nobody_is_in_two_places_and_offered_stays_bookable",
        ),
    ),
    Mutation(
        guard="the lock on a client's bookings",
        file=f"{_ADAPTER}/session_statements.py",
        before='func.pg_advisory_xact_lock(BOOKINGS_OF_A_CLIENT, bindparam("number", type_=Integer))',
        after='bindparam("number", type_=Integer)',
        tests=(
            f"{_FOR_SLOTS}::test_nobody_holds_more_than_allowed_however_quick_they_are",
            f"{_FOR_SLOTS}::test_nobody_has_more_free_sessions_to_come_than_allowed_however_quick_they_are",
        ),
    ),
    Mutation(
        guard="the constraint that no two sessions of a researcher overlap",
        file=f"{_ADAPTER}/migrations/versions/0002_sessions_and_money.py",
        before="EXCLUDE USING gist (researcher_id WITH =, tstzrange(start_time, end_time) WITH &&)"
        " WHERE (status <> 'canceled')",
        after="EXCLUDE USING gist (researcher_id WITH =, tstzrange(start_time, end_time) WITH &&) WHERE (false)",
        tests=(f"{_FOR_SLOTS}::test_where_slots_overlap_by_a_fault_elsewhere_sessions_still_do_not",),
    ),
    Mutation(
        guard="the end of an expired hold when a slot is read",
        file="src/consulting/domain/time_slots.py",
        before="return self.expires_at is None or at < self.expires_at",
        after="return True",
        tests=(
            f"{_DOMAIN}/test_time_slots.py::test_a_hold_is_free_for_everybody_at_its_deadline",
            f"{_FOR_SLOTS}::test_an_expired_hold_goes_to_exactly_one_whether_or_not_it_has_been_swept",
        ),
    ),
    Mutation(
        guard="the precedence of one-off slots over hours",
        file="src/consulting/domain/offering.py",
        before="return not isinstance(self.rule, OneOffSlot), self.stretches[0].start",
        after="return False, self.stretches[0].start",
        tests=(
            f"{_DOMAIN}/test_offering.py::test_hours_give_way_to_a_one_off_slot_that_starts_later",
            f"{_DOMAIN}/test_one_offs.py::test_one_stands_whatever_hours_are_set_later",
        ),
    ),
    Mutation(
        guard="the look at sessions before a one-off slot is set",
        file="src/consulting/domain/one_offs.py",
        before="if givers or booked:",
        after="if givers:",
        tests=(f"{_DOMAIN}/test_one_offs.py::test_what_is_booked_is_named_until_its_hold_has_expired",),
    ),
    Mutation(
        guard="the count of researchers by field that leaves out whoever isn't active",
        file=f"{_ADAPTER}/migrations/versions/0019_expertise_in_use.py",
        before="WHERE {table}.active AND told.topic <> ''",
        after="WHERE told.topic <> ''",
        tests=("tests/integration/postgres/test_expertise.py::test_what_others_write_into_the_table_counts_too",),
    ),
    Mutation(
        guard="the comparison of what was charged with the price",
        file="src/consulting/domain/payments.py",
        before="return intent.session_id == self.session_id and intent.amount == charged == self.price",
        after="return intent.session_id == self.session_id",
        tests=(f"{_DOMAIN}/test_settlement.py::test_a_payment_that_differs_never_confirms_and_goes_back",),
    ),
    Mutation(
        guard="the first occurrence of a repeated hour as the beginning of hours",
        file="src/consulting/domain/local_time.py",
        before="before = _offset(opening.replace(tzinfo=tz, fold=0))",
        after="before = _offset(opening.replace(tzinfo=tz, fold=1))",
        tests=(f"{_DOMAIN}/test_local_time.py::test_a_repeated_hour_is_two_hours",),
    ),
    Mutation(
        guard="the second occurrence of a repeated hour as the end of hours",
        file="src/consulting/domain/local_time.py",
        before="after = _offset(closing.replace(tzinfo=tz, fold=1))",
        after="after = _offset(closing.replace(tzinfo=tz, fold=0))",
        tests=(
            f"{_DOMAIN}/test_local_time.py::test_hours_that_the_clock_leaves_by_going_back_pause_until_it_reads_them_again",
        ),
    ),
    Mutation(
        guard="the commit of an answer together with its work",
        file=f"{_ADAPTER}/retries.py",
        before="        link.commit((KEEP, {**_names(request)",
        after="        link.commit()\n        link.commit((KEEP, {**_names(request)",
        tests=(f"{_REPEATED}::test_the_record_commits_with_the_work",),
    ),
    Mutation(
        guard="the turn of those who send the same request",
        file=f"{_ADAPTER}/retries.py",
        before='_TURN = func.pg_try_advisory_xact_lock(bindparam("turn", type_=BigInteger))',
        after='_TURN = bindparam("turn", type_=BigInteger) == bindparam("turn", type_=BigInteger)',
        tests=(f"{_REPEATED}::test_a_repeated_request_does_not_wait_for_the_first_one",),
    ),
    Mutation(
        guard="the look for an answer to a request that is presumed to be new",
        file=f"{_ADAPTER}/retries.py",
        before=' {"turn": turn_of(request)}), (REFUSE_KNOWN, _names(request))',
        after=' {"turn": turn_of(request)}),',
        tests=(f"{_REPEATED}::test_the_first_answer_comes_again_and_no_secret_lies_in_the_table",),
    ),
    Mutation(
        guard="the look whether a rule is over before it makes room for another",
        file="src/consulting/domain/availability.py",
        before="if (end := over_from(each)) is not None and end <= at]",
        after="if (end := over_from(each)) is not None]",
        tests=(f"{_DOMAIN}/test_availability.py::test_only_what_is_over_makes_room_for_a_new_rule",),
    ),
    Mutation(
        guard="the end of a transaction as the moment in which a profile is saved",
        file="src/consulting/application/profiles.py",
        before="publication = self.calendars.publish(calendar)\n",
        after="calendar.tx.researchers.save(now); publication = self.calendars.publish(calendar)\n",
        tests=(f"{_PROFILES}::test_who_waits_for_their_own_slots_keeps_no_other_waiting",),
    ),
    Mutation(
        guard="the secrecy of the collector's address",
        file="src/consulting/entrypoints/settings_variables.py",
        before='        default="",\n        secret=True,\n        meaning="where a collector takes traces',
        after='        default="",\n        meaning="where a collector takes traces',
        tests=(
            "tests/unit/entrypoints/test_settings.py::test_a_collectors_address_that_will_not_do_is_not_shown_either",
        ),
    ),
    *DIARY_GUARDS,
)
