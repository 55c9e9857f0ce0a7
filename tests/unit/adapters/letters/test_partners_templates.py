"""Templates of a partner's own: they replace ours, and refuse to start rather than send what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from consulting.adapters.letters import HtmlLetters, TemplateFault, open_letters
from consulting.adapters.letters.telling import Telling
from consulting.adapters.letters.wording import When
from consulting.application.ports.mailer import Kind, Occasion
from consulting.domain.sessions import Client, Session

AnOccasion = Callable[..., Occasion]
DOCUMENT = Path(__file__).parents[4] / "docs" / "letters.md"
OURS = "{% extends layout %}{% block subject %}Yes: {{ researcher|name }}{% endblock %}"


def opened(folder: Path) -> HtmlLetters:
    return open_letters(
        public_url="https://api.consulting.example",
        sender_name="Consulting",
        sender_address="sessions@consulting.example",
        uid_domain="consulting.example",
        templates=folder,
    )


def letter(body: str = "It is on.", *, head: str = OURS) -> str:
    return head + "{% block title %}It is on{% endblock %}{% block body %}" + body + "{% endblock %}"


def test_a_template_of_the_same_name_replaces_ours_and_the_others_stay(
    tmp_path: Path, letters: HtmlLetters, an_occasion: AnOccasion
) -> None:
    (tmp_path / "confirmation.jinja").write_text(letter("{{ say.paragraph() if false }}See you {{ when.brief }}."))

    own = opened(tmp_path)

    mail = own.write(an_occasion(Kind.CONFIRMATION))
    assert mail.subject == "Yes: Dr. Ada Ångström"
    assert "See you 2 Nov 2026" in mail.text
    assert "See you 2 Nov 2026" in mail.html
    assert own.write(an_occasion(Kind.RECEIPT)) == letters.write(an_occasion(Kind.RECEIPT))


def test_pieces_and_layouts_can_be_replaced_too(tmp_path: Path, an_occasion: AnOccasion) -> None:
    (tmp_path / "joining.jinja").write_text("Come to room 7.")
    (tmp_path / "layout.text.jinja").write_text("{{ self.body() }}-- {% include 'foot.jinja' %}")
    (tmp_path / "foot.jinja").write_text("Acme, {{ reference }}")

    mail = opened(tmp_path).write(an_occasion(Kind.REMINDER_1H))

    assert "Come to room 7." in mail.text
    assert "Come to room 7." in mail.html
    assert mail.text.rstrip().endswith("Acme, 0192f0c1-0000-7000-8000-000000000001")


def test_what_people_typed_is_escaped_in_a_partners_template_and_a_subject_stays_one_line(
    tmp_path: Path, an_occasion: AnOccasion, a_session: Callable[..., Session]
) -> None:
    head = "{% extends layout %}{% block subject %}Hello\r\nBcc: eve@example.org\n{{ client }}{% endblock %}"
    (tmp_path / "link.jinja").write_text(letter("{{ client }}: {{ questions }}", head=head))
    kim = Client(user_id="u", email="kim@example.net", name="<script>\r\nX: y", timezone="UTC")

    mail = opened(tmp_path).write(an_occasion(Kind.LINK, session=a_session(client=kim)))

    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert mail.subject == "Hello Bcc: eve@example.org <script> X: y"


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("confirmation.jinja", "{% extends layout %}\n{% block subject %}", "confirmation.jinja, line 2: "),
        ("confirmation.jinja", letter("\n\n{{ nobody }}"), "confirmation.jinja, line 3: 'nobody' is undefined"),
        ("cancellation.jinja", letter("{% if canceled_by == 'admin' %}{{ oh }}{% endif %}"), "'oh' is undefined"),
        ("reminder.jinja", letter("{{ 1 / 0 }}"), "reminder.jinja, line 1: division by zero"),
        ("link.jinja", letter(head="{% extends layout %}"), "it has no block `subject`"),
        ("link.jinja", letter(head="{% extends layout %}{% block subject %} {% endblock %}"), "an empty subject"),
        ("receipt.jinja", letter("{{ researcher|safe }}"), "receipt doesn't escape what people typed"),
        ("receipt.jinja", letter("{% autoescape false %}{{ client }}{% endautoescape %}"), "doesn't escape"),
        ("receipt.jinja", letter("{% include 'gone.jinja' %}"), "receipt.jinja, line 1: gone.jinja"),
        ("parts.html.jinja", "{% macro paragraph() %}", "parts.html.jinja, line 1: "),
        ("parts.text.jinja", "{{ nothing }}", "parts.text.jinja, line 1: 'nothing' is undefined"),
        ("layout.html.jinja", "{{ nothing }}", "layout.html.jinja, line 1: 'nothing' is undefined"),
        ("confirmaton.jinja", letter(), "confirmaton.jinja replaces none of our templates; the nearest is confirm"),
    ],
)
def test_a_broken_template_is_refused_with_its_file_and_its_fault(
    tmp_path: Path, name: str, content: str, fault: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(TemplateFault) as refused:
        opened(tmp_path)

    assert str(tmp_path) in str(refused.value)
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateFault, match="is no folder"):
        opened(tmp_path / "nowhere")


def test_an_empty_folder_changes_nothing(tmp_path: Path, letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    with_nothing = opened(tmp_path)

    for kind in Kind:
        assert with_nothing.write(an_occasion(kind)) == letters.write(an_occasion(kind))


def test_every_variable_is_documented() -> None:
    documented = DOCUMENT.read_text()

    names = {each.name for each in fields(Telling)} | {"sender", "public_url", "subject"}
    assert {name for name in names if f"`{name}`" not in documented} == set()
    assert {each.name for each in fields(When) if f"`when.{each.name}`" not in documented} == set()
