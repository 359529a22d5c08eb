"""The table of VAT rates: complete, sourced, and right on the day before a change and on its day."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from importlib import resources

import pytest

from troth.shop.countries import CODES, UnknownCountry, is_eu
from troth.shop.rates import TABLE_VERSION, NoRate, has_rates, rate_on, table, tax_territory

TABLE_BEGINS = date(2023, 12, 31)
TODAY = date.fromisoformat(TABLE_VERSION)
OTHERS = {"CH", "GB", "NO"}

# Every change of a standard rate since the end of 2023: (country, first day, before, from that day).
CHANGES = [
    ("CH", date(2024, 1, 1), 770, 810),
    ("EE", date(2024, 1, 1), 2000, 2200),
    ("LU", date(2024, 1, 1), 1600, 1700),
    ("FI", date(2024, 9, 1), 2400, 2550),
    ("SK", date(2025, 1, 1), 2000, 2300),
    ("EE", date(2025, 7, 1), 2200, 2400),
    ("RO", date(2025, 8, 1), 1900, 2100),
]

# Standard rates at the table's version, written down a second time (TEDB; HMRC; ESTV; Skatteetaten).
NOW = {
    "AT": 2000,
    "BE": 2100,
    "BG": 2000,
    "CH": 810,
    "CY": 1900,
    "CZ": 2100,
    "DE": 1900,
    "DK": 2500,
    "EE": 2400,
    "ES": 2100,
    "FI": 2550,
    "FR": 2000,
    "GB": 2000,
    "GR": 2400,
    "HR": 2500,
    "HU": 2700,
    "IE": 2300,
    "IT": 2200,
    "LT": 2100,
    "LU": 1700,
    "LV": 2100,
    "MT": 1800,
    "NL": 2100,
    "NO": 2500,
    "PL": 2300,
    "PT": 2300,
    "RO": 2100,
    "SE": 2500,
    "SI": 2200,
    "SK": 2300,
}


@pytest.mark.parametrize(("country", "first_day", "before", "after"), CHANGES)
def test_a_change_takes_effect_on_its_day(country: str, first_day: date, before: int, after: int) -> None:
    assert rate_on(country, first_day - timedelta(days=1)).basis_points == before
    assert rate_on(country, first_day).basis_points == after
    assert rate_on(country, first_day).valid_from == first_day


def test_there_are_no_other_changes() -> None:
    found = [
        (rate.country, rate.valid_from, rows[index].basis_points, rate.basis_points)
        for rows in table().values()
        for index, rate in enumerate(rows[1:])
        if rate.valid_from > TABLE_BEGINS
    ]
    assert sorted(found) == sorted(CHANGES)


def test_rates_of_today() -> None:
    assert {country: rate_on(country, TODAY).basis_points for country in table()} == NOW


def test_the_whole_union_and_three_more_are_there_since_the_end_of_2023() -> None:
    assert set(table()) == {code for code in CODES if is_eu(code, TODAY)} | OTHERS
    assert all(rows[0].valid_from <= TABLE_BEGINS for rows in table().values())


def test_rows_are_in_order_and_name_their_source() -> None:
    for country, rows in table().items():
        days = [rate.valid_from for rate in rows]
        assert days == sorted(set(days))
        for rate in rows:
            assert rate.country == country
            assert 500 < rate.basis_points <= 2700
            assert len(rate.source) > 10
            assert rate.valid_from <= TODAY


def test_the_version_changes_with_the_table() -> None:
    content = resources.files("troth.shop").joinpath("rates.csv").read_bytes()
    assert (TABLE_VERSION, hashlib.sha256(content).hexdigest()) == (
        "2026-11-22",
        "eb578d2c3a6f1e2a056c7b412440a9228941e0f1ad467c349cdc35a32148ac91",
    )


@pytest.mark.parametrize(
    ("code", "territory"),
    [
        ("EL", "GR"),
        ("gr", "GR"),
        ("XI", "GB"),
        ("UK", "GB"),
        ("IM", "GB"),
        ("MC", "FR"),
        ("LI", "CH"),
        ("DE", "DE"),
    ],
)
def test_territories_count_as_their_country(code: str, territory: str) -> None:
    assert tax_territory(code) == territory
    assert rate_on(code, TODAY) == rate_on(territory, TODAY)


@pytest.mark.parametrize("code", ["US", "AX", "RE", "GP", "SJ", "JE", "GG", "SM", "VA", "GI", "IS"])
def test_outside_the_vat_areas_there_is_no_rate(code: str) -> None:
    assert not has_rates(code)
    with pytest.raises(NoRate):
        rate_on(code, TODAY)


def test_before_the_first_row_there_is_no_rate() -> None:
    with pytest.raises(NoRate):
        rate_on("LU", date(2022, 12, 31))


@pytest.mark.parametrize("code", ["", "ZZ", "DEU", "D", "日本"])
def test_what_is_no_country_is_refused(code: str) -> None:
    with pytest.raises(UnknownCountry):
        rate_on(code, TODAY)
