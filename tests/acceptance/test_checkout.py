"""The checkout and the payment, as they go when not everything is as usual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance import steps
from tests.support.browser import NEEDS_CHROMIUM, Shop
from tests.support.demo import Demo, text_of, until
from tests.support.visitor import new_address
from troth.demo.store import CATALOGUE
from troth.web import format as written

pytestmark = [NEEDS_CHROMIUM, pytest.mark.xdist_group("browser")]

RECOVER = "fernside-recover"


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def the_button(page: Page) -> str:
    return page.locator(".slip button:visible").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def test_a_declined_card_costs_nothing_and_another_try_succeeds(open_shop: Shop) -> None:
    page = open_shop(java_script_enabled=False)
    steps.order(page, new_address("declined"))
    page.get_by_role("link", name="Pay").click()
    page.get_by_role("button", name="declined").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("link", name="Back to the shop").click()
    # The provider still takes another card for this order, so for the store it is simply not paid yet.
    assert heading(page) == "One step left: the payment."
    expect(page.locator(".lead")).to_contain_text("Your order is kept.")
    steps.pay(page)
    steps.wait_for(page, steps.DELIVERED)


def test_another_card_on_the_same_payment_page_succeeds(open_shop: Shop) -> None:
    page = open_shop(java_script_enabled=False)
    steps.order(page, new_address("declined"))
    page.get_by_role("link", name="Pay").click()
    page.get_by_role("button", name="declined").click()
    page.get_by_role("button", name="Pay").click()
    steps.wait_for(page, steps.DELIVERED)


def test_somebody_who_comes_back_without_paying_finds_the_order_kept(open_shop: Shop) -> None:
    page = open_shop()
    steps.order(page, new_address("later"))
    number = steps.number_on(page)
    page.get_by_role("link", name="Pay").click()
    page.get_by_role("link", name="Back to the shop").click()
    assert heading(page) == "One step left: the payment."
    assert steps.number_on(page) == number
    steps.pay(page)
    steps.wait_for(page, steps.DELIVERED)
    # The browser's own "back" leads to the provider, and from there to an address that was used already.
    page.go_back()
    page.get_by_role("link", name="Back to the shop").click()
    assert heading(page) == steps.DELIVERED
    assert steps.number_on(page) == number


def test_a_transfer_is_confirmed_by_the_maker_and_then_the_key_comes(open_shop: Shop, demo: Demo) -> None:
    address = new_address("transfer")
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, address)
    steps.want_it_now(page)
    page.get_by_label("By bank transfer").check()
    steps.press_the_button(page)
    assert heading(page) == "One transfer, and it is yours."
    number = steps.number_on(page)
    facts = page.locator("section", has=page.get_by_role("heading", name="Bank transfer"))
    for fact in ("Fernside Software", "DE02 1203 0000 0000 2020 51", "BYLADEM1001", "46.41 €", number):
        expect(facts).to_contain_text(fact)
    expect(facts.locator(".qr svg")).to_be_visible()
    asked = text_of(demo.wait_for_letter(address, "waits for its payment"))
    assert "DE02 1203 0000 0000 2020 51" in asked
    assert number in asked
    assert demo.troth("order", "confirm", number).returncode == 0
    steps.wait_for(page, steps.DELIVERED)
    assert steps.key_on(page) in text_of(demo.wait_for_letter(address, "Your key"))
    again = demo.troth("order", "confirm", number)
    assert again.returncode == 1
    assert "Nothing was changed" in again.stderr


def test_another_country_shows_another_sum_before_the_button(open_shop: Shop) -> None:
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, "mira@meadow.example")
    assert the_button(page) == "Order and pay 46.41 €"
    page.get_by_label("Country").select_option("FR")
    assert the_button(page) == "Update the total"
    steps.choose_country(page, "FR")
    assert the_button(page) == "Order and pay 46.80 €"
    expect(page.locator(".slip")).to_contain_text("20% VAT (France)")
    steps.choose_country(page, "US")
    assert the_button(page) == "Order and pay 39.00 €"
    # No right to withdraw that could end early, so nothing is asked about it.
    expect(page.get_by_label(steps.AT_ONCE)).to_have_count(0)
    expect(page.get_by_label("E-mail address")).to_have_value("mira@meadow.example")
    assert "mira" not in page.url


@contextmanager
def another_price(demo: Demo, folder: Path, product: str, before: str, after: str) -> Iterator[None]:
    """Let the maker change a price in the product file and import it; put it back at the end."""
    catalogue = CATALOGUE.read_text(encoding="utf-8")
    start = catalogue.index(f'slug = "{product}"')
    changed = catalogue[:start] + catalogue[start:].replace(before, after, 1)
    assert changed != catalogue
    for picture in CATALOGUE.parent.glob("captures/*"):
        (folder / "captures").mkdir(exist_ok=True)
        (folder / "captures" / picture.name).write_bytes(picture.read_bytes())
    file = folder / "catalogue.toml"
    try:
        file.write_text(changed, encoding="utf-8")
        demo.ask("product", "import", str(file))
        yield
    finally:
        file.write_text(catalogue, encoding="utf-8")
        demo.ask("product", "import", str(file))


def test_a_price_that_changed_meanwhile_is_shown_and_nothing_is_ordered(
    open_shop: Shop, demo: Demo, tmp_path: Path
) -> None:
    address = new_address("changed")
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page, RECOVER)
    steps.type_address(page, address)
    steps.want_it_now(page)
    before = the_button(page).removeprefix("Order and pay ")
    price = re.search(r'price = \{ EUR = "([\d.]+)"', CATALOGUE.read_text().split(f'slug = "{RECOVER}"')[1])
    assert price is not None
    with another_price(demo, tmp_path, RECOVER, f'EUR = "{price[1]}"', 'EUR = "100.00"'):
        steps.press_the_button(page)
        expect(page.get_by_role("alert")).to_contain_text("The sum is now 119.00 €. Nothing was ordered.")
        expect(page.get_by_role("alert")).to_contain_text(f"You saw {before} before.")
        expect(page.get_by_label("E-mail address")).to_have_value(address)
        expect(page.get_by_label(steps.WAIVER)).to_be_checked()
        assert page.context.cookies() == []
        assert demo.orders(address) == []
        page.get_by_role("button", name="Order and pay 119.00 €").click()
        assert heading(page) == "One step left: the payment."
    assert [one["total"] for one in demo.orders(address)] == ["119.00"]


def test_with_the_boxes_empty_the_key_waits_for_day_15_and_every_page_says_so(open_shop: Shop, demo: Demo) -> None:
    address = new_address("patient")
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, address)
    day = written.date(datetime.now(UTC) + timedelta(days=15), "en")
    slip = page.locator(".slip")
    expect(slip.locator(".when:visible")).to_contain_text(day)
    page.get_by_label(steps.AT_ONCE).check()  # one of two is not enough
    expect(slip.locator(".when:visible")).to_contain_text(day)
    page.get_by_label(steps.AT_ONCE).uncheck()
    steps.press_the_button(page)
    steps.pay(page)
    steps.wait_for(page, f"Paid. Your key comes on {day}.")
    assert page.locator("#key").count() == 0
    assert page.locator("#get-title").count() == 0
    assert day in text_of(demo.wait_for_letter(address, "your key comes on"))
    assert demo.letters(address, "Your key for") == []
    assert [one["state"] for one in demo.orders(address)] == ["paid"]


def test_a_business_is_asked_for_what_its_invoice_needs(open_shop: Shop, demo: Demo) -> None:
    address = new_address("firm")
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, address)
    steps.choose_country(page, "FR")
    page.get_by_label("I buy as a business").check()
    expect(page.get_by_label(steps.AT_ONCE)).to_be_hidden()
    page.get_by_label("VAT number").fill("FR00000000000")
    steps.press_the_button(page)
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("what you typed is still here")
    expect(summary.get_by_role("link")).to_have_count(3)
    expect(page.get_by_label("VAT number")).to_have_value("FR00000000000")
    page.get_by_label("Name or company").fill("Meadow & Daughters <SARL>")
    page.get_by_label("Address", exact=False).and_(page.locator("textarea")).fill("Rue Verte 3\n75011 Paris")
    page.get_by_label("VAT number").fill("FR 40 303 265 045")
    steps.press_the_button(page)
    expect(page.locator(".slip")).to_contain_text("46.80 €")  # tax is charged until the number can be checked
    steps.pay(page)
    steps.wait_for(page, steps.DELIVERED)
    for line in ("Meadow & Daughters <SARL>", "Rue Verte 3", "75011 Paris", "FR40303265045"):
        expect(page.locator(".slip")).to_contain_text(line)
    receipt = demo.wait_for_letter(address, "Receipt")
    assert "Meadow & Daughters <SARL>" in text_of(receipt)
    assert "FR40303265045" in text_of(receipt)


def test_a_double_click_on_the_button_makes_one_order(open_shop: Shop, demo: Demo) -> None:
    address = new_address("twice")
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, address)
    page.get_by_role("button", name="Order and pay").dblclick()
    expect(page).to_have_url(re.compile("/orders/"))
    (only,) = demo.orders(address)
    assert steps.number_on(page) == only["order"]


def test_a_mistyped_domain_is_asked_about_once_and_never_corrected_by_itself(open_shop: Shop, demo: Demo) -> None:
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, "mira@gmial.com")
    steps.press_the_button(page)
    expect(page.get_by_role("status")).to_contain_text("Did you mean mira@gmail.com?")
    expect(page.get_by_label("E-mail address")).to_have_value("mira@gmial.com")
    assert demo.orders("mira@gmial.com") == []
    steps.press_the_button(page)
    assert heading(page) == "One step left: the payment."
    assert len(until(lambda: demo.orders("mira@gmial.com"), "no order")) == 1


def test_enter_in_a_field_computes_the_sum_and_never_orders(open_shop: Shop, demo: Demo) -> None:
    address = new_address("enter")
    page = open_shop(java_script_enabled=False)
    steps.go_to_checkout(page)
    steps.type_address(page, address)
    page.get_by_label("E-mail address").press("Enter")
    expect(page.get_by_label("E-mail address")).to_have_value(address)
    assert demo.orders(address) == []
    assert page.context.cookies() == []
