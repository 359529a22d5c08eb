"""The public API of the shop, and the door for payment providers' messages. Reads no cookie."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec
from starlette.responses import Response

from troth.kernel.errors import NotFound, Refused
from troth.kernel.money import Money
from troth.shop import countries, payments, records, service
from troth.shop.catalogue import Market, quote
from troth.shop.errors import NoPayment
from troth.shop.model import Checkout, Method, State
from troth.shop.payments import Providers
from troth.shop.web.checkout import CHECKOUTS, methods
from troth.web.limits import Limit
from troth.web.route import Api, Route

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.web.call import Call

READS = Limit("api", 240, per=60)


class Amount(msgspec.Struct, frozen=True):
    """An amount: decimal text and ISO 4217 code."""

    amount: str
    currency: str


class ListedPrice(msgspec.Struct, frozen=True):
    """What an edition costs in one currency, for the country asked about (the store's own if none was)."""

    net: Amount
    tax: Amount
    total: Amount


class ListedEdition(msgspec.Struct, frozen=True):
    """An edition on offer."""

    id: str
    name: str
    prices: list[ListedPrice]


class ListedProduct(msgspec.Struct, frozen=True):
    """A product on offer."""

    slug: str
    title: str
    promise: str
    url: str
    editions: list[ListedEdition]


class ProductList(msgspec.Struct, frozen=True):
    """All products; `country` is the one whose tax the prices hold."""

    country: str
    products: list[ListedProduct]


class Consents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The boxes; nothing is ticked for anybody."""

    deliver_now: bool = False
    waiver: bool = False
    news: bool = False


class NewOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program sends to order; `payment` is card or bank (the first that is configured)."""

    product: str
    edition: str
    email: str
    country: str
    currency: str
    consents: Consents = Consents()
    payment: Literal["", "card", "bank"] = ""


class PlacedOrder(msgspec.Struct, frozen=True):
    """The order, the token of its page, the page that leads to the payment, and the sum."""

    order: str
    token: str
    pay_url: str
    total: Amount


class OrderState(msgspec.Struct, frozen=True):
    """Where an order stands."""

    order: str
    state: State
    total: Amount
    placed_at: datetime
    delivers_at: datetime | None


async def products(call: Call) -> Response:
    """List what is on offer."""
    return call.answer(await call.read(_products, call.query.get("country", "")))


def _products(uow: UnitOfWork, asked: str) -> ProductList:
    settings = uow.settings
    country = countries.canonical(asked or settings.seller.country)
    listed = []
    for product in records.list_products(uow.db):
        editions = []
        for edition in product.editions if settings.seller.tax else ():
            markets = [Market(country, one.currency, uow.now.date()) for one in edition.prices]
            offers = [quote(settings.seller, product, edition, market).sum for market in markets]
            prices = [ListedPrice(_amount(one.net), _amount(one.tax), _amount(one.total)) for one in offers]
            editions.append(ListedEdition(edition.id, edition.name, prices))
        url = f"{settings.store.base_url}/products/{product.slug}"
        listed.append(ListedProduct(product.slug, product.title, product.promise, url, editions))
    return ProductList(country, listed)


async def place(call: Call) -> Response:
    """Order; the same Idempotency-Key with the same content gives the same order."""
    wanted = call.json(NewOrder)
    once = call.idempotency
    checkout = Checkout(
        product=wanted.product,
        edition=wanted.edition,
        email=wanted.email,
        country=wanted.country,
        currency=wanted.currency,
        method=_method(wanted.payment, methods(call.site.setup.settings)),
        deliver_now=wanted.consents.deliver_now,
        waiver=wanted.consents.waiver,
        news=wanted.consents.news,
        once=None if once is None else once.index.hex(),
        language=call.language,
        form="api",
    )
    try:
        placed = await call.work(service.place_order, checkout)
    except NotFound as unknown:
        # Named in the body, not in the address: a value that cannot be accepted.
        raise Refused(unknown.detail, field="product") from unknown
    order = placed.order
    pay_url = f"{call.site.setup.settings.store.base_url}/orders/{placed.token}/pay"
    answer = PlacedOrder(order.number, placed.token, pay_url, _amount(order.sum.total))
    return call.answer(answer, status=201)


def _method(wanted: str, configured: tuple[Method, ...]) -> Method:
    if wanted:
        return Method(wanted)
    if not configured:
        raise NoPayment
    return configured[0]


async def state(call: Call) -> Response:
    """Tell where an order stands."""
    return call.answer(await call.read(_state, call.params["token"]))


def _state(uow: UnitOfWork, token: str) -> OrderState:
    order = service.get_order_by_token(uow, token)
    return OrderState(order.number, order.state, _amount(order.sum.total), order.created_at, order.deliver_at)


async def webhook(call: Call) -> Response:
    """Hear a provider say that something happened; it is believed only as far as it makes us ask."""
    provider = call.site.setup.database.port(Providers).get(call.params["provider"])
    now = call.site.setup.database.clock.now()
    notice = provider.read_webhook(call.body, call.header("stripe-signature"), now)
    await call.work(payments.hear, provider.name, notice)
    return Response(b"", 204)


def _amount(money: Money) -> Amount:
    return Amount(money.plain, money.currency)


ROUTES = (
    Route(
        "GET",
        "/api/v1/products",
        products,
        "api-products",
        query=("country",),
        limits=(READS,),
        api=Api("List the products on offer.", answers={200: ProductList}, tag="products"),
    ),
    Route(
        "POST",
        "/api/v1/orders",
        place,
        "api-orders",
        limits=(CHECKOUTS,),
        api=Api("Place an order.", request=NewOrder, answers={201: PlacedOrder}, problems=(409,), tag="orders"),
    ),
    Route(
        "GET",
        "/api/v1/orders/{token}",
        state,
        "api-order",
        limits=(READS,),
        api=Api("Tell where an order stands.", answers={200: OrderState}, problems=(404,), tag="orders"),
    ),
    Route("POST", "/webhooks/{provider}", webhook, "webhook", body_limit=256 * 1024, limits=(Limit("webhook", 6000),)),
)
