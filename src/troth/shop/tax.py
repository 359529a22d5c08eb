"""Which VAT a sale carries, and how a price divides into net, tax and total.

Electronic services to consumers are taxed where the consumer is (Directive 2006/112/EC art. 58; GB: VAT
Act 1994 Sch. 4A para. 15; CH: MWSTG art. 8(1); NO: merverdiavgiftsloven § 3-30); a small seller inside the
Union may stay with its home rate for all its consumers (art. 59c, 10,000 €). The maker says in `[seller]
tax` which rule applies; nothing here guesses one. A buyer who states a business is charged the same until
VIES is asked (art. 44, 196).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from troth.kernel.config import SellerSettings
from troth.kernel.errors import ConfigError, Conflict
from troth.kernel.money import Money, total
from troth.shop.countries import UnknownCountry, is_eu
from troth.shop.rates import TABLE_VERSION, has_rates, rate_on, tax_territory

_WHOLE: Final = 10_000  # basis points in one


class Regime(StrEnum):
    """The values of `[seller] tax`."""

    EXEMPT = "exempt"
    DOMESTIC = "domestic"
    OSS = "oss"
    NON_UNION = "non-union"
    NONE = "none"


class Notice(StrEnum):
    """What must stand beside a sum without tax; the text is the message to translate."""

    SMALL_BUSINESS = "No VAT is charged: the seller is exempt as a small business."
    # § 34a UStDV asks for a reference to the exemption; the German words stay in every language.
    SMALL_BUSINESS_DE = "No VAT is charged: steuerfrei nach § 19 UStG (Kleinunternehmer)."
    OUTSIDE = "No VAT is charged: the service is supplied outside the VAT area of the seller."
    NOT_NEEDED = ""


class NoTaxRegime(Conflict):
    """This store cannot sell yet: its maker has not said which tax applies. Nothing was ordered.

    The setting is `[seller] tax` in troth.toml.
    """


class RegimeUnfit(ConfigError):
    """This `[seller] tax` does not fit the seller's country."""


@dataclass(frozen=True, slots=True)
class SellerTax:
    """What decides the tax on the seller's side: regime, country, VAT registrations in other countries."""

    tax: Regime | None
    country: str
    registered: frozenset[str] = frozenset()

    @classmethod
    def of(cls, seller: SellerSettings) -> SellerTax:
        """Read it from `[seller]`."""
        return cls(Regime(seller.tax) if seller.tax else None, seller.country, frozenset(seller.registered))


@dataclass(frozen=True, slots=True)
class TaxDecision:
    """The tax on a sale, with everything needed to decide it again.

    `country` is the one whose tax is charged ("" for none), `rate` its rate in hundredths of a per cent.
    `label` is the message that names the tax line ("" for no line), `notice` what is printed where nothing
    is charged.
    """

    regime: Regime
    country: str
    rate: int
    label: str
    notice: Notice
    table_version: str
    buyer_country: str
    business: bool
    on: date


@dataclass(frozen=True, slots=True)
class Sum:
    """A price taken apart; net + tax = total, always."""

    net: Money
    tax: Money
    total: Money


def check_regime(seller: SellerTax, on: date) -> Regime:
    """Return the seller's regime if it can be applied.

    Raises `NoTaxRegime` if it is missing, `RegimeUnfit` if it contradicts the country or names one without
    a rate.
    """
    if seller.tax is None:
        raise NoTaxRegime
    for country in seller.registered:
        if not _has_rates(country):
            raise RegimeUnfit(f"[seller] registered: there is no VAT rate for {country} in the table.")
    if not _has_country(seller.country):
        raise RegimeUnfit(f"[seller] country: {seller.country!r} is not a country of ISO 3166-1.")
    inside = is_eu(tax_territory(seller.country), on)
    if seller.tax is Regime.OSS and not inside:
        raise RegimeUnfit('[seller] tax = "oss" is for sellers in the EU; outside it, it is "non-union".')
    if seller.tax is Regime.NON_UNION and inside:
        raise RegimeUnfit('[seller] tax = "non-union" is for sellers outside the EU; inside it, it is "oss".')
    if seller.tax is Regime.DOMESTIC and not has_rates(seller.country):
        raise RegimeUnfit(f'[seller] tax = "domestic": there is no VAT rate for {seller.country} in the table.')
    return seller.tax


def decide_tax(seller: SellerTax, *, buyer_country: str, business: bool, on: date) -> TaxDecision:
    """Decide the tax on a sale to a buyer in a country on a day.

    Raises `NoTaxRegime`, `RegimeUnfit`, `UnknownCountry` (the buyer's) and `NoRate` (a day before the
    table begins).
    """
    regime = check_regime(seller, on)
    territory = tax_territory(buyer_country)
    charged = None if regime is Regime.NONE else _charged_country(seller, regime, territory, on)
    return TaxDecision(
        regime=regime,
        country=charged or "",
        rate=rate_on(charged, on).basis_points if charged else 0,
        label="VAT" if charged else "",
        notice=Notice.NOT_NEEDED if charged else _notice(seller, regime),
        table_version=TABLE_VERSION,
        buyer_country=buyer_country,
        business=business,
        on=on,
    )


def price(amount: Money, *, includes_tax: bool, decision: TaxDecision) -> Sum:
    """Take one line's price apart, rounding its tax half up (a refund's mirrors it).

    A net price taken to gross and back is the same net price; a gross price stays the total it was.
    """
    if includes_tax:
        tax = amount.fraction(decision.rate, _WHOLE + decision.rate)
        return Sum(amount - tax, tax, amount)
    tax = amount.fraction(decision.rate, _WHOLE)
    return Sum(amount, tax, amount + tax)


def add_up(lines: Iterable[Sum], currency: str) -> Sum:
    """Add the lines of an order; their tax was rounded per line and is not rounded again."""
    listed = tuple(lines)
    return Sum(
        total((line.net for line in listed), currency),
        total((line.tax for line in listed), currency),
        total((line.total for line in listed), currency),
    )


def _charged_country(seller: SellerTax, regime: Regime, territory: str, on: date) -> str | None:
    """Return whose tax a buyer there is charged; a registration there goes before every rule but home."""
    home = tax_territory(seller.country)
    if territory == home:
        return home if regime is not Regime.EXEMPT and has_rates(home) else None
    if territory in {tax_territory(country) for country in seller.registered}:
        return territory
    if regime is Regime.EXEMPT or not is_eu(territory, on):
        return None
    if regime in {Regime.OSS, Regime.NON_UNION}:
        return territory
    return home if is_eu(home, on) else None


def _notice(seller: SellerTax, regime: Regime) -> Notice:
    if regime is Regime.NONE:
        return Notice.NOT_NEEDED
    if regime is not Regime.EXEMPT:
        return Notice.OUTSIDE if has_rates(seller.country) else Notice.NOT_NEEDED
    return Notice.SMALL_BUSINESS_DE if tax_territory(seller.country) == "DE" else Notice.SMALL_BUSINESS


def _has_rates(country: str) -> bool:
    return _has_country(country) and has_rates(country)


def _has_country(country: str) -> bool:
    try:
        tax_territory(country)
    except UnknownCountry:
        return False
    return True
