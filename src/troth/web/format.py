"""Amounts, rates, dates, countries and sizes as people write them in each language (CLDR, through Babel).

Babel is imported at the first use, not at start. English follows CLDR's English for Europe (`en-150`):
"46.41 €" and "22 November 2026". Between an amount and its symbol or unit stands a no-break space (U+00A0).
"""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from troth.kernel.errors import Refused
from troth.kernel.money import EXPONENTS, Money

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

_PREFERRED: Final = {"en": "en_150"}
_SIZES: Final = ("B", "kB", "MB", "GB", "TB")
_KILO: Final = 1000
_SMALL: Final = 10


class UnknownLanguage(Refused):
    """There is no such language; it is written like de or pt-BR (BCP 47)."""


@lru_cache(maxsize=2048)
def money(amount: Money, language: str) -> str:
    """Write an amount with its symbol and the decimals ISO 4217 gives the currency: "46.41 €", "46,41 €"."""
    exponent = EXPONENTS[amount.currency]
    pattern = _pattern("currency", language, exponent, exponent)
    value = Decimal(amount.minor).scaleb(-exponent)
    return str(pattern.apply(value, _locale(language), currency=amount.currency, currency_digits=False))


@lru_cache(maxsize=256)
def percent(basis_points: int, language: str) -> str:
    """Write a rate given in hundredths of a per cent, without needless zeros: "19%", "25.5%", "25,5 %"."""
    value = Decimal(basis_points).scaleb(-4)
    return str(_pattern("percent", language, 0, 2).apply(value, _locale(language)))


@lru_cache(maxsize=512)
def date(when: dt.date | dt.datetime, language: str) -> str:
    """Write a day in full: "22 November 2026"; of an instant its day in UTC."""
    from babel.dates import format_date  # noqa: PLC0415 - lazy: see the module's text

    if isinstance(when, dt.datetime):
        when = when.astimezone(dt.UTC).date()
    return format_date(when, "long", locale=_locale(language))


def country(code: str, language: str) -> str:
    """Name a country (ISO 3166-1 alpha-2); a code CLDR has no name for stays as it is."""
    return str(_locale(language).territories.get(code, code))


def file_size(octets: int, language: str) -> str:
    """Write a size in decimal units, below ten with one decimal: "512 B", "4.2 MB", "42 MB" (SI)."""
    from babel.numbers import format_decimal  # noqa: PLC0415 - lazy: see the module's text

    value, step = Decimal(octets), 0
    while value >= _KILO and step < len(_SIZES) - 1:
        value, step = value / _KILO, step + 1
    shown = "0.#" if step and value < _SMALL else "0"
    return f"{format_decimal(value, format=shown, locale=_locale(language))}\N{NO-BREAK SPACE}{_SIZES[step]}"


@cache
def _locale(language: str) -> Locale:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - lazy: see the module's text

    try:
        return Locale.parse(_PREFERRED.get(language, language).replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise UnknownLanguage from error


@cache
def _pattern(kind: str, language: str, least: int, most: int) -> NumberPattern:
    """Return the language's number pattern with the decimals we ask for instead of its own."""
    locale = _locale(language)
    formats = locale.currency_formats if kind == "currency" else locale.percent_formats
    pattern: NumberPattern = copy.copy(formats["standard" if kind == "currency" else None])
    pattern.frac_prec = (least, most)
    return pattern
