"""Which tax a sale carries, and sums that always add up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from troth.kernel.config import SellerSettings
from troth.kernel.money import MixedCurrencies, Money
from troth.shop.countries import CODES, UnknownCountry, is_eu
from troth.shop.rates import TABLE_VERSION, NoRate, rate_on, table
from troth.shop.tax import (
    NoTaxRegime,
    Notice,
    Regime,
    RegimeUnfit,
    SellerTax,
    Sum,
    TaxDecision,
    add_up,
    check_regime,
    decide_tax,
    price,
)

TODAY = date(2026, 11, 22)


def seller(tax: str | None, country: str = "DE", *registered: str) -> SellerTax:
    return SellerTax(Regime(tax) if tax else None, country, frozenset(registered))


def decide(sold_by: SellerTax, buyer: str, *, business: bool = False, on: date = TODAY) -> TaxDecision:
    return decide_tax(sold_by, buyer_country=buyer, business=business, on=on)


@pytest.mark.parametrize(
    ("sold_by", "buyer", "country", "rate"),
    [
        (seller("oss"), "DE", "DE", 1900),
        (seller("oss"), "FR", "FR", 2000),
        (seller("oss"), "HU", "HU", 2700),
        (seller("oss"), "EL", "GR", 2400),
        (seller("oss"), "MC", "FR", 2000),
        (seller("oss"), "FI", "FI", 2550),
        (seller("oss", "DE", "GB"), "GB", "GB", 2000),
        (seller("oss", "DE", "CH"), "LI", "CH", 810),
        (seller("oss", "MC"), "DE", "DE", 1900),
        (seller("domestic"), "DE", "DE", 1900),
        (seller("domestic"), "HU", "DE", 1900),
        (seller("domestic", "HU"), "LU", "HU", 2700),
        (seller("domestic", "DE", "AT"), "AT", "AT", 2000),
        (seller("domestic", "DE", "NO"), "NO", "NO", 2500),
        (seller("domestic", "GB"), "GB", "GB", 2000),
        (seller("domestic", "GB"), "IM", "GB", 2000),
        (seller("domestic", "CH"), "CH", "CH", 810),
        (seller("domestic", "CH"), "LI", "CH", 810),
        (seller("domestic", "NO"), "NO", "NO", 2500),
        (seller("domestic", "GB", "IE"), "IE", "IE", 2300),
        (seller("non-union", "GB"), "GB", "GB", 2000),
        (seller("non-union", "GB"), "DE", "DE", 1900),
        (seller("non-union", "CH"), "CH", "CH", 810),
        (seller("non-union", "US"), "EE", "EE", 2400),
        (seller("non-union", "US", "GB"), "GB", "GB", 2000),
        (seller("exempt", "DE", "GB"), "GB", "GB", 2000),
    ],
)
def test_tax_is_charged(sold_by: SellerTax, buyer: str, country: str, rate: int) -> None:
    decision = decide(sold_by, buyer)
    assert (decision.country, decision.rate, decision.label) == (country, rate, "VAT")
    assert decision.notice is Notice.NOT_NEEDED
    assert (decision.regime, decision.table_version) == (sold_by.tax, TABLE_VERSION)
    assert (decision.buyer_country, decision.business, decision.on) == (buyer, False, TODAY)


@pytest.mark.parametrize(
    ("sold_by", "buyer", "notice"),
    [
        (seller("exempt"), "DE", Notice.SMALL_BUSINESS_DE),
        (seller("exempt"), "FR", Notice.SMALL_BUSINESS_DE),
        (seller("exempt"), "US", Notice.SMALL_BUSINESS_DE),
        (seller("exempt", "DE", "GB"), "DE", Notice.SMALL_BUSINESS_DE),
        (seller("exempt", "AT"), "DE", Notice.SMALL_BUSINESS),
        (seller("exempt", "US"), "US", Notice.SMALL_BUSINESS),
        (seller("oss"), "US", Notice.OUTSIDE),
        (seller("oss"), "GB", Notice.OUTSIDE),
        (seller("oss"), "CH", Notice.OUTSIDE),
        (seller("oss"), "NO", Notice.OUTSIDE),
        (seller("oss", "FR"), "RE", Notice.OUTSIDE),
        (seller("oss", "FI"), "AX", Notice.OUTSIDE),
        (seller("domestic"), "GB", Notice.OUTSIDE),
        (seller("domestic", "GB"), "DE", Notice.OUTSIDE),
        (seller("domestic", "CH"), "DE", Notice.OUTSIDE),
        (seller("domestic", "NO"), "SE", Notice.OUTSIDE),
        (seller("non-union", "GB"), "US", Notice.OUTSIDE),
        (seller("non-union", "US"), "US", Notice.NOT_NEEDED),
        (seller("none", "US"), "DE", Notice.NOT_NEEDED),
        (seller("none", "DE", "GB"), "GB", Notice.NOT_NEEDED),
    ],
)
def test_no_tax_is_charged_and_the_page_says_why(sold_by: SellerTax, buyer: str, notice: Notice) -> None:
    decision = decide(sold_by, buyer)
    assert (decision.country, decision.rate, decision.label) == ("", 0, "")
    assert decision.notice is notice


def test_the_german_notice_names_the_paragraph_in_german() -> None:
    assert "steuerfrei nach § 19 UStG (Kleinunternehmer)" in Notice.SMALL_BUSINESS_DE


@given(st.sampled_from(["oss", "domestic", "exempt", "none"]), st.sampled_from(sorted(CODES)))
def test_a_business_is_charged_like_anybody_until_vies_is_asked(tax: str, buyer: str) -> None:
    person, business = decide(seller(tax), buyer), decide(seller(tax), buyer, business=True)
    assert (person.country, person.rate, person.notice) == (business.country, business.rate, business.notice)
    assert business.business


@given(st.sampled_from(sorted(CODES)), st.dates(date(2023, 12, 31), TODAY))
def test_under_oss_the_buyers_country_decides_inside_the_union_and_nothing_outside(buyer: str, on: date) -> None:
    decision = decide(seller("oss"), buyer, on=on)
    if is_eu(buyer, on):
        assert (decision.country, decision.rate) == (buyer, rate_on(buyer, on).basis_points)
    elif buyer == "MC":
        assert decision.country == "FR"
    else:
        assert (decision.rate, decision.notice) == (0, Notice.OUTSIDE)


def test_the_day_of_the_sale_decides_the_rate() -> None:
    assert decide(seller("oss"), "EE", on=date(2025, 6, 30)).rate == 2200
    assert decide(seller("oss"), "EE", on=date(2025, 7, 1)).rate == 2400


def test_without_a_regime_nothing_is_sold() -> None:
    with pytest.raises(NoTaxRegime, match="Nothing was ordered"):
        decide(seller(None), "DE")


@pytest.mark.parametrize(
    ("sold_by", "said"),
    [
        (seller("oss", "GB"), "oss"),
        (seller("oss", "US"), "oss"),
        (seller("non-union", "DE"), "non-union"),
        (seller("domestic", "US"), "domestic"),
        (seller("oss", "DE", "US"), "registered"),
        (seller("oss", "DE", "ZZ"), "registered"),
        (seller("none", "ZZ"), "country"),
    ],
)
def test_a_regime_that_contradicts_the_country_is_named(sold_by: SellerTax, said: str) -> None:
    with pytest.raises(RegimeUnfit, match=said):
        check_regime(sold_by, TODAY)
    with pytest.raises(RegimeUnfit):
        decide(sold_by, "DE")


def test_an_unknown_buyer_country_or_day_is_refused() -> None:
    with pytest.raises(UnknownCountry):
        decide(seller("oss"), "ZZ")
    with pytest.raises(UnknownCountry):
        decide(seller("none"), "ZZ")
    with pytest.raises(NoRate):
        decide(seller("oss"), "LU", on=date(2022, 6, 1))


def test_the_settings_are_read() -> None:
    settings = SellerSettings(country="DE", tax="oss", registered=("GB", "CH"))
    assert SellerTax.of(settings) == seller("oss", "DE", "GB", "CH")
    assert SellerTax.of(SellerSettings(country="DE")).tax is None


# --- sums ---

RATES = sorted({rate.basis_points for rows in table().values() for rate in rows} | {0})


def at(rate: int) -> TaxDecision:
    return TaxDecision(Regime.OSS, "DE", rate, "VAT", Notice.NOT_NEEDED, TABLE_VERSION, "DE", business=False, on=TODAY)


minors = st.integers(-(10**12), 10**12)
decisions = st.builds(at, st.sampled_from(RATES))
lines = st.lists(st.tuples(minors, decisions, st.booleans()), max_size=20)


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("amount", "includes_tax", "rate", "parts"),
    [
        (3900, False, 1900, (3900, 741, 4641)),
        (4641, True, 1900, (3900, 741, 4641)),
        (8900, False, 1900, (8900, 1691, 10591)),
        (3900, False, 2550, (3900, 995, 4895)),
        (3900, False, 810, (3900, 316, 4216)),
        (4900, True, 2700, (3858, 1042, 4900)),
        (50, False, 1900, (50, 10, 60)),
        (-3900, False, 1900, (-3900, -741, -4641)),
        (4900, True, 0, (4900, 0, 4900)),
    ],
)
def test_prices_come_apart(amount: int, rate: int, parts: tuple[int, int, int], *, includes_tax: bool) -> None:
    net, tax, whole = parts
    assert price(euro(amount), includes_tax=includes_tax, decision=at(rate)) == Sum(euro(net), euro(tax), euro(whole))


@given(minor=minors, decision=decisions, includes_tax=st.booleans())
def test_net_and_tax_are_the_total(minor: int, decision: TaxDecision, *, includes_tax: bool) -> None:
    parts = price(euro(minor), includes_tax=includes_tax, decision=decision)
    assert parts.net + parts.tax == parts.total
    assert (parts.total if includes_tax else parts.net) == euro(minor)
    # The tax is the nearest cent to the exact one, of the net or of the gross price.
    whole = 10_000 + (decision.rate if includes_tax else 0)
    assert abs(2 * (parts.tax.minor * whole - minor * decision.rate)) <= whole


@given(minors, decisions)
def test_net_to_gross_to_net_is_the_same_net(minor: int, decision: TaxDecision) -> None:
    gross = price(euro(minor), includes_tax=False, decision=decision)
    assert price(gross.total, includes_tax=True, decision=decision) == gross


@given(minors, decisions)
def test_gross_to_net_to_gross_settles_at_once(minor: int, decision: TaxDecision) -> None:
    first = price(euro(minor), includes_tax=True, decision=decision)
    back = price(first.net, includes_tax=False, decision=decision)
    assert abs(back.total.minor - minor) <= 1  # some gross prices are no net price plus its tax
    assert price(back.total, includes_tax=True, decision=decision) == back


@given(one=minors, other=minors, decision=decisions, includes_tax=st.booleans())
def test_a_higher_price_is_never_cheaper(one: int, other: int, decision: TaxDecision, *, includes_tax: bool) -> None:
    assume(one <= other)
    cheap, dear = (price(euro(minor), includes_tax=includes_tax, decision=decision) for minor in (one, other))
    assert (cheap.net <= dear.net, cheap.tax <= dear.tax, cheap.total <= dear.total) == (True, True, True)


@given(minor=minors, includes_tax=st.booleans())
def test_a_higher_rate_is_never_less_tax(minor: int, *, includes_tax: bool) -> None:
    taxes = [price(euro(abs(minor)), includes_tax=includes_tax, decision=at(rate)).tax for rate in RATES]
    assert taxes == sorted(taxes)


@given(minor=minors, decision=decisions, includes_tax=st.booleans())
def test_a_refund_mirrors_its_sale(minor: int, decision: TaxDecision, *, includes_tax: bool) -> None:
    sale = price(euro(minor), includes_tax=includes_tax, decision=decision)
    refund = price(euro(-minor), includes_tax=includes_tax, decision=decision)
    assert add_up([sale, refund], "EUR") == Sum(euro(0), euro(0), euro(0))


@given(lines)
def test_the_lines_add_up_to_the_total(listed: list[tuple[int, TaxDecision, bool]]) -> None:
    priced = [price(euro(minor), includes_tax=inside, decision=decision) for minor, decision, inside in listed]
    whole = add_up(iter(priced), "EUR")
    assert whole.total == euro(sum(line.total.minor for line in priced))
    assert whole.net + whole.tax == whole.total


def test_lines_of_two_currencies_do_not_add_up() -> None:
    one, other = (price(Money(1, code), includes_tax=False, decision=at(1900)) for code in ("EUR", "USD"))
    with pytest.raises(MixedCurrencies):
        add_up([one, other], "EUR")
