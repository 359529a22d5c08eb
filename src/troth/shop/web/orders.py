"""An order's own pages: its state by its link; everything else to the buying browser or after a fresh mail link."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import Response

from troth import licences, people
from troth.kernel.errors import Refused
from troth.licences import LicenceUnknown
from troth.people.errors import LinkSpent
from troth.people.model import LINK_LIFE, SESSION_LIFE
from troth.shop import epc, letters, payments, records, service
from troth.shop.errors import OrderUnknown
from troth.shop.model import BOUGHT, LINKED, MAIL_LINK, Buyer, Order, State
from troth.shop.objects import find_download
from troth.shop.protocols import ObjectUnknown
from troth.shop.views import file_view, order_view, steps
from troth.shop.web.files import send_file
from troth.web.forms import Field, Filled, FormSpec
from troth.web.limits import Limit
from troth.web.route import Route

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.web.call import Call

SETTLE_SECONDS = 3.0
_POLL_SECONDS = 0.15
LINKS = Limit("order-link", 5, per=3600, by="token")
LOOKS = Limit("order", 240, per=60)
REISSUES = Limit("order-reissue", 5, per=3600, by="token")
REISSUE = FormSpec("reissue", (Field("email", "The right address", "email", autocomplete="email", inputmode="email"),))
LINK = FormSpec("link", (Field("confirm", kind="hidden"),))
CANCEL = FormSpec("cancel", (Field("confirm", kind="hidden"),))
FORMS = (REISSUE, LINK, CANCEL)
_SESSION = ("troth_session",)


@dataclass(frozen=True)
class Private:
    """What only the buyer sees."""

    email: str
    key: str
    buyer: str


async def show(call: Call) -> Response:
    """Show the order's page."""
    return await _page(call)


async def _page(
    call: Call, *, session: str | None = None, said: str = "", wrong: str = "", status: int = 200
) -> Response:
    """Draw the order's page; `session` is one that was given just now, which a browser may not have kept."""
    token, session = call.params["token"], session or call.session
    if session is None:
        context = await call.read(_context, call, token, granted=False, bought=False)
    else:
        context = await call.work(_context_for, call, token, session)
    if context.pop("may_reissue"):
        errors = {"email": wrong} if wrong else {}
        filled = Filled(errors=errors, values={"email": call.form.get("email", "")} if wrong else {})
        context["reissue"] = call.form_view(REISSUE, f"/orders/{token}/reissue", filled)
    if context.pop("may_cancel"):
        context["cancel"] = call.form_view(CANCEL, f"/orders/{token}/cancel", Filled(values={"confirm": "yes"}))
    # Where what was typed is forgotten, there is nobody to send a link to.
    if context["private"] is None and context["order"].state not in {State.EXPIRED, State.CANCELLED}:
        context["link"] = call.form_view(LINK, f"/orders/{token}/link", Filled(values={"confirm": "yes"}))
    say = call.say
    return call.render("shop/order.html", status=status, **context, said=say(said) if said else "")


def _context_for(uow: UnitOfWork, call: Call, token: str, session: str) -> dict[str, Any]:
    order = service.get_order_by_token(uow, token)
    visitor = people.visitor(uow, session)
    bought = visitor.find(BOUGHT, order.id) is not None
    return _context(uow, call, token, granted=bought or visitor.find(LINKED, order.id) is not None, bought=bought)


def _context(uow: UnitOfWork, call: Call, token: str, *, granted: bool, bought: bool) -> dict[str, Any]:
    order = service.get_order_by_token(uow, token)
    say = call.say
    view = order_view(uow, order, say, url=f"/orders/{token}")
    product = records.find_product(uow.db, order.product)
    given = order.state is State.FULFILLED
    files = records.list_releases(uow.db, order.product) if given else []
    return {
        "order": view,
        "pay_url": view.pay_url,
        "bank": _bank(uow, order, say),
        "private": _private(uow, order) if granted else None,
        "downloads": [file_view(one, own=f"/orders/{token}") for one in files],
        "steps": steps(product),
        "reissue": None,
        "link": None,
        "cancel": None,
        "may_cancel": bought and order.state in {State.INITIATED, State.FAILED},
        "may_reissue": bought and service.may_reissue(order, uow.now),
    }


