"""The page to pay on: what it says, how it is built, and what its form does."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
import stripe

from paybox import Paybox
from paybox.marks import override
from paybox.objects import Charge

Order = Callable[..., Any]
VOID = {"meta", "input", "link", "br", "img"}


class Outline(HTMLParser):
    """Reads a page strictly: every element closed in its order; keeps elements and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def url(client: stripe.StripeClient, order: Order) -> str:
    return str(client.v1.checkout.sessions.create(order()).url)


def test_the_page_says_what_it_is_and_what_it_costs(url: str) -> None:
    page = Outline(httpx.get(url).text)
    assert "Test payment: no money moves." in page.text
    assert "46.41 EUR" in page.text
    assert "to localhost:8000" in page.text
    assert "Backup Home" in page.text
    assert len(page.all("h1")) == 1
    assert page.all("html") == [{"lang": "en"}]
    assert {link["href"] for link in page.all("a")} == {"http://localhost:8000/orders/1"}


def test_it_is_one_form_with_two_buttons_and_one_labelled_field(url: str) -> None:
    page = Outline(httpx.get(url).text)
    assert page.all("form") == [{"method": "post"}]
    assert [(button["name"], button["value"]) for button in page.all("button")] == [
        ("outcome", "pay"),
        ("outcome", "decline"),
    ]
    (field,) = page.all("input")
    assert (field["name"], field["value"]) == ("card_country", "DE")
    assert page.all("label") == [{"for": field["id"]}]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert field["aria-describedby"] in ids
    assert len(ids) == len(set(ids))


def test_it_needs_no_script_and_allows_none(url: str) -> None:
    answer = httpx.get(url)
    page = Outline(answer.text)
    assert page.all("script") == []
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith(("on", "style"))]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"style-src 'sha256-[^']+'", policy)
    assert "form-action" not in policy
    assert answer.headers["referrer-policy"] == "same-origin"


def test_the_country_typed_is_the_cards(box: Paybox, url: str) -> None:
    assert httpx.post(url, data={"card_country": " fr ", "outcome": "pay"}).status_code == 303
    assert [charge.card.country for charge in box.book.listed(Charge)] == ["FR"]


@pytest.mark.parametrize("country", ["F", "FRA", "1A", "<b"])
def test_a_wrong_country_is_said_at_the_field_and_nothing_is_charged(box: Paybox, url: str, country: str) -> None:
    answer = httpx.post(url, data={"card_country": country, "outcome": "pay"})
    page = Outline(answer.text)
    assert answer.status_code == 400
    (field,) = page.all("input")
    assert field["aria-invalid"] == "true"
    assert "trouble" in str(field["aria-describedby"]).split()
    assert "Nothing was charged." in page.text
    assert box.book.events == []


def test_a_declined_card_brings_the_page_again_with_a_way_back(box: Paybox, url: str) -> None:
    answer = httpx.post(url, data={"card_country": "FR", "outcome": "decline"})
    page = Outline(answer.text)
    assert answer.status_code == 200
    assert "Your card was declined." in page.text
    assert "Nothing was charged." in page.text
    assert page.all("input")[0]["value"] == "FR"
    assert page.all("a")[0]["href"] == "http://localhost:8000/orders/1"
    assert [event.type for event in box.book.events] == ["payment_intent.payment_failed"]


def test_no_button_chosen_charges_nothing(box: Paybox, url: str) -> None:
    for data in ({}, {"outcome": "something"}):
        assert "choose one of the two buttons" in httpx.post(url, data=data).text
    assert box.book.events == []


def test_a_paid_an_expired_and_an_unknown_session_have_their_pages(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    paid, over = (client.v1.checkout.sessions.create(order()) for _ in range(2))
    box.pay(paid.id)
    box.book.expire(over.id)
    for url, status, words in (
        (str(paid.url), 200, "Already paid"),
        (str(over.url), 410, "Expired"),
        (f"{box.url}/c/pay/cs_test_none", 404, "No such payment"),
        (f"{box.url}/", 404, "No such payment"),
    ):
        answer = httpx.get(url)
        page = Outline(answer.text)
        assert answer.status_code == status
        assert words in page.text
        assert len(page.all("h1")) == 1
        assert page.all("form") == []


def test_a_shops_words_cannot_break_the_page(client: stripe.StripeClient, order: Order) -> None:
    lines = [
        {
            "price_data": {"currency": "jpy", "unit_amount": 500, "product_data": {"name": "<script>\"&'</script>"}},
            "quantity": 2,
        }
    ]
    session = client.v1.checkout.sessions.create(
        order(line_items=lines, cancel_url='http://localhost/"><script>x</script>')
    )
    page = Outline(httpx.get(str(session.url)).text)
    assert page.all("script") == []
    assert "<script>\"&'</script> × 2" in page.text
    assert "1,000 JPY" in page.text


def test_an_address_with_letters_beyond_ascii_leads_back_encoded(client: stripe.StripeClient, order: Order) -> None:
    session = client.v1.checkout.sessions.create(order(success_url="http://localhost:8000/größe?ok=1%20&x=é"))
    answer = httpx.post(str(session.url), data={"outcome": "pay"})
    assert answer.headers["location"] == "http://localhost:8000/gr%C3%B6%C3%9Fe?ok=1%20&x=%C3%A9"


def test_other_methods_are_not_allowed(url: str) -> None:
    assert httpx.delete(url).status_code == 405
