"""The maker's office: closed to everybody, opened by an invitation, with what a maker does in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import steps
from tests.support.browser import NEEDS_CHROMIUM, Shop
from tests.support.demo import Demo, text_of, until
from tests.support.visitor import Visitor, new_address

pytestmark = [NEEDS_CHROMIUM, pytest.mark.xdist_group("browser")]


def open_office(shop: Shop, demo: Demo) -> Page:
    """Let the maker invite somebody, and open the office with the link."""
    page = shop(java_script_enabled=False)
    page.goto(invitation(demo))
    page.get_by_role("button", name="Open the office").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    return page


def invitation(demo: Demo) -> str:
    told = demo.troth("staff", "invite", "jo@fernside.example")
    assert told.returncode == 0, told.stderr
    return next(word for word in told.stdout.split() if word.startswith("http"))


def find(page: Page, what: str) -> None:
    page.get_by_label("Order number or exact address").fill(what)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Found")


def test_to_a_stranger_there_is_no_office(demo: Demo) -> None:
    stranger = Visitor(demo.url)
    assert stranger.get("/office/orders").status == 404
    assert stranger.post("/office/orders", {"query": "x"}).status == 404
    number = Visitor(demo.url).order(email=new_address("mira"), payment="bank")
    assert number.status == 303
    (order,) = demo.orders()[:1]
    for action in ("confirm", "refund", "resend", "show"):
        answer = stranger.post(
            f"/office/orders/{order['order']}/{action}", {"reason": "asked"} if action == "show" else {}
        )
        assert answer.status == 404, action
    assert demo.orders()[0]["state"] == "initiated"


def test_a_buyer_s_session_opens_no_office_and_neither_does_a_proxy(demo: Demo) -> None:
    buyer = Visitor(demo.url)
    buyer.order(email=new_address("mira"))
    assert buyer.cookies
    assert buyer.get("/office/orders").status == 404
    path = invitation(demo).removeprefix(demo.url)
    assert Visitor(demo.url).get(path, {"x-forwarded-for": "203.0.113.7"}).status == 404
    assert Visitor(demo.url).post(path, {"confirm": "yes"}, {"x-forwarded-for": "203.0.113.7"}).status == 404


def test_an_invitation_opens_the_office_once_and_looking_at_it_does_not_use_it_up(open_shop: Shop, demo: Demo) -> None:
    link = invitation(demo)
    for _ in range(2):
        assert Visitor(demo.url).get(link.removeprefix(demo.url)).status == 200
    page = open_shop(java_script_enabled=False)
    page.goto(link)
    assert page.context.cookies() == []
    page.get_by_role("button", name="Open the office").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    late = Visitor(demo.url)
    assert late.post(link.removeprefix(demo.url), {"confirm": "yes"}).status == 410
    assert late.cookies == {}


def test_the_maker_finds_an_order_and_says_why_before_seeing_whose_it_is(open_shop: Shop, demo: Demo) -> None:
    address = new_address("seen")
    assert Visitor(demo.url).order(email=address).status == 303
    office = open_office(open_shop, demo)
    assert address not in office.content()
    find(office, address)
    expect(office.get_by_role("article")).to_have_count(1)
    row = office.get_by_role("article")
    assert address not in row.inner_text()  # masked, though it was what was asked for
    row.get_by_text("show, because …").click()
    row.get_by_label("Because").select_option(label="the buyer asked")
    row.get_by_role("button", name="Show").click()
    expect(office.get_by_role("article")).to_contain_text(address)
    expect(office.get_by_role("article")).to_contain_text("Shown because: the buyer asked.")
    assert address not in office.url
    find(office, "nobody@meadow.example")
    expect(office.locator("main")).to_contain_text("No order has this number or exactly this address.")


def test_the_maker_confirms_a_transfer_sends_the_mail_again_and_gives_the_money_back(
    open_shop: Shop, demo: Demo
) -> None:
    address = new_address("bank")
    buyer = Visitor(demo.url)
    order = buyer.order(email=address, payment="bank").location
    (placed,) = demo.orders(address)
    office = open_office(open_shop, demo)
    find(office, placed["order"].lower().replace("-", ""))  # however it is typed
    office.get_by_role("button", name="The money is here").click()
    expect(office.get_by_role("status")).to_contain_text("Recorded: the money is here.")
    expect(office.get_by_role("article")).to_contain_text("delivered")
    first = demo.wait_for_letter(address, "Your key")
    office.get_by_role("button", name="Send the mail again").click()
    expect(office.get_by_role("status")).to_contain_text("sent again")
    until(lambda: len(demo.letters(address, "Your key")) == 2, "no second mail")
    assert text_of(demo.letters(address, "Your key")[1]) == text_of(first)
    office.locator("summary", has_text="Refund").click()
    office.get_by_role("button", name="Refund 46.41 €").click()
    expect(office.get_by_role("status")).to_contain_text("The money goes back")
    assert "46.41" in text_of(demo.wait_for_letter(address, "Refund for order"))
    assert "Your money is on its way back." in buyer.get(order).text
    until(lambda: demo.orders(address)[0]["state"] == "refunded", "not refunded")


def test_a_card_s_refund_reaches_the_provider_and_the_key_stops_working(open_shop: Shop, demo: Demo) -> None:
    address = new_address("refund")
    page = open_shop()
    key = steps.buy(page, address)
    office = open_office(open_shop, demo)
    find(office, address)
    office.locator("summary", has_text="Refund").click()
    office.get_by_role("button", name="Refund 46.41 €").click()
    steps.wait_for(page, "Your money is on its way back.")
    assert page.locator("#key").count() == 0
    answer = Visitor(demo.url).post_json("/api/v1/licences/validate", {"key": key, "nonce": "0123456789abcdef"})
    assert answer.json["valid"] is False
    demo.wait_for_letter(address, "Refund for order")