def _private(uow: UnitOfWork, order: Order) -> Private | None:
    buyer = service.open_buyer(uow, order, role="buyer")
    if buyer is None:
        return None
    try:
        key = licences.show_key(uow, order.line, role="buyer").display
    except LicenceUnknown:
        key = ""
    return Private(buyer.email, key, service.invoice_lines(uow, order, buyer, role="buyer"))


def _bank(uow: UnitOfWork, order: Order, say: Any) -> dict[str, Any] | None:  # noqa: ANN401 - gettext
    account = letters.find_account(uow.settings)
    shown = letters.bank_view(uow.settings, order)
    if shown is None or account is None:
        return None
    code = ""
    if order.sum.total.currency == "EUR":
        code = epc.svg(epc.payload(account, order.sum.total, order.number), say("Code for your banking app"))
    return {**shown, "qr": Markup(code)}  # noqa: S704 - drawn by us, holds no text of others


# -- paying ----------------------------------------------------------------------------------------------------------


async def pay(call: Call) -> Response:
    """Go to the provider's page; a GET, because a strict form-action lets no form lead away."""
    address = await call.aside(payments.open_payment, call.site.setup.database, call.params["token"])
    return call.leave(address)


async def come_back(call: Call) -> Response:
    """Take the buyer back from the provider: has the provider asked, waits a moment, goes to the order page."""
    token, order = await call.work(_come_back, call.params["back"], call.session)
    waited = 0.0
    while "cancelled" not in call.query and waited < SETTLE_SECONDS:
        state = (await call.read(service.get_order, order)).state
        if state not in {State.INITIATED, State.FAILED}:
            break
        await asyncio.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS
    return call.redirect(f"/orders/{token}")


def _come_back(uow: UnitOfWork, back: str, session: str | None) -> tuple[str, str]:
    try:
        order = payments.come_back(uow, back)
    except OrderUnknown:
        order = _last_bought(uow, session)
    buyer = service.open_buyer(uow, order, role="buyer")
    if buyer is None:
        raise OrderUnknown
    return buyer.token, order.id


def _last_bought(uow: UnitOfWork, session: str | None) -> Order:
    """Return the order this browser placed last: the address was used already, but it is still the same buyer."""
    grants = [one for one in people.visitor(uow, session).grants if one.kind == BOUGHT]
    if not grants:
        raise OrderUnknown
    return service.get_order(uow, max(grants, key=lambda one: one.granted_at).thing)


# -- a fresh link ----------------------------------------------------------------------------------------------------


async def send_link(call: Call) -> Response:
    """Mail the link that opens key and address once; the answer is the same whoever asks."""
    await call.read(service.get_order_by_token, call.params["token"])
    call.limit(LINKS, call.params["token"])
    await call.work(_send_link, call.params["token"])
    return await _page(call, said="We sent a link to the address of this order. It works once, for 15 minutes.")


def _send_link(uow: UnitOfWork, token: str) -> None:
    order = service.get_order_by_token(uow, token)
    buyer = service.open_buyer(uow, order, role="job")
    if buyer is not None:
        link = people.make_link(uow, MAIL_LINK, order.id, life=LINK_LIFE)
        letters.write_link(uow, order, Buyer(buyer.email, buyer.token), link)


async def show_link(call: Call) -> Response:
    """Show where the link leads: opening changes nothing, the button posts."""
    return await _link_page(call, fresh=await call.read(_is_fresh, call.params["link"]))


async def open_link(call: Call) -> Response:
    """Use the link: this browser now sees the order's key and address.

    The answer is the page itself, no redirect to it: a browser that keeps no cookie sees it this once.
    """
    try:
        session = await call.work(_open_link, call.params["token"], call.params["link"], call.session)
    except LinkSpent:
        return await _link_page(call, fresh=False, status=410)
    call.set_session(session, int(SESSION_LIFE.total_seconds()))
    return await _page(call, session=session)


def _is_fresh(uow: UnitOfWork, link: str) -> bool:
    try:
        people.check_link(uow, link)
    except LinkSpent:
        return False
    return True


