"""As in production: a token from the page around, Stripe's own form, and its policy. Stripe's script is played here."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from consulting.entrypoints.http.booking_page import STRIPE_SCRIPT, content_policy
from consulting.entrypoints.settings import Mode, Settings, load_settings
from tests.integration.instance import Instance
from tests.integration.page.conftest import Counter, Visitors
from tests.integration.page.steps import IYER, booking, sessions
from tests.unit.entrypoints.test_settings import PRODUCTION

HOST_PAGE = """<!DOCTYPE html><title>A site</title>
<iframe id="booking" src="{page}" width="1000" height="1600" title="Booking"></iframe>
<script>
  window.heard = [];
  const frame = document.getElementById("booking");
  const give = (token) => frame.contentWindow.postMessage({{ consulting: "token", token }}, "{origin}");
  addEventListener("message", ({{ source, origin, data }}) => {{
    if (source !== frame.contentWindow || origin !== "{origin}") return;
    heard.push(data.consulting);
    if ({willing}) give("{token}");
  }});
</script>"""

STRIPES_SCRIPT = """
window.Stripe = (key) => ({
  elements: ({ clientSecret }) => ({
    secret: clientSecret,
    create: () => ({
      on(event, tell) { if (event === "ready") this.tell = tell; },
      mount(into) {
        const field = document.createElement("iframe");
        field.title = "Secure payment input frame";
        into.append(field);
        this.tell();
      },
    }),
  }),
  async confirmPayment({ elements, redirect, confirmParams }) {
    window.asked = { redirect, confirmParams };
    const [id] = elements.secret.split("_secret_");
    const body = new URLSearchParams({ key, client_secret: elements.secret, payment_method: window.card });
    const answer = await fetch(`https://api.stripe.com/v1/payment_intents/${id}/confirm`, { method: "POST", body });
    const told = await answer.json();
    return answer.ok ? { paymentIntent: told } : { error: told.error };
  },
});
"""

ANYTHING_KEPT = """() => {
  try {
    return Object.values({ ...sessionStorage, ...localStorage }).filter((each) => each.includes("eyJ")).join();
  } catch {
    return "no storage for a frame of another site";
  }
}"""


class Production:
    """The instance's page, told that it is in production; the API behind it is the sandbox's."""

    def __init__(self, instance: Instance, visitors: Visitors) -> None:
        self.instance, self.visitors = instance, visitors
        self.around = instance.url.replace("127.0.0.1", "localhost")
        self.token = instance.token("embedded", name="Emma Bedford")
        self.path, self.willing = "/", True

    def opened(self, path: str, *, willing: bool = True, named: bool = True) -> Page:
        """Open a site that has the page in a frame."""
        page = self.visitors.visit("/nowhere")
        self.play(page.context, embedders=[self.around] if named else ["https://elsewhere.example"])
        self.path, self.willing = path, willing
        page.goto(f"{self.around}/site", wait_until="domcontentloaded")
        return page

    def play(self, context: BrowserContext, *, embedders: list[str]) -> None:
        told = {**PRODUCTION, "CONSULTING_PAGE_EMBEDDERS": ", ".join(embedders)}
        settings = load_settings(told, mode=Mode.PRODUCTION)
        context.route(f"{self.instance.url}/", lambda route: self._first(route, settings))
        context.route(f"{self.around}/site", self._site)
        context.route(STRIPE_SCRIPT, lambda route: route.fulfill(body=STRIPES_SCRIPT, content_type="text/javascript"))
        context.route("https://api.stripe.com/**", self._stripe)

    def _first(self, route: Route, settings: Settings) -> None:
        answer = route.fetch()
        known = json.loads(html.unescape(re.findall(r'name="consulting" content="(.*)"', answer.text())[0]))
        known |= {"mode": "production", "people": None, "stripe": {"script": STRIPE_SCRIPT}, "mails": None}
        known["embedders"] = list(settings.page_embedders)
        told = html.escape(json.dumps(known))
        body = re.sub(r'(name="consulting" content=").*(")', lambda found: found[1] + told + found[2], answer.text())
        route.fulfill(
            response=answer, body=body, headers=answer.headers | {"content-security-policy": content_policy(settings)}
        )

    def _site(self, route: Route) -> None:
        text = HOST_PAGE.format(
            page=f"{self.instance.url}/#{self.path}",
            origin=self.instance.url,
            token=self.token,
            willing=json.dumps(self.willing),
        )
        route.fulfill(body=text, content_type="text/html")

    def _stripe(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        answer = route.fetch(url=f"{self.instance.sandbox_url}/stripe{path}")
        route.fulfill(response=answer, headers=answer.headers | {"access-control-allow-origin": "*"})


@pytest.fixture
def production(instance: Instance, visitors: Visitors) -> Production:
    return Production(instance, visitors)


@pytest.fixture(autouse=True)
def _only_stripe_besides(visitors: Visitors, instance: Instance) -> Any:
    yield
    visitors.hosts -= {
        "js.stripe.com",
        "api.stripe.com",
        urlsplit(instance.url).netloc.replace("127.0.0.1", "localhost"),
    }


def test_a_token_of_the_page_around_signs_in_and_stripes_form_takes_the_money(
    production: Production, visitors: Visitors, counter: Counter, instance: Instance
) -> None:
    visitors.expected += ["402", "403"]  # a declined card; and she is no researcher
    around = production.opened(booking(counter.take(IYER)))
    page = around.frame_locator("#booking")
    expect(page.get_by_label("Signed in as Emma Bedford")).to_be_visible()
    assert around.evaluate("heard") == ["ready"]

    page.get_by_role("button", name="Hold this time and pay").click()
    expect(page.locator("payment-element iframe")).to_be_attached()
    inner = next(each for each in around.frames if each.url.startswith(instance.url) and each != around.main_frame)
    inner.evaluate("window.card = 'pm_card_chargeDeclined'")
    page.get_by_role("button", name="Pay US$").click()
    expect(page.get_by_role("alert")).to_contain_text("Your card was declined.")
    inner.evaluate("window.card = 'pm_card_visa'")
    page.get_by_role("button", name="Pay US$").click()
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()

    assert inner.evaluate("asked.redirect") == "if_required"
    assert [each["payment_status"] for each in sessions(instance, "embedded")] == ["completed"]
    assert inner.evaluate(ANYTHING_KEPT) in {"", "no storage for a frame of another site"}


def test_without_a_token_there_is_no_chooser_but_the_way_to_sign_in(production: Production, counter: Counter) -> None:
    around = production.opened(booking(counter.free(IYER)[0]), willing=False)
    page = around.frame_locator("#booking")

    expect(page.get_by_text("Open this page from your account")).to_be_visible()
    expect(page.get_by_role("button", name="Amara Osei")).to_have_count(0)


def test_a_token_from_anybody_else_is_not_taken(production: Production, visitors: Visitors, counter: Counter) -> None:
    visitors.expected.append("frame-ancestors")
    around = production.opened(booking(counter.free(IYER)[0]), named=False)

    around.wait_for_timeout(500)

    assert around.evaluate("heard") == []


def test_a_page_that_merely_posts_to_itself_signs_nobody_in(
    production: Production, visitors: Visitors, counter: Counter
) -> None:
    page = visitors.visit("/nowhere")
    production.play(page.context, embedders=[production.instance.url])
    page.goto(f"{production.instance.url}/?again#{booking(counter.free(IYER)[0])}")
    page.goto(f"{production.instance.url}/#{booking(counter.free(IYER)[0])}")
    page.reload()
    expect(page.get_by_text("Open this page from your account")).to_be_visible()
    page.evaluate("(token) => postMessage({ consulting: 'token', token }, '*')", production.token)
    page.wait_for_timeout(300)

    expect(page.get_by_text("Emma Bedford")).to_have_count(0)
