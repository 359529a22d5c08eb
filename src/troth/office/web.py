"""The office's page for orders: find, confirm a transfer, refund, send the key again.

Until staff can sign in, the office answers only on this machine's loopback, to a browser that used a single-use link
printed by `troth staff invite`; to everybody else there is nothing here (404).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from troth import people, shop
from troth.kernel.errors import NotFound, Refused, TrothError
from troth.people.errors import LinkSpent
from troth.people.model import OFFICE_LIFE
from troth.shop import records, service
from troth.shop.model import Draft, Invoice, Method, Order, State
from troth.web.forms import Field, Filled, FormSpec
from troth.web.headers import values
from troth.web.limits import Limit
from troth.web.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.kernel.money import Money
    from troth.kernel.work import UnitOfWork
    from troth.web.call import Call

KIND, THING, ROLE = "office", "orders", "maker"
SEARCH = FormSpec("search", (Field("query", "Order number or exact address", "search"),))
ENTER = FormSpec("enter", (Field("confirm", kind="hidden"),))
SHOW = FormSpec("show", (Field("reason", kind="select"),))
ACT = FormSpec("act", (Field("confirm", kind="hidden"),))
FORMS = (SEARCH, ENTER, SHOW, ACT)
REASONS = (
    ("asked", "the buyer asked"),
    ("transfer", "a transfer must be matched"),
    ("books", "the books need it"),
    ("law", "the law asks"),
)
WORK = Limit("office", 240, per=60)
_FORWARDED = (
    "forwarded", "x-forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-client-ip",
    "true-client-ip", "cf-connecting-ip", "via",
)  # fmt: skip
_SESSION = ("troth_session",)


class NoOffice(NotFound):
    """There is nothing here."""


@dataclass(frozen=True)
class PersonView:
    """What was shown, and why."""

    email: str
    name: str
    address: str
    vat_id: str
    reason: str
    until: str


@dataclass(frozen=True)
class Row:
    """An order in the office's list."""

    number: str
    product: str
    edition: str
    country: str
    state: str
    placed_on: date
    total: Money
    flag: str
    url: str
    can: frozenset[str]
    person: PersonView | None


async def orders(call: Call) -> Response:
    """Show the latest orders."""
    return await _list(call)


async def search(call: Call) -> Response:
    """Find by number or exact address; posted, so that no address stands in a URL."""
    return await _list(call, query=call.form.get("query", "").strip())


async def show(call: Call) -> Response:
    """Open one order's person, for a reason; the audit log says so."""
    reason = call.form.get("reason", "")
    if reason not in dict(REASONS):
        raise Refused("Please choose why.", field="reason")
    return await _list(call, query=call.params["number"], reason=reason)


async def act(call: Call) -> Response:
    """Confirm a transfer, refund, give back what came too much, or send the key again."""
    said = await call.work(_act, call, call.params["number"], call.params["action"])
    return await _list(call, query=call.params["number"], said=said)


async def _list(call: Call, *, query: str = "", reason: str = "", said: str = "") -> Response:
    found = await call.work(_rows, call, query, reason)
    say = call.say
    return call.render(
        "shop/office_orders.html",
        search=call.form_view(SEARCH, "/office/orders", Filled(values={"query": query})),
        asked=bool(query),
        orders=found,
        reasons=[(value, say(words)) for value, words in REASONS],
        said=say(said) if said else "",
    )


def _rows(uow: UnitOfWork, call: Call, query: str, reason: str) -> list[Row]:
    require_office(uow, call)
    try:
        found = shop.find_orders(uow, query, role=ROLE) if query else records.list_orders(uow.db)
    except Refused:
        found = []
    return [_row(uow, order, reason) for order in found]


def _row(uow: UnitOfWork, order: Order, reason: str) -> Row:
    product = records.find_product(uow.db, order.product)
    edition = None if product is None else product.find_edition(order.edition)
    return Row(
        number=order.number,
        product=order.product if product is None else product.title,
        edition=order.edition if edition is None else edition.name,
        country=order.country,
        state=order.state.value,
        placed_on=order.created_at.date(),
        total=order.sum.total,
        flag=order.flag,
        url="",
        can=_can(uow, order),
        person=_person(uow, order, reason) if reason else None,
    )


def _can(uow: UnitOfWork, order: Order) -> frozenset[str]:
    unpaid = order.state in {State.INITIATED, State.FAILED} and order.method is Method.BANK
    actions = {
        "confirm": unpaid,
        "repay": bool(order.flag) and bool(shop.list_owed(uow, order)),
        "refund": order.state in {State.PAID, State.FULFILLED},
        "resend": order.state is State.FULFILLED,
    }
    return frozenset(name for name, possible in actions.items() if possible)