def _open_link(uow: UnitOfWork, token: str, link: str, session: str | None) -> str:
    order = service.get_order_by_token(uow, token)
    spent = people.spend_link(uow, link)
    if (spent.kind, spent.thing) != (MAIL_LINK, order.id):
        raise LinkSpent
    return people.grant(uow, session, LINKED, order.id, life=timedelta(hours=24))


async def _link_page(call: Call, *, fresh: bool, status: int = 200) -> Response:
    say = call.say
    action = f"/orders/{call.params['token']}/open/{call.params['link']}"
    form = call.form_view(LINK, action, Filled(values={"confirm": "yes"})) if fresh else None
    shown = {
        "title": say("Open your order"),
        "text": say("Press the button to see the key and the address of your order in this browser."),
        "button": say("Show my order"),
        "hint": say("The button sets one cookie, so that this browser may see the order for a day."),
    }
    return call.render(
        "shop/link.html", status=status, link=shown, form=form, again=f"/orders/{call.params['token']}#link"
    )


# -- changes by the buyer --------------------------------------------------------------------------------------------


async def reissue(call: Call) -> Response:
    """Put a wrong address right, in the browser that bought."""
    await call.read(service.get_order_by_token, call.params["token"])
    call.limit(REISSUES, call.params["token"])
    try:
        await call.work(_reissue, call.params["token"], call.form.get("email", ""), call.session)
    except Refused as refused:
        return await _page(call, wrong=call.say(refused.detail), status=422)
    return await _page(call, said="The key was made anew for the right address. Both addresses were told.")


def _reissue(uow: UnitOfWork, token: str, email: str, session: str | None) -> None:
    order = _bought(uow, token, session)
    if not service.may_reissue(order, uow.now):
        raise OrderUnknown
    service.reissue(uow, order, email, role="buyer")


async def cancel(call: Call) -> Response:
    """Call an unpaid order off, in the browser that placed it."""
    await call.work(_cancel, call.params["token"], call.session)
    return await _page(call)


def _cancel(uow: UnitOfWork, token: str, session: str | None) -> None:
    service.cancel(uow, _bought(uow, token, session))


def _bought(uow: UnitOfWork, token: str, session: str | None) -> Order:
    order = service.get_order_by_token(uow, token)
    if people.visitor(uow, session).find(BOUGHT, order.id) is None:
        raise OrderUnknown
    return order


async def file(call: Call) -> Response:
    """Send a file of a delivered order, by the order's link."""
    release = await call.read(_file, call.params["token"], call.params["release"])
    if release.name != call.params["name"]:
        raise ObjectUnknown
    return await send_file(call, release)


def _file(uow: UnitOfWork, token: str, release_id: str) -> Any:  # noqa: ANN401 - a Release
    order = service.get_order_by_token(uow, token)
    if order.state is not State.FULFILLED:
        raise ObjectUnknown
    return find_download(uow, order.product, release_id)


ROUTES = (
    Route("GET", "/orders/{token}", show, "order", cookies=_SESSION, limits=(LOOKS,)),
    Route("GET", "/orders/{token}/pay", pay, "order-pay", limits=(Limit("pay", 30),)),
    Route(
        "GET",
        "/checkout/return/{back}",
        come_back,
        "checkout-return",
        cookies=_SESSION,
        query=("cancelled",),
        limits=(LOOKS,),
    ),
    Route(
        "POST",
        "/orders/{token}/link",
        send_link,
        "order-link",
        form="link",
        cookies=_SESSION,
        limits=(LOOKS, LINKS),
    ),
    Route("GET", "/orders/{token}/open/{link}", show_link, "order-open", limits=(LOOKS,)),
    Route(
        "POST", "/orders/{token}/open/{link}", open_link, "order-opened", form="link", cookies=_SESSION, limits=(LOOKS,)
    ),
    Route(
        "POST",
        "/orders/{token}/reissue",
        reissue,
        "order-reissue",
        form="reissue",
        cookies=_SESSION,
        limits=(LOOKS, REISSUES),
    ),
    Route("POST", "/orders/{token}/cancel", cancel, "order-cancel", form="cancel", cookies=_SESSION, limits=(LOOKS,)),
    Route("GET", "/orders/{token}/files/{release}/{name}", file, "order-file", limits=(LOOKS,)),
)
