"""What a buyer does, step by step, in the words the pages use."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

BACKUP = "fernside-backup"
AT_ONCE = "Send me the key and the download at once"
WAIVER = "I know that I lose my right to withdraw"
DELIVERED = "Thank you. It is yours."
SETTLES_SECONDS = 30.0


def go_to_checkout(page: Page, product: str = BACKUP) -> None:
    """Walk from the program's page to the checkout."""
    page.goto(f"/products/{product}")
    page.get_by_role("link", name="Buy for").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Buy")


def type_address(page: Page, address: str) -> None:
    page.get_by_label("E-mail address").fill(address)


def choose_country(page: Page, code: str) -> None:
    """Choose a country and have the sum computed again, as the page asks."""
    page.get_by_label("Country").select_option(code)
    page.locator(".slip").get_by_role("button", name="Update the total").click()
    expect(page.locator(".slip .sum:visible")).to_have_count(1)


def want_it_now(page: Page) -> None:
    page.get_by_label(AT_ONCE).check()
    page.get_by_label(WAIVER).check()


def press_the_button(page: Page) -> None:
    """Order; until this moment nothing was kept in the browser."""
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.get_by_role("button", name="Order and pay").click()


def order(page: Page, address: str, *, product: str = BACKUP) -> None:
    """Order by card, delivered at once; the order's page is then open."""
    go_to_checkout(page, product)
    type_address(page, address)
    want_it_now(page)
    press_the_button(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One step left: the payment.")


def pay(page: Page) -> None:
    """Follow "Pay" to the provider and pay there; the order's page is then open again."""
    page.get_by_role("link", name="Pay").click()
    page.get_by_role("button", name="Pay").click()


def wait_for(page: Page, heading: str) -> None:
    """Load the order's page again, as it asks to, until it says this."""
    end = time.monotonic() + SETTLES_SECONDS
    shown = page.get_by_role("heading", level=1)
    while shown.inner_text() != heading and time.monotonic() < end:
        page.wait_for_timeout(300)
        page.reload()
    expect(shown).to_have_text(heading)


def buy(page: Page, address: str, *, product: str = BACKUP) -> str:
    """Buy from the first page to the last; return the key."""
    order(page, address, product=product)
    pay(page)
    wait_for(page, DELIVERED)
    return key_on(page)


def key_on(page: Page) -> str:
    """Return the key as the order's page shows it."""
    return page.locator("#key").inner_text().replace("\n", "").strip()


def number_on(page: Page) -> str:
    """Return the order's number."""
    title = page.title()
    return title.split("·")[0].split()[-1]
