"""Whether the mail server lets us in, and takes mails of our sender."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from consulting.adapters import smtp
from consulting.adapters.postgres.clock import DatabaseClock
from consulting.application.ports.mailer import MailUnavailable, SenderRefused
from consulting.entrypoints.doctor import adapters, laptop
from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong
from consulting.entrypoints.providers.smtp import SmtpSettings, Tls
from consulting.entrypoints.settings import Mode, Port, Settings


def checks(settings: Settings, engine: Engine) -> Sequence[Check]:
    """List the checks of mail."""
    its = settings.plugins[Port.MAILER].settings
    if not isinstance(its, SmtpSettings):
        return adapters.checks(settings, Port.MAILER)
    return [Check(name="mail", look=lambda: _mail(settings, its, engine))]


def _mail(settings: Settings, its: SmtpSettings, engine: Engine) -> Iterator[Finding]:
    server = f"{its.host}:{its.port}"
    if not its.port and (unstarted := laptop.sandbox_silent(settings, "mails", at=f"//{server}", why="")):
        yield unstarted  # for a mail client a port of 0 is the usual one of mail servers
        return
    try:
        _mailer(settings, its, engine).knock()
    except SenderRefused as failure:
        advice = "see that CONSULTING_SMTP_USERNAME, _PASSWORD, _TLS and _FROM are what the mail server expects"
        yield wrong(f"{server} takes no mail of ours ({failure})", advice=advice)
    except MailUnavailable as failure:
        advice = "let this machine reach CONSULTING_SMTP_HOST and _PORT, and see that CONSULTING_SMTP_TLS fits"
        silent = laptop.sandbox_silent(settings, "mails", at=f"//{server}", why=str(failure))
        yield silent or wrong(f"{server} doesn't answer ({failure})", advice=advice)
    else:
        yield well(f"{server} takes mails of our sender{', after a login' if its.username else ''}")
        yield from _privacy(settings, its)


def _mailer(settings: Settings, its: SmtpSettings, engine: Engine) -> smtp.SmtpMailer:
    return smtp.open_mailer(
        host=its.host,
        port=its.port,
        security=smtp.Security(its.tls),
        username=its.username,
        password=its.password,
        sender=settings.smtp_from,
        timeout_seconds=its.timeout_seconds,
        clock=DatabaseClock(engine),
    )


def _privacy(settings: Settings, its: SmtpSettings) -> Iterator[Finding]:
    if settings.mode is Mode.PRODUCTION and its.tls is Tls.NONE:
        advice = "unless the mail server is on this machine, set CONSULTING_SMTP_TLS to starttls or tls"
        yield careful("mails travel to it in the clear", advice=advice)
