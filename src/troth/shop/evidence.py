"""Two facts about where a buyer is: the country stated, and that of the card or account the provider saw.

Council Implementing Regulation (EU) 282/2011 art. 24b and 24f ask for two items that do not contradict
each other. Where they differ the order is flagged for the maker; the tax charged stays as it was shown and
agreed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError

from troth.shop.countries import UnknownCountry
from troth.shop.rates import tax_territory


class Verdict(StrEnum):
    """What the two facts say about each other."""

    AGREE = "agree"
    DIFFER = "differ"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The country stated and the one the provider saw (None if it saw none we know), ISO 3166-1."""

    stated: str
    provider: str | None
    verdict: Verdict

    @property
    def flagged(self) -> bool:
        """Whether the maker should look at the order."""
        return self.verdict is Verdict.DIFFER


def compare(stated: str, provider: str | None) -> Evidence:
    """Hold the two facts against each other, by VAT area: a French card in Monaco agrees.

    Raises `UnknownCountry` for the country stated; one of the provider's that we do not know counts as
    missing.
    """
    area = tax_territory(stated)
    other = _find_area(provider)
    if other is None:
        return Evidence(stated, None, Verdict.MISSING)
    return Evidence(stated, provider, Verdict.AGREE if area == other else Verdict.DIFFER)


def find_iban_country(iban: str) -> str | None:
    """Return the country of an account, None if this is no IBAN (ISO 13616)."""
    try:
        return iban_number.validate(iban)[:2]
    except ValidationError:
        return None


def _find_area(country: str | None) -> str | None:
    try:
        return tax_territory(country) if country else None
    except UnknownCountry:
        return None
