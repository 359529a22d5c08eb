"""The files people download: publishing and finding them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from troth.kernel.ids import new_id
from troth.shop import records
from troth.shop.catalogue import get_product
from troth.shop.model import Release
from troth.shop.protocols import Objects, ObjectUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from troth.kernel.work import UnitOfWork


@dataclass(frozen=True)
class Offer:
    """A file to publish: what it is and for whom."""

    product: str
    version: str
    label: str
    os: str
    trial: bool
    released_on: date


def add_release(uow: UnitOfWork, offer: Offer, source: Path) -> Release:
    """Publish a file for a product; raises `ProductUnknown`. The same bytes are stored once."""
    get_product(uow.db, offer.product)
    sha256 = _sha256(source)
    name = f"releases/{sha256[:2]}/{sha256}"
    uow.database.port(Objects).put(name, source)  # type: ignore[type-abstract]
    release = Release(
        id=new_id(),
        product=offer.product,
        version=offer.version,
        label=offer.label,
        os=offer.os,
        trial=offer.trial,
        name=source.name,
        object=name,
        size=source.stat().st_size,
        sha256=sha256,
        released_on=offer.released_on,
    )
    records.add_release(uow.db, release)
    return release


def find_download(uow: UnitOfWork, product: str, release_id: str) -> Release:
    """Return a published file of a product; raises `ObjectUnknown`."""
    found = records.find_release(uow.db, release_id)
    if found is None or found.product != product:
        raise ObjectUnknown
    return found


def _sha256(source: Path) -> str:
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
