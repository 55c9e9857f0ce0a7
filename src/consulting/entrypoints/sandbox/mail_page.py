"""The pages where a person reads the mails. Mails are strangers' text: all of it is escaped, HTML sits in a cage."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment

from consulting.entrypoints.sandbox.options import Ports
from consulting.entrypoints.sandbox.store import Document

_LAYOUT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
 body { font: 16px/1.5 system-ui, sans-serif; color: #1d2733; background: #f6f7f9; margin: 0 }
 main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
 h1 { font-size: 1.4rem; margin: 0 0 .25rem; overflow-wrap: anywhere }
 a { color: #0b5cad } .quiet { color: #5b6673; font-size: .9rem }
 ol { list-style: none; margin: 1rem 0; padding: 0; background: #fff; border: 1px solid #dde2e8; border-radius: .5rem }
 li + li { border-top: 1px solid #e8ebef }
 li a { display: block; padding: .7rem 1rem; color: inherit; text-decoration: none }
 li a:hover { background: #f0f5fb } li b { display: block; overflow-wrap: anywhere }
 iframe, pre { width: 100%; box-sizing: border-box; background: #fff; border: 1px solid #dde2e8; border-radius: .5rem }
 iframe { height: 34rem } pre { padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
 dt { float: left; width: 6rem; color: #5b6673 } dd { margin-left: 6rem; overflow-wrap: anywhere }
</style></head><body><main>
"""
_INBOX: Final = (
    _LAYOUT
    + """<h1>Sandbox inbox</h1>
<p class="quiet">{{ mails|length }} {{ 'mail' if mails|length == 1 else 'mails' }}
 {%- if to %} to {{ to }} (<a href="/">all</a>){% endif %}.
 None of them has left this machine. Reload to see new ones.</p>
{% if mails %}<ol>{% for mail in mails %}<li><a href="/inbox/{{ mail.id }}"><b>{{ mail.subject or '(no subject)' }}</b>
<span class="quiet">to {{ mail.to|join(', ') }} · {{ mail.received_at }}</span></a></li>{% endfor %}</ol>
{% else %}<p>No mail has come yet.</p>{% endif %}
<h2>What else the sandbox offers</h2>
<ul class="quiet">
<li>Mails for programs: <a href="/mail">/mail</a>, by recipient
 <code>/mail?to=address</code>; SMTP port {{ ports.smtp_port }}</li>
<li>Zoom: <a href="/zoom/meetings">all meetings</a>; API at <code>{{ ports.url }}/zoom/v2</code></li>
<li>Stripe: API at <code>{{ ports.url }}/stripe/v1</code></li>
<li>Faults to order: <a href="/faults">/faults</a>; health: <a href="/health">/health</a></li>
</ul></main></body></html>
"""
)
_MAIL: Final = (
    _LAYOUT
    + """<p><a href="/">← Inbox</a></p>
{% if mail %}<h1>{{ mail.subject or '(no subject)' }}</h1>
<dl><dt>From</dt><dd>{{ mail.headers.from or mail.from }}</dd><dt>To</dt><dd>{{ mail.to|join(', ') }}</dd>
<dt>Received</dt><dd>{{ mail.received_at }}</dd></dl>
{% if mail.attachments %}<p>Attachments: {% for part in mail.attachments %}
<a href="/inbox/{{ mail.id }}/attachments/{{ loop.index0 }}">{{ part.filename or part.content_type }}</a>
{{- ' · ' if not loop.last }}{% endfor %}</p>{% endif %}
{% if mail.html %}<iframe title="The mail as HTML" src="/inbox/{{ mail.id }}/html"
 sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>{% endif %}
{% if mail.text %}<h2>Plain text</h2><pre>{{ mail.text }}</pre>{% endif %}
<p class="quiet"><a href="/inbox/{{ mail.id }}/source">Source</a></p>
{% else %}<h1>No such mail</h1>{% endif %}</main></body></html>
"""
)
_templates: Final = Environment(autoescape=True)
_inbox: Final = _templates.from_string(_INBOX)
_mail: Final = _templates.from_string(_MAIL)


def inbox_page(mails: list[Document], *, ports: Ports, to: str | None) -> str:
    """Return the list of mails."""
    return _inbox.render(title="Sandbox inbox", mails=mails, ports=ports, to=to)


def mail_page(mail: Document | None) -> str:
    """One mail."""
    return _mail.render(title="Mail" if mail is None else mail["subject"] or "Mail", mail=mail)


def framed(mail: Document | None) -> str:
    """Return a mail's HTML for the cage it is shown in; its links open outside of it."""
    return "" if mail is None else f'<base target="_blank">{mail["html"]}'
