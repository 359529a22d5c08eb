"""The checkout: one page for a guest, without JavaScript; what it shows is what is charged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from troth import people
from troth.kernel.errors import Refused
from troth.kernel.ids import new_token
from troth.kernel.money import Money
from troth.people.hints import suggest_domain
from troth.people.model import SESSION_LIFE
from troth.shop import countries, wording
from troth.shop.catalogue import Market, Quote, currencies, get_product, quote
from troth.shop.errors import DraftRefused, PriceChanged
from troth.shop.model import BOUGHT, Checkout, Method, Product
from troth.shop.service import Placed, place_order
from troth.shop.views import SumView, quote_view
from troth.shop.withdrawal import DELIVER_NOW, WAIVER, day_15, may_withdraw
from troth.web import format as written
from troth.web.forms import TICKED, Field, Filled, FormSpec
from troth.web.limits import Limit
from troth.web.route import Route

if TYPE_CHECKING:
    from datetime import datetime

    from troth.kernel.config import Settings
    from troth.kernel.work import UnitOfWork
    from troth.web.call import Call

CHECKOUTS = Limit("checkout", 30, per=60)
_PAYMENT_WORDS = {Method.CARD: "By card", Method.BANK: "By bank transfer"}
_CONSUMER_FIELDS = (
    Field("deliver_now", DELIVER_NOW.text, "checkbox", required=False),
    Field("waiver", WAIVER.text, "checkbox", required=False),
)
_FIELDS = (
    Field("edition", "Edition", "radio"),
    Field("email", "E-mail address", "email", autocomplete="email", inputmode="email"),
    Field("country", "Country", "select", autocomplete="country"),
    Field("business", "I buy as a business", "checkbox", required=False),
    Field("name", "Name or company", autocomplete="organization", required=False),
    Field("address", "Address", "textarea", autocomplete="street-address", required=False),
    Field("vat_id", "VAT number", required=False, hint="Only if you have one; tax is charged all the same."),
    Field("payment", "How do you want to pay?", "radio"),
    Field("news", wording.NEWS_BOX, "checkbox", required=False),
    Field("no_similar", wording.NO_SIMILAR_BOX, "checkbox", required=False),
    Field("total", kind="hidden"),
    Field("currency", kind="hidden"),
    Field("once", kind="hidden"),
    Field("sure", kind="hidden"),
)
CONSUMER = FormSpec("checkout", (*_FIELDS[:8], *_CONSUMER_FIELDS, *_FIELDS[8:]))
FIRM = FormSpec("checkout", _FIELDS)
_BUTTONS = FormSpec("checkout", (Field("step"),))
FORMS = (CONSUMER, FIRM, _BUTTONS)


@dataclass(frozen=True)
class Offered:
    """What the page is made from, read in one go."""

    product: Product
    quotes: tuple[Quote, ...]
    now: datetime


@dataclass(frozen=True)
class EditionChoice:
    """An edition to choose, with the button that would order it."""

    id: str
    name: str
    differs: tuple[str, ...]
    sum: SumView
    button: str


async def show(call: Call) -> Response:
    """Show the empty form, with edition and country as the link chose them."""
    return await _page(call, call.query)


async def order(call: Call) -> Response:
    """Place the order and go to its page; or show the form again, with what is wrong or with the new sum."""
    form = call.form
    if form.get("step") == "price":
        return await _page(call, form)
    typed = form.get("email", "").strip()
    domain = suggest_domain(typed)
    if domain and form.get("sure") != typed:
        meant = f"{typed.rpartition('@')[0]}@{domain}"
        return await _page(call, form | {"sure": typed}, status=422, suggestion=meant)
    try:
        checkout = _checkout(call)
        placed, session = await call.work(_place, checkout, call.session)
    except DraftRefused as refused:
        say = call.say
        errors = {one.field or "": say(one.detail) for one in refused.refusals}
        return await _page(call, form, status=422, errors=errors)
    except PriceChanged as changed:
        return await _page(call, form, status=409, changed=changed)
    call.set_session(session, int(SESSION_LIFE.total_seconds()))
    return call.redirect(f"/orders/{placed.token}")


def _place(uow: UnitOfWork, checkout: Checkout, session: str | None) -> tuple[Placed, str]:
    placed = place_order(uow, checkout)
    return placed, people.grant(uow, session, BOUGHT, placed.order.id)


def _checkout(call: Call) -> Checkout:
    form = call.form
    currency = form.get("currency", "")
    return Checkout(
        product=call.params["slug"],
        edition=form.get("edition", ""),
        email=form.get("email", ""),
        country=form.get("country", ""),
        currency=currency,
        shown=_shown(form),
        business=form.get("business") == TICKED,
        name=form.get("name", ""),
        address=form.get("address", ""),
        vat_id=form.get("vat_id", ""),
        method=_method(form.get("payment", "")),
        deliver_now=form.get("deliver_now") == TICKED,
        waiver=form.get("waiver") == TICKED,
        news=form.get("news") == TICKED,
        no_similar=form.get("no_similar") == TICKED,
        once=form.get("once") or None,
        language=call.language,
    )


def _method(value: str) -> Method:
    try:
        return Method(value)
    except ValueError:
        raise DraftRefused([Refused("Please choose how you want to pay.", field="payment")]) from None


def _shown(form: Mapping[str, str]) -> Money:
    """Read which sum the page showed for the edition that came in; nothing readable counts as another sum."""
    for entry in form.get("total", "").split(" "):
        edition, _, amount = entry.partition(":")
        minor, _, currency = amount.partition(":")
        if edition == form.get("edition") and minor.isascii() and minor.isdigit() and len(minor) < 16:  # noqa: PLR2004
            try:
                return Money(int(minor), currency)
            except Refused:
                break
    return Money(0, "EUR")


# -- the page --------------------------------------------------------------------------------------------------------


async def _page(  # noqa: PLR0913 - each is one thing the form can come back with
    call: Call,
    given: Mapping[str, str],
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    changed: PriceChanged | None = None,
    suggestion: str = "",
) -> Response:
    country, problem = _country(call, given)
    offered = await call.read(_offered, call.params["slug"], country, given.get("currency", ""))
    consumer = may_withdraw(country, business=False, on=offered.now.date())
    business = given.get("business") == TICKED
    filled = Filled(
        values=_values(call, given, offered, country),
        errors={**problem, **(errors or {})},
        options={
            "edition": tuple((one.edition.id, one.edition.name) for one in offered.quotes),
            "country": countries.choices(call.language, call.site.setup.settings.seller.country),
            "payment": _ways(call),
        },
    )
    say = call.say
    context: dict[str, Any] = {
        "product": {"slug": offered.product.slug, "title": offered.product.title},
        "form": call.form_view(CONSUMER if consumer else FIRM, f"/checkout/{offered.product.slug}", filled),
        "editions": [_choice(call, one) for one in offered.quotes],
        "changed": changed,
        "suggestion": suggestion,
        "day_15": day_15(offered.now).date() if consumer and not business else None,
        "notice": say(wording.SIMILAR_NOTICE),
    }
    return call.render("shop/checkout.html", status=status, **context)


def _offered(uow: UnitOfWork, slug: str, country: str, currency: str) -> Offered:
    product = get_product(uow, slug)
    known = currencies(product)
    market = Market(country, currency if currency in known else known[0], uow.now.date())
    quotes = tuple(quote(uow.settings.seller, product, edition, market) for edition in product.editions)
    return Offered(product, quotes, uow.now)


def _country(call: Call, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the country the sums are computed for; an unknown one is said, and the store's own is shown."""
    stated = given.get("country") or call.country
    try:
        return countries.canonical(stated), {}
    except Refused as refused:
        return call.country, {"country": call.say(refused.detail)}


