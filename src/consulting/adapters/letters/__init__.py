"""The mails and calendar entries, written from templates."""

from __future__ import annotations

from consulting.adapters.letters.letters import HtmlLetters, open_letters
from consulting.adapters.letters.partners import TemplateFault

__all__ = ["HtmlLetters", "TemplateFault", "open_letters"]
