"""Countries: the ISO 3166-1 codes, their names, and who belonged to the Union and the EEA on which day.

Names come from CLDR through Babel, imported at the first use. Membership dates: the treaties of accession;
the United Kingdom left on 31 January 2020 at midnight in Brussels, so 1 February 2020 is its first day
outside.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from troth.kernel.errors import Refused

_LISTED: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
CODES: Final = frozenset(_LISTED.split())
"""The 249 codes of ISO 3166-1 and XK (Kosovo: a code left to users, and people live there)."""

_ALIASES: Final = MappingProxyType({"EL": "GR", "UK": "GB", "XI": "GB"})

_JOINED: Final = MappingProxyType(
    dict.fromkeys(("BE", "DE", "FR", "IT", "LU", "NL"), date(1958, 1, 1))
    | dict.fromkeys(("DK", "GB", "IE"), date(1973, 1, 1))
    | {"GR": date(1981, 1, 1)}
    | dict.fromkeys(("ES", "PT"), date(1986, 1, 1))
    | dict.fromkeys(("AT", "FI", "SE"), date(1995, 1, 1))
    | dict.fromkeys(("CY", "CZ", "EE", "HU", "LT", "LV", "MT", "PL", "SI", "SK"), date(2004, 5, 1))
    | dict.fromkeys(("BG", "RO"), date(2007, 1, 1))
    | {"HR": date(2013, 7, 1)}
)
_LEFT: Final = MappingProxyType({"GB": date(2020, 2, 1)})
_JOINED_EEA: Final = MappingProxyType({"IS": date(1994, 1, 1), "LI": date(1995, 5, 1), "NO": date(1994, 1, 1)})
EEA: Final = (frozenset(_JOINED) - frozenset(_LEFT)) | frozenset(_JOINED_EEA)
"""Today's members of the European Economic Area."""


class UnknownCountry(Refused):
    """Please choose a country from the list."""

    def __init__(self) -> None:
        """Point at the form's field `country`."""
        super().__init__(field="country")


def canonical(code: str) -> str:
    """Return the ISO code in capitals, also for EL, UK and XI (Northern Ireland); raises `UnknownCountry`."""
    upper = code.strip().upper()
    upper = _ALIASES.get(upper, upper)
    if not code.isascii() or upper not in CODES:  # other letters may have ASCII capitals
        raise UnknownCountry
    return upper


def is_eu(code: str, on: date) -> bool:
    """Whether the country (canonical code) was a member of the European Union on that day."""
    left = _LEFT.get(code)
    return code in _JOINED and _JOINED[code] <= on and (left is None or on < left)


def is_eea(code: str, on: date) -> bool:
    """Whether it was in the European Economic Area: the Union, Iceland, Liechtenstein and Norway."""
    return is_eu(code, on) or (code in _JOINED_EEA and _JOINED_EEA[code] <= on)


@lru_cache(maxsize=64)
def choices(language: str, first: str) -> tuple[tuple[str, str], ...]:
    """List (code, name) for a select: the seller's own country first, the others by name in that language."""
    listed = _by_name(language)
    return (*(pair for pair in listed if pair[0] == first), *(pair for pair in listed if pair[0] != first))


def name(code: str, language: str) -> str:
    """Return the country's name in that language, CLDR's; raises `UnknownCountry`."""
    return dict(_by_name(language))[canonical(code)]


@cache
def _by_name(language: str) -> tuple[tuple[str, str], ...]:
    from babel import Locale  # noqa: PLC0415 - Babel is loaded when a page first shows names

    territories = Locale.parse(language.replace("-", "_")).territories
    return tuple(sorted(((code, str(territories[code])) for code in CODES), key=lambda pair: _sorted_as(pair[1])))


def _sorted_as(text: str) -> str:
    """Sort Ägypten beside Afghanistan: letters without their marks, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
