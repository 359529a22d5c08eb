"""What is offered and what it costs: reading the maker's product file, and quoting a price with its tax."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from troth.kernel.codec import convert
from troth.kernel.errors import Refused
from troth.kernel.money import Money
from troth.shop import records
from troth.shop.errors import CatalogueRefused, CurrencyUnknown, EditionUnknown, ProductUnknown
from troth.shop.model import Edition, Product
from troth.shop.protocols import Objects
from troth.shop.tax import SellerTax, Sum, TaxDecision, decide_tax, price

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from troth.kernel.config import SellerSettings
    from troth.kernel.work import UnitOfWork

TAGS = 16
PICTURES = frozenset({".svg", ".png", ".jpg", ".webp", ".avif"})


@dataclass(frozen=True)
class Quote:
    """What an edition costs a buyer in a country on a day."""

    edition: Edition
    sum: Sum
    decision: TaxDecision


@dataclass(frozen=True)
class Market:
    """For whom and when a price is asked: country (ISO 3166), currency (ISO 4217) and day."""

    country: str
    currency: str
    on: date


def get_product(db: Connection, slug: str) -> Product:
    """Return a product; raises `ProductUnknown`."""
    found = records.find_product(db, slug)
    if found is None:
        raise ProductUnknown
    return found


def get_edition(product: Product, edition: str) -> Edition:
    """Return an edition of a product; raises `EditionUnknown`."""
    found = product.find_edition(edition)
    if found is None:
        raise EditionUnknown
    return found


def quote(seller: SellerSettings, product: Product, edition: Edition, market: Market) -> Quote:
    """Quote an edition; raises `CurrencyUnknown`, `UnknownCountry`, `NoTaxRegime` or `RegimeUnfit`."""
    listed = edition.find_price(market.currency)
    if listed is None:
        raise CurrencyUnknown(field="currency")
    decision = decide_tax(SellerTax.of(seller), buyer_country=market.country, business=False, on=market.on)
    return Quote(edition, price(listed.money, includes_tax=product.includes_tax, decision=decision), decision)


def currencies(product: Product) -> tuple[str, ...]:
    """Return the currencies in which every edition has a price, the first edition's order."""
    first, *others = product.editions
    return tuple(one.currency for one in first.prices if all(edition.find_price(one.currency) for edition in others))


def import_products(uow: UnitOfWork, content: bytes, folder: Path | None = None) -> list[Product]:
    """Read a product file (TOML, docs/guides/maker.md) and offer what it says, all or nothing.

    Raises `CatalogueRefused`. Pictures are read from `folder` and kept as objects.
    """
    products = [_with_picture(uow, product, folder) for product in read_products(content)]
    for position, product in enumerate(products):
        records.put_product(uow.db, product, position=position, updated_at=uow.now)
    return products


def read_products(content: bytes) -> list[Product]:
    """Read a product file without offering anything; raises `CatalogueRefused` naming what does not fit."""
    try:
        tree = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueRefused(f"The product file is not TOML: {error}") from error
    listed = tree.get("product")
    if not isinstance(listed, list) or not listed:
        raise CatalogueRefused("The product file has no [[product]].")
    products = [_read_product(raw, number) for number, raw in enumerate(listed, start=1)]
    if len({product.slug for product in products}) < len(products):
        raise CatalogueRefused("Two products have the same slug.")
    return products


def _with_picture(uow: UnitOfWork, product: Product, folder: Path | None) -> Product:
    """Keep a product's picture as an object named by its content."""
    picture = product.picture
    if picture is None:
        return product
    source = None if folder is None else folder / picture.object
    if source is None or not source.is_file() or source.suffix not in PICTURES:
        allowed = ", ".join(sorted(PICTURES))
        raise CatalogueRefused(f"{product.slug}: the picture {picture.object} is not there or is none of {allowed}.")
    name = f"pictures/{hashlib.sha256(source.read_bytes()).hexdigest()}{source.suffix}"
    uow.database.port(Objects).put(name, source)  # type: ignore[type-abstract]
    return replace(product, picture=replace(picture, object=name))


def _read_product(raw: Any, number: int) -> Product:  # noqa: ANN401 - what TOML gave
    where = f"product {number}"
    if not isinstance(raw, dict):
        raise CatalogueRefused(f"{where} is not a table.")
    where = f"product {number} ({raw.get('slug', 'without slug')})"
    try:
        editions = [_read_edition(one, tag) for tag, one in enumerate(raw.pop("edition", []))]
        product = convert({"editions": editions, "includes_tax": False} | raw, Product)
    except (Refused, AttributeError, TypeError) as error:
        raise CatalogueRefused(f"{where}: {error}") from error
    _check_product(product, where)
    return product


def _read_edition(raw: dict[str, Any], tag: int) -> dict[str, Any]:
    prices = [
        {"currency": currency, "minor": Money.parse(str(amount), currency).minor}
        for currency, amount in raw.pop("price", {}).items()
    ]
    return {"tag": tag, "per": "once", "differs": []} | raw | {"prices": prices}


def _check_product(product: Product, where: str) -> None:
    ids = [edition.id for edition in product.editions]
    for wrong, why in (
        (
            not product.slug or not all(c.isalnum() or c == "-" for c in product.slug),
            "slug: letters, digits and - only",
        ),
        (not product.slug.isascii() or len(product.slug) > 64, "slug: at most 64 plain letters"),  # noqa: PLR2004
        (not ids, "it has no edition"),
        (len(set(ids)) < len(ids), "two editions have the same id"),
        (any(not 0 <= edition.tag < TAGS for edition in product.editions), "an edition's tag is 0 to 15"),
        (any(not edition.prices for edition in product.editions), "an edition has no price"),
        (any(one.minor <= 0 for edition in product.editions for one in edition.prices), "a price is above zero"),
        (bool(ids) and not currencies(product), "there is no currency in which every edition has a price"),
    ):
        if wrong:
            raise CatalogueRefused(f"{where}: {why}.")
