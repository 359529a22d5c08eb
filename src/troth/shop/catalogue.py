"""What is offered and what it costs: reading the maker's product file, and quoting a price with its tax."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from troth.kernel.codec import convert
from troth.kernel.errors import Refused
from troth.kernel.money import Money
from troth.shop import records
from troth.shop.errors import CatalogueRefused, CurrencyUnknown, EditionUnknown, ProductUnknown
from troth.shop.model import Edition, News, Picture, Product, Question
from troth.shop.protocols import Objects
from troth.shop.tax import SellerTax, Sum, TaxDecision, decide_tax, price

if TYPE_CHECKING:
    from troth.kernel.config import SellerSettings
    from troth.kernel.work import UnitOfWork

TAGS = 16
LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9-]+")
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


def get_product(uow: UnitOfWork, slug: str) -> Product:
    """Return a product; raises `ProductUnknown`."""
    found = records.find_product(uow.db, slug)
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


def offer_products(uow: UnitOfWork, products: Iterable[Product]) -> None:
    """Offer products in this order, each in the place of the one of its name; their pictures are kept already."""
    for position, product in enumerate(products):
        records.put_product(uow.db, product, position=position, updated_at=uow.now)


def keep_pictures(objects: Objects, products: Iterable[Product], folder: Path | None) -> list[Product]:
    """Keep the products' pictures, which lie in `folder`, as objects named by their content; return the products so.

    Raises `CatalogueRefused`. May take as long as a network does: not for the inside of a unit of work.
    """
    return [_with_picture(objects, product, folder) for product in products]


def read_products(content: bytes) -> list[Product]:
    """Read a product file (TOML, docs/guides/maker.md); raises `CatalogueRefused` naming what does not fit."""
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


def _with_picture(objects: Objects, product: Product, folder: Path | None) -> Product:
    picture = product.picture
    if picture is None:
        return product
    source = None if folder is None else folder / picture.object
    if source is None or not source.is_file() or source.suffix not in PICTURES:
        allowed = ", ".join(sorted(PICTURES))
        raise CatalogueRefused(f"{product.slug}: the picture {picture.object} is not there or is none of {allowed}.")
    name = f"pictures/{hashlib.sha256(source.read_bytes()).hexdigest()}{source.suffix}"
    objects.put(name, source)
    return replace(product, picture=replace(picture, object=name))


def _read_product(raw: Any, number: int) -> Product:  # noqa: ANN401 - what TOML gave
    where = f"product {number}"
    if not isinstance(raw, dict):
        raise CatalogueRefused(f"{where} is not a table.")
    where = f"product {number} ({raw.get('slug', 'without slug')})"
    try:
        editions = [_read_edition(one, tag) for tag, one in enumerate(raw.pop("edition", []))]
        _require_known(raw, Product, "")
        for key, kind in (("picture", Picture), ("news", News), ("questions", Question)):
            for one in raw[key] if isinstance(raw.get(key), list) else [raw.get(key, {})]:
                _require_known(one, kind, f"{key}.")
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
    _require_known(raw, Edition, "edition.")
    return {"tag": tag, "per": "once", "differs": []} | raw | {"prices": prices}


def _require_known(raw: dict[str, Any], kind: type[msgspec.Struct], where: str) -> None:
    known = {field.encode_name for field in msgspec.structs.fields(kind)} - {"prices", "editions"}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise Refused(f"{where}{unknown[0]} is unknown; known here: {', '.join(sorted(known))}")


def _check_product(product: Product, where: str) -> None:
    ids = [edition.id for edition in product.editions]
    tags = [edition.tag for edition in product.editions]
    for wrong, why in (
        (not _is_name(product.slug), f"slug: letters, digits and - only, at most {LONGEST_NAME}"),
        (not ids, "it has no edition"),
        (not all(map(_is_name, ids)), f"an edition's id: letters, digits and - only, at most {LONGEST_NAME}"),
        (len(set(ids)) < len(ids), "two editions have the same id"),
        (any(not 0 <= tag < TAGS for tag in tags), "an edition's tag is 0 to 15"),
        (len(set(tags)) < len(tags), "two editions have the same tag, by which a program tells them apart"),
        (any(not edition.prices for edition in product.editions), "an edition has no price"),
        (any(one.minor <= 0 for edition in product.editions for one in edition.prices), "a price is above zero"),
        (bool(ids) and not currencies(product), "there is no currency in which every edition has a price"),
    ):
        if wrong:
            raise CatalogueRefused(f"{where}: {why}.")


def _is_name(text: str) -> bool:
    """Whether a text can stand in addresses and forms as it is."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None
