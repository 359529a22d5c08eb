"""Standard VAT rates for electronically supplied services: since when, and by which law.

`rates.csv` holds the 27 members of the Union, Great Britain, Switzerland and Norway: the rate in force at
the end of 2023 and every change since. Software is nowhere among the reduced rates of these countries.
`TABLE_VERSION` is the day the table was last compared with its sources; change it with the table.

Territories with a code of their own: Monaco counts as France and the Isle of Man as Great Britain
(Directive 2006/112/EC art. 7), Liechtenstein as Switzerland (one VAT area by treaty), Northern Ireland as
Great Britain (the Windsor Framework keeps it in the Union's VAT for goods, not for services). Åland, the
French overseas departments, Svalbard and others with a code of their own are outside the VAT territory and
have no rate here. Those without a code (Canary Islands, Ceuta, Melilla, Madeira, Azores, Livigno,
Büsingen, Heligoland, Mount Athos) cannot be told from their country by what a buyer states: their buyers
are charged the country's standard rate.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from troth.kernel.errors import NotFound
from troth.shop.countries import canonical

TABLE_VERSION: Final = "2026-11-22"

_TERRITORIES: Final = MappingProxyType({"IM": "GB", "LI": "CH", "MC": "FR"})


class NoRate(NotFound):
    """There is no VAT rate for this country and day in the table."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A standard rate in hundredths of a per cent, valid from a day until the country's next row."""

    country: str
    basis_points: int
    valid_from: date
    source: str


def tax_territory(code: str) -> str:
    """Return the country whose VAT area this one belongs to, usually itself; raises `UnknownCountry`."""
    country = canonical(code)
    return _TERRITORIES.get(country, country)


def has_rates(code: str) -> bool:
    """Whether the table knows this country's VAT area."""
    return tax_territory(code) in table()


def rate_on(code: str, on: date) -> Rate:
    """Return the standard rate in force in a country on a day; raises `NoRate`, `UnknownCountry`."""
    for rate in reversed(table().get(tax_territory(code), ())):
        if rate.valid_from <= on:
            return rate
    raise NoRate


@cache
def table() -> MappingProxyType[str, tuple[Rate, ...]]:
    """Return every row by country, oldest first; read once from the file beside this module."""
    rows: dict[str, tuple[Rate, ...]] = {}
    text = resources.files(__package__).joinpath("rates.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        rate = Rate(row["country"], int(row["basis_points"]), date.fromisoformat(row["valid_from"]), row["source"])
        rows[rate.country] = (*rows.get(rate.country, ()), rate)
    return MappingProxyType(rows)