def _person(uow: UnitOfWork, order: Order, reason: str) -> PersonView | None:
    records.add_event(uow.db, order.id, "shown", uow.now, reason)
    buyer = service.open_buyer(uow, order, role=ROLE)
    if buyer is None:
        return None
    facts: Invoice | Draft | None = service.open_invoice(uow, order, role=ROLE)
    if isinstance(buyer, Draft):
        facts = buyer
    named = ("", "", "") if facts is None else (facts.name, facts.address, facts.vat_id)
    return PersonView(buyer.email, *named, reason=dict(REASONS)[reason], until="")


def _act(uow: UnitOfWork, call: Call, number: str, action: str) -> str:
    require_office(uow, call)
    actions: dict[str, tuple[Callable[[UnitOfWork, Order], Any], str]] = {
        "confirm": (shop.confirm_transfer, "Recorded: the money is here. The buyer gets the mail."),
        "refund": (shop.ask_refund, "The money goes back; the key no longer works as soon as it has."),
        "repay": (shop.ask_repayment, "What was paid too much goes back; the order and its key stay as they are."),
        "resend": (lambda unit, order: shop.resend(unit, order, role=ROLE), "The mail with the key was sent again."),
    }
    if action not in actions:
        raise NoOffice
    perform, said = actions[action]
    perform(uow, shop.get_order_by_number(uow, number))
    return said


# -- the door --------------------------------------------------------------------------------------------------------


def require_office(uow: UnitOfWork, call: Call) -> None:
    """Let only a browser on this machine through that used an invitation; raises `NoOffice`."""
    require_loopback(call)
    if people.visitor(uow, call.session).find(KIND, THING) is None:
        raise NoOffice


def require_loopback(call: Call) -> None:
    """Refuse whoever is not on this machine, or came through a proxy; raises `NoOffice`."""
    try:
        local = ip_address(call.peer).is_loopback
    except ValueError:
        local = False
    if not local or any(values(call.headers, name.encode()) for name in _FORWARDED):
        raise NoOffice


async def show_door(call: Call) -> Response:
    """Show where an invitation leads: opening changes nothing, the button posts."""
    require_loopback(call)
    return await _door(call, fresh=await call.read(_is_invitation, call.params["link"]))


async def enter(call: Call) -> Response:
    """Use an invitation: this browser may work in the office for some hours."""
    require_loopback(call)
    try:
        session = await call.work(_enter, call.params["link"], call.session)
    except LinkSpent:
        return await _door(call, fresh=False, status=410)
    call.set_session(session, int(OFFICE_LIFE.total_seconds()))
    return call.redirect("/office/orders")


def _is_invitation(uow: UnitOfWork, link: str) -> bool:
    try:
        return people.check_link(uow, link).kind == KIND
    except TrothError:
        return False


def _enter(uow: UnitOfWork, link: str, session: str | None) -> str:
    if not _is_invitation(uow, link):
        raise LinkSpent
    people.spend_link(uow, link)
    return people.grant(uow, session, KIND, THING, life=OFFICE_LIFE)


async def _door(call: Call, *, fresh: bool, status: int = 200) -> Response:
    say = call.say
    action = f"/office/enter/{call.params['link']}"
    form = call.form_view(ENTER, action, Filled(values={"confirm": "yes"})) if fresh else None
    shown = {
        "title": say("The office"),
        "text": say("Press the button to work in the office with this browser, for eight hours."),
        "button": say("Open the office"),
        "hint": say("The button sets one cookie."),
    }
    return call.render("shop/link.html", status=status, link=shown, form=form, again="")


ROUTES = (
    Route("GET", "/office/orders", orders, "office-orders", cookies=_SESSION, limits=(WORK,)),
    Route("POST", "/office/orders", search, "office-search", form="search", cookies=_SESSION, limits=(WORK,)),
    Route("POST", "/office/orders/{number}/show", show, "office-show", form="show", cookies=_SESSION, limits=(WORK,)),
    Route("POST", "/office/orders/{number}/{action}", act, "office-act", form="act", cookies=_SESSION, limits=(WORK,)),
    Route("GET", "/office/enter/{link}", show_door, "office-door", limits=(WORK,)),
    Route("POST", "/office/enter/{link}", enter, "office-enter", form="enter", cookies=_SESSION, limits=(WORK,)),
)
