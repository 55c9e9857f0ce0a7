"""What a storage has to do: every kind of record, transactions and races. Subclass StorageContract for all of it."""

from consulting.adapters.contracts.storage.admins import AdminActsContract, ApiKeysContract, RegisterContract
from consulting.adapters.contracts.storage.availability import AvailabilityContract
from consulting.adapters.contracts.storage.backlog import BacklogContract
from consulting.adapters.contracts.storage.calendar_tokens import CalendarTokensContract
from consulting.adapters.contracts.storage.calendars import CalendarsContract
from consulting.adapters.contracts.storage.directory import DirectoryContract
from consulting.adapters.contracts.storage.expertise import ExpertiseContract
from consulting.adapters.contracts.storage.inbox import InboxContract
from consulting.adapters.contracts.storage.ledger import LedgerContract
from consulting.adapters.contracts.storage.next_available import NextAvailableContract
from consulting.adapters.contracts.storage.outbox import OutboxContract
from consulting.adapters.contracts.storage.payments import PaymentsContract, RefundsContract
from consulting.adapters.contracts.storage.races import RacesContract
from consulting.adapters.contracts.storage.records import Setting
from consulting.adapters.contracts.storage.researchers import ResearchersContract
from consulting.adapters.contracts.storage.retries import RetriesContract
from consulting.adapters.contracts.storage.reviews import NotificationsContract, ReviewsContract
from consulting.adapters.contracts.storage.session_lists import SessionListsContract
from consulting.adapters.contracts.storage.sessions import SessionsContract
from consulting.adapters.contracts.storage.time_slots import TimeSlotsContract
from consulting.adapters.contracts.storage.transactions import TransactionsContract

__all__ = [
    "AdminActsContract",
    "ApiKeysContract",
    "AvailabilityContract",
    "BacklogContract",
    "CalendarTokensContract",
    "CalendarsContract",
    "DirectoryContract",
    "ExpertiseContract",
    "InboxContract",
    "LedgerContract",
    "NextAvailableContract",
    "NotificationsContract",
    "OutboxContract",
    "PaymentsContract",
    "RacesContract",
    "RefundsContract",
    "RegisterContract",
    "ResearchersContract",
    "RetriesContract",
    "ReviewsContract",
    "SessionListsContract",
    "SessionsContract",
    "Setting",
    "StorageContract",
    "TimeSlotsContract",
    "TransactionsContract",
]


class StorageContract(
    TransactionsContract,
    ResearchersContract,
    DirectoryContract,
    ExpertiseContract,
    NextAvailableContract,
    AvailabilityContract,
    TimeSlotsContract,
    CalendarsContract,
    SessionsContract,
    SessionListsContract,
    PaymentsContract,
    RefundsContract,
    LedgerContract,
    ReviewsContract,
    NotificationsContract,
    CalendarTokensContract,
    OutboxContract,
    InboxContract,
    BacklogContract,
    AdminActsContract,
    ApiKeysContract,
    RegisterContract,
    RacesContract,
):
    """The whole storage. The one fixture to provide is `transactions`: an empty storage for each test.

    Four threads use it at once; it must let them wait for each other's locks for a second or two.
    """
