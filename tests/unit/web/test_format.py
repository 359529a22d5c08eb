"""Amounts, rates, days, countries and sizes as people write them."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest

from troth.kernel.money import EXPONENTS, Money
from troth.web import format as shown

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount", "language", "text"),
    [
        (Money(4641, "EUR"), "en", f"46.41{NBSP}€"),
        (Money(4641, "EUR"), "de", f"46,41{NBSP}€"),
        (Money(4641, "EUR"), "fr", f"46,41{NBSP}€"),
        (Money(123456789, "EUR"), "en", f"1,234,567.89{NBSP}€"),
        (Money(123456789, "EUR"), "de", f"1.234.567,89{NBSP}€"),
        (Money(-4641, "EUR"), "en", f"-46.41{NBSP}€"),
        (Money(0, "EUR"), "en", f"0.00{NBSP}€"),
        (Money(3900, "USD"), "en", f"39.00{NBSP}US$"),
        (Money(3900, "JPY"), "en", f"3,900{NBSP}JP¥"),
        (Money(1234, "KWD"), "en", f"1.234{NBSP}KWD"),
        (Money(3900, "RSD"), "en", f"39.00{NBSP}RSD"),
    ],
)
def test_amounts(amount: Money, language: str, text: str) -> None:
    assert shown.money(amount, language) == text


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_every_currency_shows_its_minor_units(currency: str) -> None:
    digits = shown.money(Money(1234567, currency), "en").split(NBSP, maxsplit=1)[0]
    assert len(digits.partition(".")[2]) == EXPONENTS[currency]


@pytest.mark.parametrize(
    ("basis_points", "english", "german"),
    [
        (1900, "19%", f"19{NBSP}%"),
        (2550, "25.5%", f"25,5{NBSP}%"),
        (810, "8.1%", f"8,1{NBSP}%"),
        (0, "0%", f"0{NBSP}%"),
    ],
)
def test_rates(basis_points: int, english: str, german: str) -> None:
    assert shown.percent(basis_points, "en") == english
    assert shown.percent(basis_points, "de") == german


def test_days() -> None:
    assert shown.date(dt.date(2026, 11, 2), "en") == "2 November 2026"
    assert shown.date(dt.date(2026, 11, 2), "de") == "2. November 2026"


def test_the_day_of_an_instant_is_the_one_in_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=13))
    assert shown.date(dt.datetime(2026, 11, 3, 1, 0, tzinfo=east), "en") == "2 November 2026"


def test_countries() -> None:
    assert shown.country("GR", "en") == "Greece"
    assert shown.country("GR", "de") == "Griechenland"
    assert shown.country("QX", "en") == "QX"


@pytest.mark.parametrize(
    ("octets", "english", "german"),
    [
        (0, "0 B", "0 B"),
        (1, "1 B", "1 B"),
        (999, "999 B", "999 B"),
        (1000, "1 kB", "1 kB"),
        (4_210_000, "4.2 MB", "4,2 MB"),
        (42_400_000, "42 MB", "42 MB"),
        (7 * 10**9, "7 GB", "7 GB"),
        (3 * 10**15, "3000 TB", "3000 TB"),
    ],
)
def test_sizes(octets: int, english: str, german: str) -> None:
    assert shown.file_size(octets, "en").replace(NBSP, " ") == english
    assert shown.file_size(octets, "de").replace(NBSP, " ") == german


@pytest.mark.parametrize("language", ["", "xx-nowhere", "../en", "tlh"])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(shown.UnknownLanguage):
        shown.money(Money(1, "EUR"), language)


def test_a_region_may_be_named() -> None:
    assert shown.date(dt.date(2026, 11, 2), "pt-BR") == "2 de novembro de 2026"


def test_babel_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, troth.web.format, troth.shop.countries; print('babel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
