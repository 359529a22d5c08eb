"""The form of a VAT identification number: country prefix, length and check digits, by python-stdnum.

EU numbers (Directive 2006/112/EC art. 215; Greece writes EL, Northern Ireland XI), GB, CH (UID with MWST,
TVA or IVA) and NO (with MVA). Whether a number is registered only VIES or the country's office knows;
nothing is asked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from stdnum.ch import vat as swiss
from stdnum.eu import vat as european
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.gb import vat as british
from stdnum.no import mva as norwegian
from stdnum.util import clean

from troth.kernel.errors import Refused
from troth.shop.countries import canonical
from troth.shop.rates import tax_territory

_LONGEST: Final = 40

SHAPES: Final = MappingProxyType(
    {
        "AT": "ATU12345678",
        "BE": "BE0123456789",
        "BG": "BG123456789",
        "CH": "CHE-123.456.789 MWST",
        "CY": "CY12345678X",
        "CZ": "CZ12345678",
        "DE": "DE123456789",
        "DK": "DK12345678",
        "EE": "EE123456789",
        "EL": "EL123456789",
        "ES": "ESX1234567X",
        "FI": "FI12345678",
        "FR": "FR12345678901",
        "GB": "GB123456789",
        "HR": "HR12345678901",
        "HU": "HU12345678",
        "IE": "IE1234567X",
        "IT": "IT12345678901",
        "LT": "LT123456789",
        "LU": "LU12345678",
        "LV": "LV12345678901",
        "MT": "MT12345678",
        "NL": "NL123456789B01",
        "NO": "NO 123 456 789 MVA",
        "PL": "PL1234567890",
        "PT": "PT123456789",
        "RO": "RO1234567890",
        "SE": "SE123456789001",
        "SI": "SI12345678",
        "SK": "SK1234567890",
        "XI": "XI123456789",
    }
)
"""How a number of each prefix looks; shown to a person whose number was not accepted."""

_PREFIXES: Final = MappingProxyType({"GR": "EL"})
_ELSEWHERE: Final = MappingProxyType({"CH": swiss, "GB": british, "NO": norwegian})


class VatIdRefused(Refused):
    """This does not look like a VAT id. Nothing was ordered; please check it, or leave the field empty.

    `reason` is "country" (no prefix we know), "digits" (the check digits do not fit) or "form"; `example`
    shows the form expected, "" for reason "country".
    """

    def __init__(self, reason: str, example: str = "") -> None:
        """Choose the sentence that helps; it never repeats what was typed."""
        super().__init__(_SENTENCES[reason].format(example=example), field="vat_id")
        self.reason = reason
        self.example = example


_SENTENCES: Final = MappingProxyType(
    {
        "country": "A VAT id begins with its country, like DE; we know the EU, GB, CH and NO. "
        "Nothing was ordered; please check it, or leave the field empty.",
        "digits": "The check digits of this VAT id do not fit; a right one is like {example}. "
        "Nothing was ordered; please check it, or leave the field empty.",
        "form": "This is not how a VAT id of that country looks, which is like {example}. "
        "Nothing was ordered; please check it, or leave the field empty.",
    }
)


@dataclass(frozen=True, slots=True)
class VatId:
    """A number of valid form: `number` with its prefix, without spaces and signs; `country` is ISO 3166-1."""

    country: str
    number: str


def check_vat_id(typed: str, country: str) -> VatId:
    """Read a VAT id as people write it; without a prefix it is taken for one of `country` (the buyer's).

    Raises `VatIdRefused`, `UnknownCountry`. An id of another country than the buyer's is accepted.
    """
    area = tax_territory(country)
    home = _PREFIXES.get(area, area)
    if len(typed) > _LONGEST:
        raise VatIdRefused("form", SHAPES.get(home, "DE123456789"))
    number = clean(typed, " -./·").upper()
    prefix = _PREFIXES.get(number[:2], number[:2])
    candidates = [prefix + number[2:]] if prefix in SHAPES else []
    if prefix != home and home in SHAPES:
        candidates.append(home + number)
    if not candidates:
        raise VatIdRefused("country")
    refusals = []
    for candidate in candidates:
        try:
            return _validated(candidate)
        except ValidationError as error:
            reason = "digits" if isinstance(error, InvalidChecksum) else "form"
            refusals.append(VatIdRefused(reason, SHAPES[candidate[:2]]))
    raise refusals[0]


def _validated(candidate: str) -> VatId:
    prefix = candidate[:2]
    module = _ELSEWHERE.get(prefix)
    number = module.validate(candidate) if module else european.validate(candidate)
    return VatId(canonical(prefix), number if number.startswith(prefix) else prefix + number)