def _values(call: Call, given: Mapping[str, str], offered: Offered, country: str) -> dict[str, str]:
    ids = [one.edition.id for one in offered.quotes]
    ways = _ways(call)
    return {
        **given,
        "edition": given["edition"] if given.get("edition") in ids else ids[0],
        "country": country,
        "payment": given.get("payment") or (ways[0][0] if ways else ""),
        "total": " ".join(f"{one.edition.id}:{one.sum.total.minor}:{one.sum.total.currency}" for one in offered.quotes),
        "currency": offered.quotes[0].sum.total.currency,
        "once": given.get("once") or new_token(),
    }


def _ways(call: Call) -> tuple[tuple[str, str], ...]:
    say = call.say
    return tuple((way.value, say(_PAYMENT_WORDS[way])) for way in methods(call.site.setup.settings))


def methods(settings: Settings) -> tuple[Method, ...]:
    """Return the ways to pay that are configured, the preferred first."""
    configured = ((Method.CARD, settings.payments.stripe), (Method.BANK, settings.payments.bank))
    return tuple(method for method, one in configured if one is not None)


def _choice(call: Call, offer: Quote) -> EditionChoice:
    say = call.say
    total = written.money(offer.sum.total, call.language)
    return EditionChoice(
        id=offer.edition.id,
        name=offer.edition.name,
        differs=offer.edition.differs,
        sum=quote_view(offer, call.language, say),
        button=wording.button(total, call.language),
    )


ROUTES = (
    Route(
        "GET",
        "/checkout/{slug}",
        show,
        "checkout",
        query=("edition", "country", "currency"),
        limits=(Limit("look", 240),),
    ),
    Route(
        "POST",
        "/checkout/{slug}",
        order,
        "checkout-order",
        form="checkout",
        cookies=("troth_session",),
        limits=(CHECKOUTS,),
    ),
)
