"""The form of VAT ids, as businesses write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from troth.shop.countries import CODES, UnknownCountry, is_eu
from troth.shop.vatid import SHAPES, VatId, VatIdRefused, check_vat_id

# Numbers printed in python-stdnum's documentation, one for each prefix.
VALID = {
    "AT": "ATU13585627",
    "BE": "BE0428759497",
    "BG": "BG175074752",
    "CH": "CHE107787577IVA",
    "CY": "CY10259033P",
    "CZ": "CZ25123891",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "EE": "EE100931558",
    "EL": "EL094259216",
    "ES": "ESJ99216582",
    "FI": "FI20774740",
    "FR": "FR40303265045",
    "GB": "GB980780684",
    "HR": "HR33392005961",
    "HU": "HU12892312",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "LT": "LT119511515",
    "LU": "LU15027442",
    "LV": "LV40003521600",
    "MT": "MT11679112",
    "NL": "NL004495445B01",
    "NO": "NO995525828MVA",
    "PL": "PL8567346215",
    "PT": "PT501964843",
    "RO": "RO18547290",
    "SE": "SE556188840401",
    "SI": "SI50223054",
    "SK": "SK2022749619",
    "XI": "XI980780684",
}
ISO = {"EL": "GR", "XI": "GB"}


def test_every_member_and_three_more_have_a_shape_and_an_example() -> None:
    union = {code for code in CODES if is_eu(code, date(2026, 11, 22))}
    assert set(SHAPES) == set(VALID) == union - {"GR"} | {"EL", "XI", "CH", "GB", "NO"}
    assert all(shape.startswith(prefix) for prefix, shape in SHAPES.items())


@pytest.mark.parametrize("prefix", sorted(VALID))
def test_a_valid_number_is_kept_in_its_normal_form(prefix: str) -> None:
    expected = VatId(ISO.get(prefix, prefix), VALID[prefix])
    assert check_vat_id(VALID[prefix], expected.country) == expected
    assert check_vat_id(f" {VALID[prefix][:4].lower()} {VALID[prefix][4:]}", expected.country) == expected
    assert check_vat_id(VALID[prefix], "US") == expected


@pytest.mark.parametrize("prefix", sorted(set(VALID) - {"CH", "XI"}))
def test_without_its_prefix_a_number_is_one_of_the_buyers_country(prefix: str) -> None:
    expected = VatId(ISO.get(prefix, prefix), VALID[prefix])
    assert check_vat_id(VALID[prefix][2:], expected.country) == expected


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("GR 094259216", "GR", "EL094259216"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("CHE-107.787.577 IVA", "LI", "CHE107787577IVA"),
        ("NO 995 525 828 MVA", "NO", "NO995525828MVA"),
        ("GB 980 7806 84", "IM", "GB980780684"),
        ("NL4495445B01", "NL", "NL004495445B01"),
        ("BE428759497", "BE", "BE0428759497"),
        ("K7399859412", "FR", "FRK7399859412"),
        ("DE 136 695 976", "FR", "DE136695976"),
        ("fr-40.303.265/045", "DE", "FR40303265045"),
    ],
)
def test_ways_to_write_it(typed: str, country: str, number: str) -> None:
    assert check_vat_id(typed, country).number == number


@pytest.mark.parametrize(
    ("typed", "country", "reason", "example"),
    [
        ("DE136695977", "DE", "digits", "DE123456789"),
        ("136695977", "DE", "digits", "DE123456789"),
        ("DE13669597", "DE", "form", "DE123456789"),
        ("DE13669597A", "DE", "form", "DE123456789"),
        ("", "DE", "form", "DE123456789"),
        ("DE", "DE", "form", "DE123456789"),
        ("CHE-107.787.577", "CH", "form", "CHE-123.456.789 MWST"),
        ("995525828", "NO", "form", "NO 123 456 789 MVA"),
        ("ATU13585626", "DE", "digits", "ATU12345678"),
        ("DE" + "1" * 500, "DE", "form", "DE123456789"),
        ("1" * 500, "US", "form", "DE123456789"),
        ("US123456789", "US", "country", ""),
        ("123456789", "US", "country", ""),
        ("EU826010755", "US", "country", ""),
        ("IM3720000224", "US", "country", ""),
    ],
)
def test_a_wrong_number_is_refused_with_a_sentence_that_helps(
    typed: str, country: str, reason: str, example: str
) -> None:
    with pytest.raises(VatIdRefused) as caught:
        check_vat_id(typed, country)
    assert (caught.value.reason, caught.value.example, caught.value.field) == (reason, example, "vat_id")
    assert example in caught.value.detail
    assert "Nothing was ordered" in caught.value.detail
    assert len(typed) < 3 or typed not in caught.value.detail


def test_the_buyers_country_is_one() -> None:
    with pytest.raises(UnknownCountry):
        check_vat_id("DE136695976", "ZZ")


@given(st.text(max_size=60), st.sampled_from(sorted(CODES)))
@example("DE\u0661\u0663\u0666\u0666\u0669\u0665\u0669\u0667\u0666", "DE")
@example("DE²³¹²³¹²³¹", "DE")
def test_any_text_is_a_number_or_refused(typed: str, country: str) -> None:
    try:
        found = check_vat_id(typed, country)
    except VatIdRefused:
        return
    assert found.number.isascii()
    assert check_vat_id(found.number, country) == found


@given(st.sampled_from(sorted(VALID)), st.text(alphabet="0123456789ABXYZ \u0661²", min_size=1, max_size=14))
def test_any_tail_after_a_prefix_is_a_number_or_refused(prefix: str, tail: str) -> None:
    try:
        found = check_vat_id(prefix + tail, "DE")
    except VatIdRefused:
        return
    assert found.number.isascii()
    assert found.number.isalnum()
