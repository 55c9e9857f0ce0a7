from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from consulting.adapters.contracts.mailer import letter
from consulting.adapters.memory import MemoryMailer, Trouble
from consulting.application.ports.mailer import Mail, MailUncertain
from consulting.contracts import MailerContract


@dataclass(frozen=True)
class Server:
    mailer: MemoryMailer

    def received(self) -> Sequence[Mail]:
        return self.mailer.delivered

    def refusing(self) -> AbstractContextManager[None]:
        return self.mailer.line.suffering(Trouble.REFUSED)

    def busy(self) -> AbstractContextManager[None]:
        return self.mailer.line.suffering(Trouble.DOWN)

    unreachable = silent = busy

    def answer_lost(self) -> AbstractContextManager[None]:
        return self.mailer.line.suffering(Trouble.ANSWER_LOST)


class TestMemoryMailer(MailerContract):
    @pytest.fixture
    def mailer(self) -> MemoryMailer:
        return MemoryMailer()

    @pytest.fixture
    def server(self, mailer: MemoryMailer) -> Server:
        return Server(mailer)


def test_a_lost_answer_leaves_the_mail_delivered() -> None:
    mailer = MemoryMailer()
    mailer.line.order(Trouble.ANSWER_LOST, None)
    with pytest.raises(MailUncertain):
        mailer.send(letter(1))
    mailer.send(letter(1))
    assert [mail.message_id for mail in mailer.delivered] == [letter(1).message_id] * 2
