"""Orders and prices as pages and letters show them (the names are those the templates' first comments give)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from troth.kernel.money import Money
from troth.shop import records
from troth.web import format as written

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.kernel.work import UnitOfWork
    from troth.shop.catalogue import Quote
    from troth.shop.model import Order, Product, Release
    from troth.shop.tax import Sum


@dataclass(frozen=True)
class SumView:
    """A price with its tax in words; `tax` is None where no tax line is shown."""

    net: Money
    tax: Money | None
    total: Money
    tax_name: str
    label: str
    notice: str | None


@dataclass(frozen=True)
class OrderView:
    """An order without anything that names its buyer."""

    number: str
    product: str
    slug: str
    edition: str
    state: str
    payment: str
    sum: SumView
    placed_on: date
    paid_on: date | None
    delivers_on: date | None
    expires_on: date | None
    refunded_on: date | None
    url: str = field(default="", repr=False)
    pay_url: str = field(default="", repr=False)


@dataclass(frozen=True)
class FileView:
    """A file to download, with what to check it by."""

    url: str
    label: str
    os: str
    version: str
    sha256: str
    size: int
    released_on: date


@dataclass(frozen=True)
class Taxed:
    """Whose tax a sum holds ("" for nobody's), at which rate, and what is printed where none is charged."""

    country: str
    rate: int
    notice: str


def sum_view(amounts: Sum, taxed: Taxed, language: str, say: Callable[[str], str]) -> SumView:
    """Put a sum into words."""
    if not taxed.country:
        return SumView(amounts.net, None, amounts.total, "", "", say(taxed.notice) if taxed.notice else None)
    name = say("%(rate)s VAT (%(country)s)") % {
        "rate": written.percent(taxed.rate, language),
        "country": written.country(taxed.country, language),
    }
    return SumView(amounts.net, amounts.tax, amounts.total, name, say("incl. %(tax)s") % {"tax": name}, None)


def quote_view(offer: Quote, language: str, say: Callable[[str], str]) -> SumView:
    """Put a quote into words."""
    decision = offer.decision
    return sum_view(offer.sum, Taxed(decision.country, decision.rate, decision.notice.value), language, say)


def order_view(uow: UnitOfWork, order: Order, say: Callable[[str], str], *, url: str = "") -> OrderView:
    """Show an order; `url` is its page's address (absolute in letters)."""
    product = records.find_product(uow.db, order.product)
    edition = None if product is None else product.find_edition(order.edition)
    unpaid = order.paid_at is None
    return OrderView(
        number=order.number,
        product=order.product if product is None else product.title,
        slug=order.product,
        edition=order.edition if edition is None else edition.name,
        state=order.state.value,
        payment=order.method.value,
        sum=sum_view(order.sum, Taxed(order.tax_country, order.tax_rate, order.tax_notice), order.language, say),
        placed_on=order.created_at.date(),
        paid_on=_day(order.paid_at),
        delivers_on=_day(order.deliver_at) if order.state.value == "paid" and order.waits else None,
        expires_on=_day(order.expires_at) if unpaid else None,
        refunded_on=_day(order.refunded_at),
        url=url,
        pay_url=f"{url}/pay" if unpaid and order.method.value == "card" else "",
    )


def file_view(release: Release, *, own: str = "", base_url: str = "") -> FileView:
    """Show a file; what is no trial is reached through an order's own address (`own`) only."""
    public = f"{base_url}/downloads/{release.product}/{release.id}/{release.name}"
    return FileView(
        url=public if release.trial else f"{own}/files/{release.id}/{release.name}",
        label=release.label,
        os=release.os,
        version=release.version,
        sha256=release.sha256,
        size=release.size,
        released_on=release.released_on,
    )


def steps(product: Product | None) -> tuple[str, ...]:
    """Return how to activate a program, in the maker's words."""
    return () if product is None else product.steps


def _day(instant: datetime | None) -> date | None:
    return None if instant is None else instant.date()
