"""Amounts: exact, one currency at a time, and rounded only where somebody asked for a fraction."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from babel.core import get_global
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel.codec import from_json, to_json
from troth.kernel.errors import Refused
from troth.kernel.money import EXPONENTS, MixedCurrencies, Money, NotAnAmount, UnknownCurrency, total

minors = st.integers(min_value=-(10**14), max_value=10**14)
currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.builds(Money, minors, currencies)

# CLDR counts the digits of daily cash here, ISO 4217 the minor units that invoices and payment providers use.
CASH_DIGITS_ONLY = set("AFN ALL IRR KPW LAK LBP MGA MMK RSD SOS SYP YER".split())  # noqa: SIM905


def currencies_in_use() -> set[str]:
    territories: Mapping[str, Any] = get_global("territory_currencies")
    return {code for rows in territories.values() for code, _, end, tender in rows if tender and end is None}


def test_every_currency_in_use_has_an_exponent() -> None:
    assert currencies_in_use() <= set(EXPONENTS)


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_exponents_equal_babels_but_where_it_counts_cash(currency: str) -> None:
    if currency in CASH_DIGITS_ONLY:
        assert (EXPONENTS[currency], get_currency_precision(currency)) == (2, 0)
    elif currency == "IQD":
        assert (EXPONENTS[currency], get_currency_precision(currency)) == (3, 0)
    else:
        assert EXPONENTS[currency] == get_currency_precision(currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("39.00", "EUR", 3900),
        ("39", "EUR", 3900),
        ("39.5", "EUR", 3950),
        ("-0.05", "EUR", -5),
        ("0", "EUR", 0),
        ("3900", "JPY", 3900),
        ("1.234", "KWD", 1234),
        ("999999999999999.99", "EUR", 99999999999999999),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "EUR"),
        ("39,00", "EUR"),
        ("1,000.00", "EUR"),
        ("39.001", "EUR"),
        ("39.", "EUR"),
        (".5", "EUR"),
        ("039", "EUR"),
        ("+39", "EUR"),
        ("3e2", "EUR"),
        (" 39", "EUR"),
        ("39\n", "EUR"),
        ("NaN", "EUR"),
        ("\u0663\u0669", "EUR"),
        ("39.5", "JPY"),
        ("1" * 16, "EUR"),
        ("1" * 5000, "EUR"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(NotAnAmount):
        Money.parse(text, currency)


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "XAU", "DEM", "€"])
def test_an_unknown_currency_is_refused_and_names_its_field(currency: str) -> None:
    with pytest.raises(UnknownCurrency) as caught:
        Money.parse("1", currency)
    assert caught.value.field == "currency"
    with pytest.raises(UnknownCurrency):
        Money(1, currency)


@pytest.mark.parametrize("minor", [1.0, True, "1", None, Decimal(1)])
def test_only_whole_numbers_are_minor_units(minor: Any) -> None:
    with pytest.raises(NotAnAmount):
        Money(minor, "EUR")


def test_two_currencies_do_not_mix() -> None:
    euro, dollar = Money(1, "EUR"), Money(1, "USD")
    for mixing in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
        lambda: euro > dollar,
        lambda: euro >= dollar,
        lambda: total([euro, dollar], "EUR"),
        lambda: total([dollar], "EUR"),
    ):
        with pytest.raises(MixedCurrencies):
            mixing()
    assert euro != dollar


def test_amounts_of_one_currency_are_ordered() -> None:
    assert sorted([Money(3, "EUR"), Money(-1, "EUR"), Money(2, "EUR")]) == [
        Money(-1, "EUR"),
        Money(2, "EUR"),
        Money(3, "EUR"),
    ]
    assert Money(1, "EUR") <= Money(1, "EUR") >= Money(1, "EUR")
    assert not Money(1, "EUR") < Money(1, "EUR")


def test_arithmetic_and_text() -> None:
    assert Money(3900, "EUR") * 2 - Money(1, "EUR") == Money(7799, "EUR")
    assert 3 * Money(5, "EUR") == Money(15, "EUR")
    assert total([], "JPY") == Money(0, "JPY")
    assert str(Money(-5, "EUR")) == "-0.05 EUR"
    assert Money(-1234567, "KWD").plain == "-1234.567"
    assert Money(0, "JPY").plain == "0"


@pytest.mark.parametrize(
    ("minor", "numerator", "denominator", "result"),
    [
        (3900, 19, 100, 741),
        (1, 1, 2, 1),
        (-1, 1, 2, -1),
        (3, 1, 2, 2),
        (-3, 1, 2, -2),
        (1, 49, 100, 0),
        (1, 50, 100, 1),
        (1, 51, 100, 1),
        (3, -1, 2, -2),
        (0, 7, 3, 0),
    ],
)
def test_halves_go_away_from_zero(minor: int, numerator: int, denominator: int, result: int) -> None:
    assert Money(minor, "EUR").fraction(numerator, denominator) == Money(result, "EUR")


@given(minors, st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_fractions_equal_decimals_half_up(minor: int, numerator: int, denominator: int) -> None:
    exact = Decimal(minor * numerator)
    # ROUND_HALF_UP rounds the size, as we do; a remainder is exact where a decimal quotient could be cut.
    quotient, remainder = divmod(abs(exact), denominator)
    rounded = (quotient + remainder / denominator).quantize(Decimal(1), ROUND_HALF_UP)
    assert Money(minor, "EUR").fraction(numerator, denominator).minor == int(rounded.copy_sign(exact))


@given(amounts, st.integers(-1000, 1000), st.integers(1, 1000))
def test_a_fraction_of_the_opposite_is_the_opposite(amount: Money, numerator: int, denominator: int) -> None:
    assert (-amount).fraction(numerator, denominator) == -(amount.fraction(numerator, denominator))


@given(amounts)
def test_what_is_written_reads_back(amount: Money) -> None:
    assert Money.parse(amount.plain, amount.currency) == amount
    assert from_json(to_json(amount), Money) == amount


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any))
def test_shares_add_up_and_are_fair(amount: Money, weights: list[int]) -> None:
    shares = amount.allocate(weights)
    assert total(shares, amount.currency) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.minor * sum(weights) - amount.minor * weight) < sum(weights)
        assert weight or not share.minor


@given(amounts, st.integers(1, 50))
def test_parts_differ_by_one_unit_at_most(amount: Money, parts: int) -> None:
    sizes = [abs(part.minor) for part in amount.split(parts)]
    assert sum(sizes) == abs(amount.minor)
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_shares_need_sensible_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, "EUR").allocate(weights)


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_fraction_needs_a_positive_denominator(denominator: int) -> None:
    with pytest.raises(ValueError, match="denominator"):
        Money(100, "EUR").fraction(1, denominator)


@pytest.mark.parametrize("data", [b'{"minor": 1.5, "currency": "EUR"}', b'{"minor": 1, "currency": "ZZZ"}'])
def test_json_of_no_amount_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        from_json(data, Money)
