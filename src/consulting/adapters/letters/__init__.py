"""The mails and calendar entries, written from templates."""

from __future__ import annotations

from consulting.adapters.letters.letters import HtmlLetters, open_letters

__all__ = ["HtmlLetters", "open_letters"]
