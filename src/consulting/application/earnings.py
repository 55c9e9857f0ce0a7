"""What a researcher's sessions brought in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consulting.application.availability import own_profile
from consulting.application.callers import Caller
from consulting.application.ports.clock import Clock
from consulting.application.ports.transactions import Transactions
from consulting.domain.earnings import Month, MonthlyEarnings, Movement, by_month, months_asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """What moved from the first month to the last, one by one and added up; `timezone` says whose months they are."""

    first: Month
    last: Month
    timezone: str
    movements: Sequence[Movement]
    months: Sequence[MonthlyEarnings]


@dataclass(frozen=True, slots=True)
class ReadEarnings:
    """Say what the caller's sessions brought in, by month of their own zone and by currency.

    - `gross` is what clients were charged, `refunds` what went back (by refund or lost dispute), `net` what is left.
    - Money counts in the month in which it moved, as the ledger has it, and not when its session takes place: so a
      month that is over never changes any more, and agrees with what the payment provider shows.
    - At most twelve months at once; unless they are named, the last twelve with the present one. A month in which
      nothing moved isn't listed.
    """

    transactions: Transactions
    clock: Clock

    def __call__(self, *, caller: Caller, first: Month | None, last: Month | None) -> Earnings:
        """Give them. Raises NotAResearcher and ValidationFailed (field `to_month`)."""
        with self.transactions.begin() as tx:
            researcher = own_profile(tx, caller)
            timezone = researcher.timezone
            begin, end, during = months_asked_for(first=first, last=last, at=self.clock.now(), timezone=timezone)
            movements = tx.ledger.of_researcher(researcher.id, during=during)
        months = by_month((each.entry for each in movements), timezone=timezone)
        return Earnings(first=begin, last=end, timezone=timezone, movements=movements, months=months)
