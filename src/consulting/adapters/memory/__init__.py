"""Complete adapters that keep everything in memory: for tests, for trying things out, and to compare others with.

They keep the ports' promises as strictly as the real ones: a transaction that raises leaves nothing behind, providers
know idempotency keys and lost answers. What is kept is gone with the process.
"""

from consulting.adapters.memory.clock import MovingClock
from consulting.adapters.memory.identities import SequentialIdentities
from consulting.adapters.memory.letters import PlainLetters
from consulting.adapters.memory.mailer import MemoryMailer
from consulting.adapters.memory.meeting_rooms import MemoryMeetingRooms, OpenMeeting
from consulting.adapters.memory.payment_gateway import MemoryPaymentGateway
from consulting.adapters.memory.payment_messages import SignedMessage
from consulting.adapters.memory.provider_line import ProviderLine, Trouble
from consulting.adapters.memory.rate_limits import MemoryRateLimits
from consulting.adapters.memory.retries import MemoryRetries
from consulting.adapters.memory.transactions import MemoryTransaction, MemoryTransactions

__all__ = [
    "MemoryMailer",
    "MemoryMeetingRooms",
    "MemoryPaymentGateway",
    "MemoryRateLimits",
    "MemoryRetries",
    "MemoryTransaction",
    "MemoryTransactions",
    "MovingClock",
    "OpenMeeting",
    "PlainLetters",
    "ProviderLine",
    "SequentialIdentities",
    "SignedMessage",
    "Trouble",
]
