"""An order's own page: what its link shows, what only the buying browser sees, and the way back to the key."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import steps
from tests.support.browser import NEEDS_CHROMIUM, Shop
from tests.support.demo import Demo, text_of
from tests.support.visitor import Visitor, new_address

pytestmark = [NEEDS_CHROMIUM, pytest.mark.xdist_group("browser")]

_LINK = re.compile(r"http://\S+/orders/\S+/open/\S+")
USED = "This link was used already or is too old. Nothing is lost: ask for a new one."


def verdict(demo: Demo, key: str) -> str:
    """Return what the licence check says of a key."""
    answer = Visitor(demo.url).post_json("/api/v1/licences/validate", {"key": key, "nonce": "0123456789abcdef"})
    return "valid" if answer.json["valid"] else str(answer.json["code"])


def link_in_mail(demo: Demo, address: str) -> str:
    found = _LINK.search(text_of(demo.wait_for_letter(address, "Your link")))
    assert found is not None
    return found.group()


def require_no_secret(page: Page, key: str, address: str) -> None:
    """Fail if the page shows the key or the address, to the eye or in its source."""
    source = re.sub(r"<[^>]*>|\s", "", page.content())
    assert key not in source
    assert key.replace("-", "") not in source
    assert address not in source


def test_a_stranger_with_the_link_sees_the_state_and_neither_key_nor_address(open_shop: Shop) -> None:
    address = new_address("mira")
    bought = open_shop()
    key = steps.buy(bought, address)
    stranger = open_shop()
    stranger.goto(bought.url)
    expect(stranger.get_by_role("heading", level=1)).to_have_text(steps.DELIVERED)
    require_no_secret(stranger, key, address)
    assert stranger.context.cookies() == []
    assert stranger.locator("#reissue").count() == 0


def test_the_mailed_link_opens_the_key_once_and_only_by_its_button(open_shop: Shop, demo: Demo) -> None:
    address = new_address("elsewhere")
    bought = open_shop()
    key = steps.buy(bought, address)
    page = open_shop(java_script_enabled=False)
    page.goto(bought.url)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("works once, for 15 minutes")
    link = link_in_mail(demo, address)
    for _ in range(3):  # a mail scanner looks before the person does
        scanner = Visitor(demo.url)
        seen = scanner.get(link.removeprefix(demo.url))
        assert seen.status == 200
        assert scanner.cookies == {}
        assert key.replace("-", "") not in re.sub(r"<[^>]*>|[\s-]", "", seen.text)
    page.goto(link)
    assert page.context.cookies() == []
    page.get_by_role("button", name="Show my order").click()
    assert steps.key_on(page) == key
    page.goto(bought.url)
    assert steps.key_on(page) == key
    late = open_shop()
    late.goto(link)
    expect(late.locator("main")).to_contain_text(USED)
    expect(late.locator("main")).not_to_contain_text("Press the button")
    late.get_by_role("link", name="Ask for a new link").click()
    expect(late.get_by_role("button", name="Send the link")).to_be_visible()
    require_no_secret(late, key, address)


def test_a_link_opens_no_other_order(demo: Demo) -> None:
    mine, hers = Visitor(demo.url), Visitor(demo.url)
    address = new_address("mine")
    my_order = mine.order(email=address).location
    her_order = hers.order(email=new_address("hers")).location
    assert mine.post(f"{my_order}/link", {"confirm": "yes"}).status == 200
    link = link_in_mail(demo, address).removeprefix(demo.url)
    swapped = link.replace(my_order, her_order)
    answer = Visitor(demo.url).post(swapped, {"confirm": "yes"})
    assert answer.status == 410
    assert answer.headers.get("set-cookie") is None


def test_a_wrong_address_is_put_right_by_the_buyer_and_the_old_key_retires(open_shop: Shop, demo: Demo) -> None:
    wrong, right = new_address("wrogn"), new_address("right")
    page = open_shop(java_script_enabled=False)
    old = steps.buy(page, wrong)
    page.get_by_label("The right address").fill("no address at all")
    page.locator("#reissue form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Send the key to this address").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert steps.key_on(page) == old
    page.get_by_label("The right address").fill(right)
    page.get_by_role("button", name="Send the key to this address").click()
    expect(page.get_by_role("status")).to_contain_text("Both addresses were told.")
    expect(page.get_by_label("The right address")).to_have_value("")
    new = steps.key_on(page)
    assert new != old
    assert verdict(demo, new) == "valid"
    assert verdict(demo, old) != "valid"
    told, sent = demo.wait_for_letter(wrong, "made anew"), demo.wait_for_letter(right, "made anew")
    assert new in text_of(sent)
    assert new not in text_of(told)
    # Neither learns the other's address.
    assert right not in text_of(told)
    # What the old address is told leads to no order's page any more.
    for kind in ("plain", "html"):
        assert "/orders/" not in text_of(told, kind)
        assert "Look at the order" not in text_of(told, kind)
        assert "/orders/" in text_of(sent, kind)
    assert wrong not in text_of(sent)
    (moved,) = demo.orders(right)
    assert moved["order"] == steps.number_on(page)


def test_nobody_but_the_buying_browser_can_move_the_key(open_shop: Shop, demo: Demo) -> None:
    address = new_address("mira")
    page = open_shop()
    key = steps.buy(page, address)
    path = page.url.removeprefix(demo.url)
    stranger = Visitor(demo.url)
    assert stranger.post(f"{path}/reissue", {"email": "thief@example.org"}).status == 404
    assert stranger.post(f"{path}/cancel", {"confirm": "yes"}).status == 404
    page.reload()
    assert steps.key_on(page) == key
    assert len(demo.orders(address)) == 1


def test_an_order_is_called_off_before_it_is_paid(open_shop: Shop, demo: Demo) -> None:
    address = new_address("off")
    page = open_shop(java_script_enabled=False)
    steps.order(page, address)
    path = page.url
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This order was cancelled.")
    assert Visitor(demo.url).get(f"{path.removeprefix(demo.url)}/pay").status == 409
    page.goto(path)
    # What was typed is forgotten, so no link could be sent to it.
    assert address not in page.content()
    expect(page.get_by_role("button", name="Send the link")).to_have_count(0)
    assert demo.orders(address) == [] or demo.orders(address)[0]["state"] == "cancelled"


def test_ten_thousand_guesses_would_find_nothing_as_a_guess_looks_like_any_other_page(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    for guess in ("A" * 22, "../orders", "0", "x" * 500, "%00", "%2e%2e"):
        assert visitor.get(f"/orders/{guess}").status == 404
