"""The checkout follows what is chosen, in a real browser that runs no script: sums, button, fields, delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.preview.render import ROOT, Shelf
from tests.preview.samples import checkout, checkout_form
from tests.preview.templates import draw, environment

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is missing: apt-get install chromium")


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(155, draw(environment(), checkout("checkout", checkout_form())))


@pytest.fixture(scope="module")
def opened(shelf: Shelf) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_context(java_script_enabled=False).new_page()
        page.set_default_timeout(10_000)
        page.route("**/*", shelf.answer)
        yield page
        browser.close()


@pytest.fixture
def page(opened: Page) -> Page:
    opened.goto(f"{ROOT}/")
    return opened


def visible_button(page: Page) -> str:
    return page.locator(".slip button:visible").inner_text()


def test_the_button_names_the_sum_of_the_edition_chosen(page: Page) -> None:
    assert visible_button(page) == "Order and pay 46.41 €"
    page.get_by_label("Studio").check()
    assert visible_button(page) == "Order and pay 105.91 €"
    expect(page.locator(".slip .total td:visible")).to_have_text("105.91 €")


def test_another_country_hides_the_sum_until_it_is_computed_again(page: Page) -> None:
    page.get_by_label("Your country").select_option("FR")
    assert visible_button(page) == "Update the total"
    expect(page.locator(".slip .receipt:visible")).to_have_count(0)
    page.get_by_label("Your country").select_option("DE")
    assert visible_button(page) == "Order and pay 46.41 €"


def test_a_business_is_asked_for_name_and_address_and_not_about_withdrawal(page: Page) -> None:
    expect(page.get_by_label("Name or company")).to_be_hidden()
    page.get_by_label("I buy as a business").check()
    expect(page.get_by_label("Name or company")).to_be_visible()
    expect(page.get_by_label("Send me the key and the download at once")).to_be_hidden()


def test_the_slip_says_when_the_key_comes(page: Page) -> None:
    said = page.locator(".slip .when:visible")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("7 December 2026")
    page.get_by_label("Send me the key and the download at once").check()
    expect(said).to_contain_text("7 December 2026")
    page.get_by_label("I know that I lose my right").check()
    expect(said).to_contain_text("as soon as the payment is there")


def test_nothing_is_ticked_for_anybody(page: Page) -> None:
    expect(page.locator("[type=checkbox]:checked")).to_have_count(0)


def test_enter_in_a_field_computes_the_price_and_does_not_order(page: Page) -> None:
    page.get_by_label("Your e-mail address").fill("mira@meadow.example")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_label("Your e-mail address").press("Enter")
    assert "step=price" in (sent.value.post_data or "")


def test_the_form_is_reached_by_keyboard_in_the_order_of_the_page(page: Page) -> None:
    asked = ["edition", "email", "country", "business", "payment", "deliver_now", "waiver", "news", "no_similar"]
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.locator(":focus").get_attribute("name") if page.locator(":focus").count() else None
        reached += [name] if name else []
    in_the_form = reached[: reached.index("edition", 1)] if "edition" in reached[1:] else reached
    assert [name for name in in_the_form if name != "step"] == asked
    assert in_the_form[-1] == "step"
