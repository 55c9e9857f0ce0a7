"""Mail over SMTP."""

from __future__ import annotations

from consulting.adapters.smtp.mailer import Security, SmtpMailer, open_mailer

__all__ = ["Security", "SmtpMailer", "open_mailer"]
