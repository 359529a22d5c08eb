"""What everybody may see: the first page, products, downloads of trials, and the pages the law asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from troth.shop import countries, records
from troth.shop.catalogue import Market, currencies, get_product, quote
from troth.shop.model import Product
from troth.shop.objects import find_download
from troth.shop.protocols import ObjectUnknown
from troth.shop.views import SumView, file_view, quote_view
from troth.shop.web.files import send_file, send_object
from troth.web.limits import Limit
from troth.web.route import Route

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.web.call import Call

TERMS_SINCE = date(2026, 11, 22)
CACHE_SECONDS = 300
FILES = Limit("files", 240, per=60)


@dataclass(frozen=True)
class EditionView:
    """An edition with its price for one country."""

    id: str
    name: str
    per: str
    differs: tuple[str, ...]
    sum: SumView
    url: str


@dataclass(frozen=True)
class CaptureView:
    """A picture of a program, fetched as an image: nothing in it can run, whatever the maker put there."""

    src: str
    alt: str
    width: int
    height: int
    caption: str
    svg: None = None


async def home(call: Call) -> Response:
    """Show the programs of this maker."""
    shown = await call.glance(_home, call)
    return call.render("shop/home.html", **shown)


def _home(uow: UnitOfWork, call: Call) -> dict[str, Any]:
    products = []
    for product in records.list_products(uow.db):
        editions = _editions(uow, product, call, Market(call.country, currencies(product)[0], uow.now.date()))
        cheapest = min(editions, key=lambda one: one.sum.total.minor, default=None)
        products.append(
            {
                "slug": product.slug,
                "title": product.title,
                "promise": product.promise,
                "capture": _capture(product),
                "sum": None if cheapest is None else cheapest.sum,
                "editions": len(product.editions),
            }
        )
    return {"intro": uow.settings.store.intro, "products": products, "kept": None}


async def product_page(call: Call) -> Response:
    """Show one program, with prices for the visitor's country."""
    shown = await call.glance(_product, call)
    return call.render("shop/product.html", **shown)


def _product(uow: UnitOfWork, call: Call) -> dict[str, Any]:
    product = get_product(uow, call.params["slug"])
    country = countries.canonical(call.query.get("country") or call.country)
    currency = call.query.get("currency") or currencies(product)[0]
    files = records.list_releases(uow.db, product.slug)
    return {
        "product": {
            "slug": product.slug,
            "title": product.title,
            "promise": product.promise,
            "lead": product.lead,
            "points": product.points,
            "badge": product.badge,
            "capture": _capture(product),
            "requirements": product.requirements,
            "editions": _editions(uow, product, call, Market(country, currency, uow.now.date())),
            "trials": [file_view(one) for one in files if one.trial],
            "licence": product.licence,
            "news": product.news,
            "questions": product.questions,
        },
        "country": {"code": country, "name": countries.name(country, call.language)},
        "countries": countries.choices(call.language, uow.settings.seller.country),
        "sells": sells(uow),
    }


def sells(uow: UnitOfWork) -> bool:
    """Whether there is a way to pay and a tax rule, so that an order can be taken."""
    payments = uow.settings.payments
    return uow.settings.seller.tax is not None and (payments.stripe is not None or payments.bank is not None)


def _editions(uow: UnitOfWork, product: Product, call: Call, market: Market) -> list[EditionView]:
    """Return a product's editions with their prices; none while the maker has not said which tax applies."""
    if uow.settings.seller.tax is None:
        return []
    chosen = f"country={market.country}&currency={market.currency}"
    shown = []
    for edition in product.editions:
        price = quote_view(quote(uow.settings.seller, product, edition, market), call.language, call.say)
        url = f"/checkout/{product.slug}?edition={edition.id}&{chosen}"
        shown.append(EditionView(edition.id, edition.name, edition.per, edition.differs, price, url))
    return shown


def _capture(product: Product) -> CaptureView | None:
    picture = product.picture
    if picture is None:
        return None
    return CaptureView(f"/media/{product.slug}", picture.alt, picture.width, picture.height, picture.caption)


async def media(call: Call) -> Response:
    """Send a picture of a program."""
    name = await call.read(_picture_name, call.params["slug"])
    kind = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
    found = kind.get(name.rpartition(".")[2])
    if found is None:
        raise ObjectUnknown
    headers = {"cache-control": "public, max-age=86400", "etag": f'"{name.rpartition("/")[2]}"'}
    return await send_object(call, name, headers, found)


def _picture_name(uow: UnitOfWork, slug: str) -> str:
    picture = get_product(uow, slug).picture
    if picture is None:
        raise ObjectUnknown
    return picture.object


async def download(call: Call) -> Response:
    """Send a trial: everybody may have it, and nothing is asked."""
    release = await call.read(find_download, call.params["slug"], call.params["release"])
    if not release.trial or release.name != call.params["name"]:
        raise ObjectUnknown
    return await send_file(call, release)


async def terms(call: Call) -> Response:
    """Show the terms of every sale."""
    payments = call.site.setup.settings.payments
    methods = [name for name, one in (("card", payments.stripe), ("bank", payments.bank)) if one is not None]
    return call.render("shop/terms.html", revised_on=TERMS_SINCE, methods=methods, further=())


async def imprint(call: Call) -> Response:
    """Say who runs this store."""
    return call.render("shop/imprint.html")


async def contact(call: Call) -> Response:
    """Say how to reach a person."""
    return call.render("shop/contact.html")


async def accessibility(call: Call) -> Response:
    """Say what everybody can expect of these pages."""
    return call.render("shop/accessibility.html", checked_on=None)


ROUTES = (
    Route("GET", "/", home, "home", cache=CACHE_SECONDS),
    Route("GET", "/products/{slug}", product_page, "product", query=("country", "currency"), cache=CACHE_SECONDS),
    Route("GET", "/media/{slug}", media, "media", limits=(FILES,)),
    Route("GET", "/downloads/{slug}/{release}/{name}", download, "download", limits=(FILES,)),
    Route("GET", "/terms", terms, "terms", cache=CACHE_SECONDS),
    Route("GET", "/imprint", imprint, "imprint", cache=CACHE_SECONDS),
    Route("GET", "/contact", contact, "contact", cache=CACHE_SECONDS),
    Route("GET", "/accessibility", accessibility, "accessibility", cache=CACHE_SECONDS),
)
