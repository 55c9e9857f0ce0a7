from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from consulting.adapters.memory import ProviderLine, Trouble


@dataclass(frozen=True)
class MemoryLine:
    """The suites' words for troubles, in the words of the memory adapters."""

    line: ProviderLine

    def unreachable(self) -> AbstractContextManager[None]:
        return self.line.suffering(Trouble.DOWN)

    def answer_lost(self) -> AbstractContextManager[None]:
        return self.line.suffering(Trouble.ANSWER_LOST)

    def silent(self) -> AbstractContextManager[None]:
        return self.line.suffering(Trouble.ANSWER_LOST)

    def credentials_refused(self) -> AbstractContextManager[None]:
        return self.line.suffering(Trouble.REFUSED)
