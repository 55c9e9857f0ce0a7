"""What is promised about reviews, and about the record of what was sent."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import at_once, refused
from consulting.application.ports.records import Outcome
from consulting.application.ports.transactions import Transactions
from consulting.domain.errors import ReviewExists


class ReviewsContract(RecordsContract):
    """A session has at most one review."""

    def test_a_review_comes_back_as_it_was_kept_and_saved(self, transactions: Transactions, setting: Setting) -> None:
        review = sample.review(setting.confirmed(), comment=None)
        edited = review.edited(stars=1, comment="Ünïcödé 王 'quoted' %s", at=sample.after(hours=1))
        with transactions.begin() as tx:
            tx.reviews.add(review)
        with transactions.begin() as tx:
            assert tx.reviews.of_session(review.session_id) == review
            tx.reviews.save(edited)
        with transactions.begin() as tx:
            assert tx.reviews.of_session(review.session_id) == edited

    def test_a_session_without_a_review_has_none(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()
        with transactions.begin() as tx:
            assert tx.reviews.of_session(session.id) is None

    def test_a_second_review_of_a_session_is_refused(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()
        with transactions.begin() as tx:
            tx.reviews.add(sample.review(session, 1))
        with pytest.raises(ReviewExists), transactions.begin() as tx:
            tx.reviews.add(sample.review(session, 2, stars=1))
        with transactions.begin() as tx:
            assert tx.reviews.of_session(session.id) == sample.review(session, 1)

    def test_two_sessions_have_a_review_each(self, transactions: Transactions, setting: Setting) -> None:
        reviews = [sample.review(setting.confirmed(number), number) for number in (1, 2)]
        with transactions.begin() as tx:
            for review in reviews:
                tx.reviews.add(review)
        with transactions.begin() as tx:
            assert [tx.reviews.of_session(review.session_id) for review in reviews] == reviews

    def test_a_review_needs_its_session(self, transactions: Transactions, setting: Setting) -> None:
        session = sample.confirmed(setting.slot())
        with refused("a review of no session"), transactions.begin() as tx:
            tx.reviews.add(sample.review(session))

    def test_a_review_is_of_the_sessions_researcher(self, transactions: Transactions, setting: Setting) -> None:
        review = sample.review(setting.confirmed())
        other = replace(review, researcher_id=setting.researcher(2).id)
        with refused("a review of somebody else"), transactions.begin() as tx:
            tx.reviews.add(other)
        with transactions.begin() as tx:
            tx.reviews.add(review)

    def test_a_researchers_reviews_are_listed_the_newest_first_and_page_by_page(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        sessions = [setting.confirmed(number) for number in (1, 2, 3)]
        reviews = sorted((sample.review(each, number) for number, each in enumerate(sessions)), key=lambda one: one.id)
        other = setting.researcher(2)
        with transactions.begin() as tx:
            for review in reviews:
                tx.reviews.add(review)
        researcher = reviews[0].researcher_id
        with transactions.begin() as tx:
            first = tx.reviews.of_researcher(researcher, after=None, limit=2)
            second = tx.reviews.of_researcher(researcher, after=first[-1].review.id, limit=2)
            assert [each.review for each in (*first, *second)] == reviews[::-1]
            assert {each.client_name for each in first} == {sessions[0].client.name}
            assert tx.reviews.of_researcher(other.id, after=None, limit=2) == []

    def test_answers_and_what_is_hidden_come_back_and_hidden_reviews_are_not_listed(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        told = sample.review(setting.confirmed(1), 1).answered("Thank you, 王.", at=sample.after(hours=1))
        hidden = sample.review(setting.confirmed(2), 2).hide(because="It names someone.", at=sample.after(hours=2))
        with transactions.begin() as tx:
            tx.reviews.add(told)
            tx.reviews.add(hidden)
        with transactions.begin() as tx:
            assert [tx.reviews.get(each.id) for each in (told, hidden)] == [told, hidden]
            assert tx.reviews.of_session(hidden.session_id) == hidden
            assert tx.reviews.get(sample.identity("review", 9)) is None
            listed = tx.reviews.of_researcher(told.researcher_id, after=None, limit=9)
            assert [each.review for each in listed] == [told]
            tx.reviews.save(hidden.show())
        with transactions.begin() as tx:
            listed = tx.reviews.of_researcher(told.researcher_id, after=None, limit=9)
            assert [each.review for each in listed] == [hidden.show(), told]

    def test_an_unknown_review_cannot_be_saved(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()
        with refused("saving a review that was never added"), transactions.begin() as tx:
            tx.reviews.save(sample.review(session))


class NotificationsContract(RecordsContract):
    """What is told is recorded once."""

    def test_what_is_marked_is_recorded(self, transactions: Transactions, setting: Setting) -> None:
        notification = sample.notification(setting.confirmed())
        with transactions.begin() as tx:
            assert tx.notifications.mark(notification) is True
        with transactions.begin() as tx:
            assert list(tx.notifications.of_session(notification.session_id)) == [notification]

    def test_marking_again_says_no_and_changes_nothing(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()
        first = sample.notification(session)
        again = sample.notification(session, message_id="<other@example.org>", marked_at=sample.after(days=1))
        with transactions.begin() as tx:
            tx.notifications.mark(first)
        with transactions.begin() as tx:
            assert tx.notifications.mark(again) is False
            assert list(tx.notifications.of_session(session.id)) == [first]

    def test_marking_again_does_no_harm_to_the_rest_of_its_transaction(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed()
        with transactions.begin() as tx:
            tx.notifications.mark(sample.notification(session))
        with transactions.begin() as tx:
            tx.notifications.mark(sample.notification(session))
            tx.reviews.add(sample.review(session))
        with transactions.begin() as tx:
            assert tx.reviews.of_session(session.id) == sample.review(session)

    def test_kind_recipient_and_about_each_make_another_one(self, transactions: Transactions, setting: Setting) -> None:
        session, other = setting.confirmed(1), setting.confirmed(2)
        told = [
            sample.notification(session, 1),
            sample.notification(session, 1, kind="receipt"),
            sample.notification(session, 1, recipient="researcher"),
            sample.notification(session, 2),
            sample.notification(other, 1),
        ]
        with transactions.begin() as tx:
            assert [tx.notifications.mark(each) for each in told] == [True] * 5
            assert len(tx.notifications.of_session(session.id)) == 4

    def test_whether_it_is_marked_can_be_asked(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()
        told = sample.notification(session)
        with transactions.begin() as tx:
            tx.notifications.mark(told)
            asked = partial(tx.notifications.marked, session_id=session.id)
            assert asked(kind=told.kind, recipient=told.recipient, about=told.about)
            assert not asked(kind="another", recipient=told.recipient, about=told.about)
            assert not asked(kind=told.kind, recipient="another", about=told.about)
            assert not asked(kind=told.kind, recipient=told.recipient, about="another")

    def test_they_are_listed_the_oldest_first(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()
        with transactions.begin() as tx:
            for number in (3, 1, 2):
                tx.notifications.mark(sample.notification(session, number))
        with transactions.begin() as tx:
            listed = tx.notifications.of_session(session.id)
        assert list(listed) == [sample.notification(session, number) for number in (1, 2, 3)]

    def test_those_of_several_sessions_are_listed_together(self, transactions: Transactions, setting: Setting) -> None:
        sessions = [setting.confirmed(number) for number in (1, 2, 3)]
        told = [sample.notification(session, number) for number, session in enumerate(sessions, start=1)]
        with transactions.begin() as tx:
            for each in reversed(told):
                tx.notifications.mark(each)
        with transactions.begin() as tx:
            assert list(tx.notifications.of_sessions([sessions[1].id, sessions[0].id])) == told[:2]
            assert list(tx.notifications.of_sessions([])) == []

    def test_what_became_of_a_mail_is_kept_and_nothing_else_of_it_changes(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed()
        sending = sample.notification(session, outcome=Outcome.SENDING)
        failed = replace(sending, outcome=Outcome.FAILED, reason="MailUnavailable()")
        with transactions.begin() as tx:
            tx.notifications.mark(sending)
            tx.notifications.mark(sample.notification(session, 2))
        with transactions.begin() as tx:
            tx.notifications.conclude(replace(failed, message_id="<other@example.org>", marked_at=sample.after(days=1)))
        with transactions.begin() as tx:
            assert list(tx.notifications.of_session(session.id)) == [failed, sample.notification(session, 2)]

    def test_what_waits_to_be_tried_again_can_be_marked_again_once(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed()
        sending = sample.notification(session, outcome=Outcome.SENDING)
        again = replace(sending, marked_at=sample.after(hours=1))
        with transactions.begin() as tx:
            tx.notifications.mark(sending)
            tx.notifications.conclude(replace(sending, outcome=Outcome.WAITING, reason="450"))
        with transactions.begin() as tx:
            assert tx.notifications.mark(again) is True
            assert tx.notifications.mark(replace(again, marked_at=sample.after(hours=2))) is False
        with transactions.begin() as tx:
            assert list(tx.notifications.of_session(session.id)) == [again]

    def test_what_became_of_a_mail_that_is_not_recorded_is_not_kept(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed()
        with transactions.begin() as tx:
            tx.notifications.conclude(sample.notification(session))
        with transactions.begin() as tx:
            assert list(tx.notifications.of_session(session.id)) == []

    def test_of_several_who_mark_at_once_one_is_told_yes(self, transactions: Transactions, setting: Setting) -> None:
        notification = sample.notification(setting.confirmed())

        def mark() -> bool:
            with transactions.begin() as tx:
                return tx.notifications.mark(notification)

        outcomes = at_once(*[mark] * 4)
        assert [outcome.raised for outcome in outcomes] == [None] * 4
        assert sorted(outcome.result is True for outcome in outcomes) == [False, False, False, True]
