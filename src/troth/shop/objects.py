"""The files people download: publishing and finding them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from troth.kernel.errors import Refused
from troth.kernel.ids import new_id
from troth.shop import records
from troth.shop.catalogue import get_product
from troth.shop.model import Release
from troth.shop.protocols import Objects, ObjectUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from troth.kernel.work import UnitOfWork


# It stands in addresses and in a header as it is.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_LONGEST = {"version": 32, "label": 80, "os": 80, "name": 120}


@dataclass(frozen=True)
class Offer:
    """A file to publish: what it is and for whom."""

    product: str
    version: str
    label: str
    os: str
    trial: bool
    released_on: date


class OfferRefused(Refused):
    """This file cannot be published so. Nothing was changed."""


def keep_file(objects: Objects, offer: Offer, source: Path) -> Release:
    """Keep a file as an object named by its content; return the release that `add_release` then publishes.

    Raises `OfferRefused`. May take as long as a network does: not for the inside of a unit of work.
    """
    _check(offer, source.name)
    sha256 = _sha256(source)
    name = f"releases/{sha256[:2]}/{sha256}"
    objects.put(name, source)
    return Release(
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


def add_release(uow: UnitOfWork, release: Release) -> None:
    """Publish a file that is kept, for its product; raises `ProductUnknown`."""
    get_product(uow, release.product)
    records.add_release(uow.db, release)


def find_download(uow: UnitOfWork, product: str, release_id: str) -> Release:
    """Return a published file of a product; raises `ObjectUnknown`."""
    found = records.find_release(uow.db, release_id)
    if found is None or found.product != product:
        raise ObjectUnknown
    return found


def _check(offer: Offer, name: str) -> None:
    if not _FILE_NAME.fullmatch(name) or len(name) > _LONGEST["name"]:
        raise OfferRefused("The file's name is letters, digits and . _ + - only, at most 120.", field="name")
    for field, text in (("version", offer.version), ("label", offer.label), ("os", offer.os)):
        if not 0 < len(text.strip()) <= _LONGEST[field]:
            raise OfferRefused(f"The {field} has 1 to {_LONGEST[field]} characters.", field=field)


def _sha256(source: Path) -> str:
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
