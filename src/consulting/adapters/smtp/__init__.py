"""Mail over SMTP."""

from __future__ import annotations

from consulting.adapters.smtp.addresses import ascii_domain
from consulting.adapters.smtp.mailer import Security, SmtpMailer, open_mailer

__all__ = ["Security", "SmtpMailer", "ascii_domain", "open_mailer"]
