"""What the payment provider tells us by itself: kept first, settled by the worker."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from consulting.application.errands import LEASE, told
from consulting.application.patience import MOST_TRIES, backoff
from consulting.application.payments import SettlePayment
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.inbox import InboxEntry
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.transactions import Transactions
from consulting.application.refunds import CarryOutRefund

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceiveProviderEvent:
    """Take in a signed message of the payment provider.

    - Signature and age are checked on the raw bytes; a message is kept once, however often it comes.
    - It is answered as soon as it is kept; what it is about is settled by the worker.
    """

    transactions: Transactions
    gateway: PaymentGateway
    clock: Clock
    ids: Identities

    def __call__(self, *, body: bytes, headers: Mapping[str, str]) -> bool:
        """Keep the message; False if it was known. Raises WebhookSignatureInvalid."""
        event = self.gateway.read_event(body=body, headers=headers)
        with self.transactions.begin() as tx:
            return tx.inbox.receive(event, id=self.ids.new(), at=self.clock.now())


@dataclass(frozen=True, slots=True)
class SettleProviderEvents:
    """Settle kept messages: each is a hint where to look, the truth is asked of the provider.

    - A message about an intent or refund that isn't ours is done with at once.
    """

    transactions: Transactions
    gateway: PaymentGateway
    settle: SettlePayment
    carry_out: CarryOutRefund
    clock: Clock
    worker: str
    random: Random

    def __call__(self, *, limit: int) -> int:
        """Lease up to `limit` messages, settle them, and say how many were leased."""
        with self.transactions.begin() as tx:
            entries = tx.inbox.lease(worker=self.worker, limit=limit, lease=LEASE, at=self.clock.now())
        for entry in entries:
            self._run(entry)
        return len(entries)

    def _run(self, entry: InboxEntry) -> None:
        try:
            self._settle(entry)
        except Exception as failure:  # noqa: BLE001 -- whatever one message raises, the others go on
            self._failed(entry, failure)
        else:
            with self.transactions.begin() as tx:
                tx.inbox.finish(entry, at=self.clock.now())

    def _settle(self, entry: InboxEntry) -> None:
        if entry.event.intent_id is not None:
            self.settle(entry.event.intent_id)
        if entry.event.refund_id is not None:
            self._settle_refund(entry.event.refund_id)

    def _settle_refund(self, provider_id: str) -> None:
        with self.transactions.begin() as tx:
            known = tx.refunds.of_provider(provider_id)
        shown = None if known is None else self.gateway.retrieve_refund(provider_id)
        if known is not None and shown is not None:
            self.carry_out.take_in(known.id, shown=shown)

    def _failed(self, entry: InboxEntry, failure: Exception) -> None:
        log.warning("message %s failed, try %d: %r", entry.event.external_id, entry.attempt, failure)
        now = self.clock.now()
        with self.transactions.begin() as tx:
            if entry.attempt >= MOST_TRIES:
                tx.inbox.bury(entry, error=told(failure), at=now)
            else:
                until = now + backoff(attempt=entry.attempt, random=self.random)
                tx.inbox.postpone(entry, until=until, error=told(failure))
