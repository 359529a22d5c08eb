"""The QR code of a SEPA credit transfer, held against EPC069-12 v2.1 and another implementation."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from segno import helpers

from troth.kernel.money import Money
from troth.shop.epc import Account, TransferRefused, payload, svg

IBAN = "DE89370400440532013000"
MAKER = Account("Fernside Software", IBAN)
PRICE = Money(4641, "EUR")


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


def test_the_lines_stand_in_the_order_of_the_standard() -> None:
    account = Account("Fernside Software", "DE89 3704 0044 0532 0130 00", "COBADEFF XXX".replace(" ", ""))
    assert payload(account, PRICE, "Order 2026-000123").split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "COBADEFFXXX",
        "Fernside Software",
        "DE89370400440532013000",
        "EUR46.41",
        "",
        "",
        "Order 2026-000123",
    ]


def test_a_creditor_reference_has_its_own_line_and_nothing_follows() -> None:
    lines = payload(MAKER, PRICE, "RF18 5390 0754 7034").split("\n")
    assert lines[4] == ""
    assert lines[8:] == ["", "RF18539007547034"]


def test_a_wrong_creditor_reference_is_plain_text() -> None:
    assert payload(MAKER, PRICE, "RF19 5390 0754 7034").split("\n")[9:] == ["", "RF19 5390 0754 7034"]


@pytest.mark.parametrize(
    ("minor", "written"),
    [(1, "EUR0.01"), (100, "EUR1.00"), (4641, "EUR46.41"), (99_999_999_999, "EUR999999999.99")],
)
def test_amounts_within_the_standards_limits(minor: int, written: str) -> None:
    assert payload(MAKER, euro(minor), "x").split("\n")[7] == written


@pytest.mark.parametrize("amount", [euro(0), euro(-1), euro(100_000_000_000), Money(4641, "USD"), Money(1, "JPY")])
def test_other_amounts_are_refused(amount: Money) -> None:
    with pytest.raises(TransferRefused) as caught:
        payload(MAKER, amount, "x")
    assert caught.value.field == "amount"


@pytest.mark.parametrize(
    ("account", "field"),
    [
        ({"name": "A", "iban": "DE89370400440532013001"}, "iban"),
        ({"name": "A", "iban": "DE8937040044053201300"}, "iban"),
        ({"name": "A", "iban": ""}, "iban"),
        ({"name": "A", "iban": "ZZ89370400440532013000"}, "iban"),
        ({"name": "A", "iban": IBAN, "bic": "COBADEFFXX"}, "bic"),
        ({"name": "A", "iban": IBAN, "bic": "C0BADEFF"}, "bic"),
        ({"name": "A", "iban": "GB29NWBK60161331926819"}, "bic"),
        ({"name": "A", "iban": "CH9300762011623852957"}, "bic"),
        ({"name": "", "iban": IBAN}, "legal_name"),
        ({"name": "A" * 71, "iban": IBAN}, "legal_name"),
        ({"name": "A\nEUR0.01", "iban": IBAN}, "legal_name"),
        ({"name": " A", "iban": IBAN}, "legal_name"),
        ({"name": "A\u2028B", "iban": IBAN}, "legal_name"),
    ],
)
def test_an_account_that_cannot_be_paid_is_refused(account: dict[str, str], field: str) -> None:
    with pytest.raises(TransferRefused) as caught:
        Account(**account)
    assert caught.value.field == field


def test_an_account_is_kept_without_spaces() -> None:
    account = Account("A" * 70, "gb29 nwbk 6016 1331 9268 19", "nwbkgb2l")
    assert (account.iban, account.bic) == ("GB29NWBK60161331926819", "NWBKGB2L")


@pytest.mark.parametrize("reference", ["", " ", "a\nb", "a\rb", "x" * 141, "a\x00b", "x "])
def test_a_reference_is_one_line_of_up_to_140_characters(reference: str) -> None:
    with pytest.raises(TransferRefused) as caught:
        payload(MAKER, PRICE, reference)
    assert caught.value.field == "reference"


def test_331_bytes_are_the_limit() -> None:
    wide = Account("é" * 70, IBAN)
    room = 331 - len(payload(wide, PRICE, "x").encode()) + 1
    assert len(payload(wide, PRICE, "x" * min(room, 140)).encode()) <= 331
    broad = Account("€" * 70, IBAN)
    with pytest.raises(TransferRefused):
        payload(broad, PRICE, "é" * 140)


def modules(content: str) -> Any:
    return segno.make_qr(content, error="m", boost_error=False, encoding="utf-8").matrix


@given(
    st.text(alphabet="ABCdef äöüé&-.0189", min_size=1, max_size=70).filter(lambda text: text == text.strip()),
    st.integers(1, 99_999_999_999).filter(lambda minor: minor % 10),
    st.text(alphabet="ABCdef äöü-.0189", min_size=1, max_size=60).filter(lambda text: text == text.strip()),
)
def test_segnos_own_helper_draws_the_same_code(name: str, minor: int, reference: str) -> None:
    # Cents without a trailing zero, because segno shortens 46.40 to 46.4; both are allowed.
    ours = payload(Account(name, IBAN), euro(minor), reference)
    theirs = helpers.make_epc_qr(name, IBAN, Decimal(euro(minor).plain), text=reference, encoding=1)
    assert modules(ours) == theirs.matrix


def test_the_drawing_is_an_image_with_a_name() -> None:
    drawn = svg(payload(MAKER, PRICE, "Order 2026-000123"), 'Pay 46.41 € to "A & B" <soon>')
    root = ET.fromstring(drawn)  # noqa: S314 - our own output
    assert root.get("role") == "img"
    title = next(iter(root))
    assert title.tag.rpartition("}")[2] == "title"
    assert title.text == 'Pay 46.41 € to "A & B" <soon>'
    assert "style" not in drawn
    assert "script" not in drawn
    assert root.get("viewBox")
    assert root.get("width") is None


def test_the_largest_payload_is_drawn_within_version_13() -> None:
    ET.fromstring(svg("x" * 331, "t"))  # noqa: S314 - our own output
    with pytest.raises(TransferRefused):
        svg("x" * 332, "t")
