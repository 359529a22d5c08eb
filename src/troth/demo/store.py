"""The example store: made once in a folder, its programs built for the address it is served at."""

from __future__ import annotations

import tempfile
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from troth import app
from troth.demo.build import build_programs
from troth.licences.web import published
from troth.making import make_store
from troth.shop import records
from troth.shop.catalogue import keep_pictures, offer_products, read_products
from troth.shop.objects import Offer, add_release, keep_file
from troth.shop.protocols import Objects

if TYPE_CHECKING:
    from troth.app import Store
    from troth.demo.build import BuiltProgram
    from troth.kernel.clock import Clock

CATALOGUE = Path(__file__).with_name("catalogue.toml")
CONFIGURATION = """\
# An example store: everything in it is made up, no money moves, and nothing leaves this machine.
demo = true

[store]
name = "Fernside Software"
base_url = "http://localhost:{port}"
hue = 160

intro = "Small tools for people who keep their files. Made in Kiel, sold without noise."

[seller]
legal_name = "Fernside Software"
address = "Am Kanal 12\\n24103 Kiel\\nGermany"
country = "DE"
contact = "hello@fernside.example"
register = "Amtsgericht Kiel, HRB 00000 (an example)"
vat_id = "DE136695976"
tax = "oss"

[mail]
from = "shop@fernside.example"

[payments.stripe]
key = "sk_test_fernside"
webhook_secret = "whsec_fernside"
api_base = "http://127.0.0.1:{paybox}"

[payments.bank]
iban = "DE02120300000000202051"
bic = "BYLADEM1001"
"""


def make_demo(folder: Path, *, port: int, paybox: int, clock: Clock) -> None:
    """Make the example store in an empty folder; raises `AlreadyThere`."""
    make_store(folder, CONFIGURATION.format(port=port, paybox=paybox), clock=clock)


def stock(folder: Path, base_url: str) -> None:
    """Offer the three programs, built for the address the store is served at; what is offered already stays."""
    store = app.open_store(folder)
    try:
        _offer(store, base_url)
    finally:
        store.close()


def _offer(store: Store, base_url: str) -> None:
    objects = store.database.port(Objects)  # type: ignore[type-abstract]
    with store.database.read() as uow:
        keys, offered = published(uow), records.list_products(uow.db)
    if not offered:
        offer_catalogue(store)
    with tempfile.TemporaryDirectory() as scratch:
        built = build_programs(Path(scratch), base_url=base_url, public_keys=keys)
        releases = [keep_file(objects, _offer_of(program), program.path) for program in built]
        with store.database.begin() as uow:
            for release in releases:
                known = {one.sha256 for one in records.list_releases(uow.db, release.product)}
                if release.sha256 not in known:
                    add_release(uow, release)


def offer_catalogue(store: Store) -> None:
    """Offer the three programs with their pictures; their files are published apart."""
    objects = store.database.port(Objects)  # type: ignore[type-abstract]
    products = keep_pictures(objects, read_products(CATALOGUE.read_bytes()), CATALOGUE.parent)
    with store.database.begin() as uow:
        offer_products(uow, products)


def _offer_of(program: BuiltProgram) -> Offer:
    return Offer(
        product=program.slug,
        version=program.version,
        label=program.path.name,
        os="Linux, macOS, Windows",
        trial=True,
        released_on=_released_on(program),
    )


def _released_on(program: BuiltProgram) -> date:
    """Return the day the catalogue says this version came out."""
    listed = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["product"]
    product = next(one for one in listed if one["slug"] == program.slug)
    day: date = next(news["released_on"] for news in product["news"] if news["version"] == program.version)
    return day
