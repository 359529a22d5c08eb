"""Money: whole minor units of one currency, and the only arithmetic the house does with amounts.

No floating point and no hidden rounding: `fraction` rounds half away from zero (commercial rounding, as
EN 16931 expects), so that a refund mirrors its sale to the cent. Exponents follow ISO 4217, not CLDR: CLDR
gives the digits people use in cash (RSD 0), payment providers count the units of the standard (RSD 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from typing_extensions import override

from troth.kernel.errors import Refused, TrothError

_NO_MINOR_UNIT: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_HUNDREDTHS: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU "
    "MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
    "SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST "
    "XCD XCG YER ZAR ZMW ZWG"
)
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: Final = MappingProxyType(
    dict.fromkeys(_NO_MINOR_UNIT.split(), 0)
    | dict.fromkeys(_HUNDREDTHS.split(), 2)
    | dict.fromkeys(_THOUSANDTHS.split(), 3)
)
"""Decimal digits of every currency in use: the minor units of ISO 4217 for the codes Babel 2.18 lists."""

_AMOUNT: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,3}))?")


class MixedCurrencies(TrothError):
    """Amounts in different currencies cannot be added or compared."""


class UnknownCurrency(Refused):
    """This is not a currency that is in use; it is written like EUR, three capital letters."""


class NotAnAmount(Refused):
    """This is not an amount of money. Please write it with a point and no spaces, like 39.00."""


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units (cents; may be negative) of `currency` (ISO 4217).

    Raises `UnknownCurrency`, `NotAnAmount`; adding or ordering two currencies raises `MixedCurrencies`.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what looks like an amount and is none: floats, truth values, unknown currencies."""
        if type(self.minor) is not int:
            raise NotAnAmount("An amount is a whole number of minor units.")
        if self.currency not in EXPONENTS:
            raise UnknownCurrency(field="currency")

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read "39.00", "39" or "-0.5": a point, no grouping, no more digits than the currency has."""
        if currency not in EXPONENTS:
            raise UnknownCurrency(field="currency")
        match = _AMOUNT.fullmatch(text)
        if match is None or len(match[3] or "") > EXPONENTS[currency]:
            raise NotAnAmount
        digits = match[2] + (match[3] or "").ljust(EXPONENTS[currency], "0")
        return cls(int(match[1] + digits), currency)

    @property
    def plain(self) -> str:
        """The amount for machines, without the currency: "39.00"; what `parse` reads back."""
        exponent = EXPONENTS[self.currency]
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return sign + (f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits)

    @override
    def __str__(self) -> str:
        return f"{self.plain} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, factor: int) -> Money:
        return Money(self.minor * factor, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._minor_of(other)

    def fraction(self, numerator: int, denominator: int) -> Money:
        """Return `numerator / denominator` of it, halves rounded away from zero."""
        if denominator <= 0:
            raise ValueError("the denominator of a fraction of money is positive")
        scaled = self.minor * numerator
        size = (2 * abs(scaled) + denominator) // (2 * denominator)
        return Money(-size if scaled < 0 else size, self.currency)

    def split(self, parts: int) -> tuple[Money, ...]:
        """Return `parts` amounts that add up to it and differ by one minor unit at most, the larger first."""
        return self.allocate([1] * parts)

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Share it out by weight: each share is its exact part cut or raised to a whole unit, the sum is it.

        The units left over go to the largest remainders, earlier ones first. No weight is negative.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("shares need weights that are not negative, and one that is positive")
        size = abs(self.minor)
        shares = [size * weight // whole for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda index: -(size * weights[index] % whole))
        for index in by_remainder[: size - sum(shares)]:
            shares[index] += 1
        sign = -1 if self.minor < 0 else 1
        return tuple(Money(sign * share, self.currency) for share in shares)

    def _minor_of(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MixedCurrencies
        return other.minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add up any number of amounts of one currency; none give zero. Raises `MixedCurrencies`."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
