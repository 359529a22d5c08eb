"""Orders as values: the table of moves, the dates that follow from others, and numbers to read out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from troth.kernel.money import Money
from troth.shop import model
from troth.shop.model import (
    TRANSITIONS,
    Checkout,
    Draft,
    Edition,
    Method,
    Order,
    Price,
    State,
    new_order_number,
    sources,
)
from troth.shop.tax import Sum

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def order(**changes: Any) -> Order:
    zero = Money(0, "EUR")
    made: dict[str, Any] = {
        "id": "0" * 32, "number": "ABCD-EFGH", "person": "1" * 32, "state": State.INITIATED, "product": "backup",
        "edition": "home", "sum": Sum(zero, zero, zero), "tax_country": "DE", "tax_rate": 1900, "tax_notice": "",
        "country": "DE", "business": False, "method": Method.CARD, "language": "en", "flag": "", "created_at": NOON,
        "deliver_at": None, "paid_at": None, "fulfilled_at": None, "refunded_at": None, "waits": False, "asked": True,
        "draft": None, "buyer": None, "invoice": None,
    }  # fmt: skip
    return Order(**made | changes)


def test_the_table_is_the_one_in_the_docstring() -> None:
    """The picture people read and the table the program obeys are one."""
    assert model.__doc__ is not None
    lines = [line for line in model.__doc__.splitlines() if line.startswith("    ")]
    head, *rows = lines
    columns = {name: head.index(name) for name in head.split()[1:]}
    drawn = {
        State(row.split()[0]): {
            State(name) for name, at in columns.items() if "x" in row[at : at + len(name)] and row[at:].strip()
        }
        for row in rows
    }
    assert drawn == {state: set(targets) for state, targets in TRANSITIONS.items() if targets}


def test_an_order_that_is_over_stays_so() -> None:
    assert {state for state, targets in TRANSITIONS.items() if not targets} == {
        State.CANCELLED,
        State.EXPIRED,
        State.REFUNDED,
    }
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("target", State)
def test_where_an_order_may_come_from_is_the_table_read_backwards(target: State) -> None:
    assert set(sources(target)) == {state for state, targets in TRANSITIONS.items() if target in targets}
    assert target not in sources(target)


def test_a_key_is_given_for_money_only() -> None:
    assert sources(State.FULFILLED) == (State.PAID,)
    assert set(sources(State.REFUNDED)) == {State.PAID, State.FULFILLED}


@pytest.mark.parametrize(
    ("waits", "asked", "agreed"),
    [(False, True, True), (True, True, False), (False, False, False), (True, False, False)],
)
def test_who_was_not_asked_agreed_to_nothing(*, waits: bool, asked: bool, agreed: bool) -> None:
    assert order(waits=waits, asked=asked).agreed is agreed


def test_an_open_order_is_forgotten_after_30_days() -> None:
    assert order().expires_at == NOON + timedelta(days=30)
    assert order().line == "0" * 32 + "-1"


def test_numbers_hold_nothing_that_is_misheard_or_counts_sales() -> None:
    numbers = {new_order_number() for _ in range(500)}
    assert len(numbers) == 500
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", one) for one in numbers)


def test_a_checkout_says_nothing_of_its_buyer_when_printed() -> None:
    made = Checkout(
        "backup", "home", "mira@meadow.example", "DE", "EUR",
        name="Mira Meadow", address="Am Kanal 12", vat_id="DE136695976", once="secret-token",
    )  # fmt: skip
    for personal in ("mira", "Mira", "Kanal", "DE136695976", "secret-token"):
        assert personal not in repr(made)
    assert "mira" not in repr(Draft(email="mira@meadow.example", token="t"))


def test_a_price_is_found_by_its_currency() -> None:
    edition = Edition("home", "Home", "once", (), 0, (Price("EUR", 3900), Price("USD", 4200)))
    found = edition.find_price("USD")
    assert found is not None
    assert found.money == Money(4200, "USD")
    assert edition.find_price("CHF") is None
