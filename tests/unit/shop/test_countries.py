"""Countries: codes, names and memberships."""

from __future__ import annotations

from datetime import date

import pytest

from troth.shop.countries import CODES, EEA, UnknownCountry, canonical, choices, is_eea, is_eu, name

TODAY = date(2026, 11, 22)


def members(on: date) -> int:
    return sum(is_eu(code, on) for code in CODES)


@pytest.mark.parametrize(
    ("on", "count"),
    [
        (date(1957, 12, 31), 0),
        (date(1958, 1, 1), 6),
        (date(1972, 12, 31), 6),
        (date(1973, 1, 1), 9),
        (date(1981, 1, 1), 10),
        (date(1986, 1, 1), 12),
        (date(1995, 1, 1), 15),
        (date(2004, 4, 30), 15),
        (date(2004, 5, 1), 25),
        (date(2007, 1, 1), 27),
        (date(2013, 7, 1), 28),
        (date(2020, 1, 31), 28),
        (date(2020, 2, 1), 27),
        (TODAY, 27),
    ],
)
def test_the_union_grew_and_shrank_on_known_days(on: date, count: int) -> None:
    assert members(on) == count


def test_the_economic_area() -> None:
    assert {code for code in CODES if is_eea(code, TODAY)} == EEA
    assert len(EEA) == 30
    assert {"IS", "LI", "NO"} <= EEA
    assert not {"CH", "GB"} & EEA


def test_codes_and_their_other_spellings() -> None:
    assert len(CODES) == 250
    assert canonical(" de ") == "DE"
    assert (canonical("EL"), canonical("UK"), canonical("XI")) == ("GR", "GB", "GB")
    for wrong in ("", "EU", "ZZ", "A1", "DEU", "\N{LATIN SMALL LETTER DOTLESS I}t"):
        with pytest.raises(UnknownCountry) as caught:
            canonical(wrong)
        assert caught.value.field == "country"


def test_the_select_begins_with_the_sellers_country_and_goes_on_by_name() -> None:
    listed = choices("de", "DE")
    assert listed[0] == ("DE", "Deutschland")
    assert len(listed) == len(CODES) == len(dict(listed))
    names = [shown for _, shown in listed[1:]]
    assert names.index("Afghanistan") < names.index("Ägypten") < names.index("Algerien")
    assert names.index("Österreich") < names.index("Pakistan")


def test_names_are_in_the_language_asked_for() -> None:
    assert name("el", "en") == "Greece"
    assert name("GR", "fr") == "Grèce"
    assert dict(choices("en", "DE"))["XK"] == "Kosovo"
    with pytest.raises(UnknownCountry):
        name("ZZ", "en")
