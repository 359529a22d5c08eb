"""The two facts about where a buyer is."""

from __future__ import annotations

import pytest

from troth.shop.countries import UnknownCountry
from troth.shop.evidence import Evidence, Verdict, compare, find_iban_country


@pytest.mark.parametrize(
    ("stated", "provider", "verdict"),
    [
        ("DE", "DE", Verdict.AGREE),
        ("DE", "de", Verdict.AGREE),
        ("GR", "EL", Verdict.AGREE),
        ("MC", "FR", Verdict.AGREE),
        ("GB", "IM", Verdict.AGREE),
        ("LI", "CH", Verdict.AGREE),
        ("DE", "FR", Verdict.DIFFER),
        ("US", "CA", Verdict.DIFFER),
        ("DE", None, Verdict.MISSING),
        ("DE", "", Verdict.MISSING),
        ("DE", "ZZ", Verdict.MISSING),
    ],
)
def test_facts_are_held_against_each_other(stated: str, provider: str | None, verdict: Verdict) -> None:
    evidence = compare(stated, provider)
    assert evidence.verdict is verdict
    assert evidence.flagged is (verdict is Verdict.DIFFER)
    assert evidence.stated == stated


def test_what_the_provider_saw_is_kept_only_if_it_is_a_country() -> None:
    assert compare("DE", "FR") == Evidence("DE", "FR", Verdict.DIFFER)
    assert compare("DE", "<script>").provider is None


def test_the_country_stated_is_one() -> None:
    with pytest.raises(UnknownCountry):
        compare("ZZ", "DE")


@pytest.mark.parametrize(
    ("iban", "country"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE"),
        ("gb29 nwbk 6016 1331 9268 19", "GB"),
        ("CH9300762011623852957", "CH"),
        ("DE89 3704 0044 0532 0130 01", None),
        ("", None),
        ("no account", None),
    ],
)
def test_the_country_of_an_account(iban: str, country: str | None) -> None:
    assert find_iban_country(iban) == country
