"""Somebody buys a program in a real browser, in every way a person may want or need to."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import steps
from tests.support.browser import NEEDS_CHROMIUM, Shop, without_cookies
from tests.support.demo import Demo, text_of
from tests.support.visitor import Visitor, new_address

pytestmark = [NEEDS_CHROMIUM, pytest.mark.xdist_group("browser")]

KEY = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}")


def says_valid(demo: Demo, key: str) -> bool:
    answer = Visitor(demo.url).post_json("/api/v1/licences/validate", {"key": key, "nonce": "n" * 16})
    assert answer.status == 200
    return bool(answer.json["valid"])


@pytest.mark.parametrize("script", ["JavaScript on", "JavaScript off"])
def test_a_visitor_buys_and_gets_key_and_download(open_shop: Shop, demo: Demo, script: str) -> None:
    address = new_address("mira")
    page = open_shop(java_script_enabled=script == "JavaScript on")
    key = steps.buy(page, address)
    assert KEY.fullmatch(key)
    assert says_valid(demo, key)
    with page.expect_download() as got:
        page.locator("#get-title").locator("..").get_by_role("link").first.click()
    assert got.value.path().read_bytes().startswith(b"#!/usr/bin/env python3")
    letter = demo.wait_for_letter(address, "Your key")
    assert key in text_of(letter)
    assert page.url in text_of(letter)
    assert demo.wait_for_letter(address, "Receipt")
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "troth_session"
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"


def test_a_script_only_adds_a_button_that_copies_the_key(open_shop: Shop) -> None:
    page = open_shop(permissions=["clipboard-read", "clipboard-write"])
    key = steps.buy(page, new_address("mira"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key


def tab_to(page: Page, name: str) -> None:
    """Press Tab until this has the focus, and see that the focus shows."""
    focused = page.locator(":focus")
    for _ in range(80):
        page.keyboard.press("Tab")
        if focused.count() and (name == focused.get_attribute("name") or name in focused.inner_text()):
            break
    else:
        pytest.fail(f"Tab does not reach {name!r}")
    # Chromium gives the outline only to what :focus-visible matches.
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") != "none"


def test_somebody_buys_by_keyboard_alone_within_a_minute(open_shop: Shop) -> None:
    page = open_shop()
    started = time.monotonic()
    page.goto("/")
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    tab_to(page, "Fernside Backup")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products/fernside-backup")
    tab_to(page, "Buy for")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/**")
    tab_to(page, "email")
    page.keyboard.type(new_address("keys"))
    for box in ("deliver_now", "waiver"):
        tab_to(page, box)
        page.keyboard.press("Space")
    tab_to(page, "Order and pay")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*")
    tab_to(page, "Pay 46.41")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/pay/**")
    tab_to(page, "Pay 46.41")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*")
    steps.wait_for(page, steps.DELIVERED)
    assert KEY.fullmatch(steps.key_on(page))
    assert time.monotonic() - started < 60


def test_on_a_phone_nothing_is_wider_than_the_screen(open_shop: Shop) -> None:
    page = open_shop(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2)

    def require_it_fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url

    page.goto("/")
    require_it_fits()
    steps.go_to_checkout(page)
    require_it_fits()
    steps.type_address(page, new_address("phone"))
    steps.want_it_now(page)
    steps.press_the_button(page)
    require_it_fits()
    steps.pay(page)
    steps.wait_for(page, steps.DELIVERED)
    require_it_fits()


def test_with_all_cookies_blocked_somebody_buys_and_gets_the_key(open_shop: Shop, demo: Demo, tmp_path: Path) -> None:
    address = new_address("blocked")
    page = open_shop.watched(without_cookies(open_shop.browser, tmp_path / "profile", demo.url))
    steps.go_to_checkout(page)
    steps.type_address(page, address)
    steps.want_it_now(page)
    page.get_by_role("button", name="Order and pay").click()
    steps.pay(page)
    steps.wait_for(page, steps.DELIVERED)
    # State and download need no cookie; the key does not show itself to whoever has the link.
    assert page.locator("#key").count() == 0
    assert address not in page.content()
    with page.expect_download() as got:
        page.locator("#get-title").locator("..").get_by_role("link").first.click()
    assert got.value.path().stat().st_size > 10_000
    key = KEY.search(text_of(demo.wait_for_letter(address, "Your key")))
    assert key is not None
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("We sent a link")
    link = re.search(r"http://\S+/open/\S+", text_of(demo.wait_for_letter(address, "Your link")))
    assert link is not None
    page.goto(link.group())
    page.get_by_role("button", name="Show my order").click()
    assert steps.key_on(page) == key.group()
    assert page.context.cookies() == []
