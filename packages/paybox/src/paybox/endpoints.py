"""What each endpoint does with the book, and the one table of them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from paybox import params
from paybox.cards import card_of
from paybox.faults import FaultBoard
from paybox.ledger import KINDS, Book
from paybox.listing import is_type, page, was_created
from paybox.objects import Card, Charge, Event, Intent, IntentTerms, LineItem, Refund, Session, SessionTerms
from paybox.refusals import InvalidParameter, Refusal, declined
from paybox.shapes import Table
from paybox.wire import Json, Wire, check_expand

Params = Mapping[str, object]
Names = tuple[str, ...]
Listed = TypeVar("Listed", Session, Intent, Charge, Refund, Event)


@dataclass(frozen=True, slots=True)
class Desk:
    """What an endpoint works with."""

    book: Book
    wire: Wire
    board: FaultBoard


Work = Callable[[Desk, Names, Params], Json]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path, the parameters it takes, its work and the kind of object (or of their list) it answers."""

    method: str
    path: re.Pattern[str]
    params: Table
    work: Work
    kind: str
    lists: bool


def check_expandable(endpoint: Endpoint, asked: Params) -> None:
    """Refuse a wrong `expand` before the work begins; in a list the paths begin with `data.`."""
    paths = _expand(asked)
    if endpoint.lists:
        for path in paths:
            if not path.startswith("data."):
                raise InvalidParameter(f"This property cannot be expanded ({path}).", param="expand")
        paths = [path.removeprefix("data.") for path in paths]
    check_expand(paths, endpoint.kind)


# -- checkout sessions ----------------------------------------------------------------------------------------


def create_session(desk: Desk, _: Names, asked: Params) -> Json:
    """POST /v1/checkout/sessions."""
    return desk.wire.render(desk.book.create_session(_session_terms(asked)), _expand(asked))


def get_session(desk: Desk, names: Names, asked: Params) -> Json:
    """GET /v1/checkout/sessions/{id}."""
    return desk.wire.render(desk.book.get(Session, names[0], param="session"), _expand(asked))


def expire_session(desk: Desk, names: Names, asked: Params) -> Json:
    """POST /v1/checkout/sessions/{id}/expire."""
    return desk.wire.render(desk.book.expire(names[0]), _expand(asked))


def list_sessions(desk: Desk, _: Names, asked: Params) -> Json:
    """GET /v1/checkout/sessions."""
    intent, status = asked.get("payment_intent"), asked.get("status")
    return _list(
        desk,
        asked,
        [
            session
            for session in desk.book.listed(Session)
            if intent in (None, session.intent) and status in (None, session.status)
        ],
        "/v1/checkout/sessions",
    )


def list_line_items(desk: Desk, names: Names, asked: Params) -> Json:
    """GET /v1/checkout/sessions/{id}/line_items."""
    session = desk.book.get(Session, names[0], param="session")
    cut = page(session.terms.lines, asked, kind="item")
    kept = {line.id for line in cut.rows}
    data = [line for line in desk.wire.line_items(session) if line["id"] in kept]
    url = f"/v1/checkout/sessions/{session.id}/line_items"
    return {"object": "list", "data": data, "has_more": cut.more, "url": url}


def _session_terms(asked: Params) -> SessionTerms:
    rows = cast("list[dict[str, object]]", asked["line_items"])
    prices = [cast("dict[str, object]", row["price_data"]) for row in rows]
    currency = cast("str", asked.get("currency", prices[0]["currency"] if prices else ""))
    for number, price in enumerate(prices):
        if price["currency"] != currency:
            raise InvalidParameter(
                "All line items of a Checkout Session must have the same currency.",
                param=f"line_items[{number}][price_data][currency]",
            )
    intent = cast("dict[str, object]", asked.get("payment_intent_data", {}))
    return SessionTerms(
        lines=tuple(_line(row, price) for row, price in zip(rows, prices, strict=True)),
        currency=currency,
        success_url=cast("str", asked["success_url"]),
        cancel_url=cast("str | None", asked.get("cancel_url")),
        client_reference_id=cast("str | None", asked.get("client_reference_id")),
        customer_email=cast("str | None", asked.get("customer_email")),
        expires_at=cast("int | None", asked.get("expires_at")),
        metadata=_metadata(asked),
        echo={name: asked[name] for name in params.SESSION_ECHO if name in asked},
        intent_description=cast("str | None", intent.get("description")),
        intent_metadata=_metadata(intent),
        intent_echo={name: intent[name] for name in params.INTENT_ECHO if name in intent},
    )


def _line(row: Mapping[str, object], price: Mapping[str, object]) -> LineItem:
    product = cast("dict[str, object]", price["product_data"])
    return LineItem(
        name=cast("str", product["name"]),
        unit_amount=cast("int", price["unit_amount"]),
        quantity=cast("int", row["quantity"]),
        description=cast("str | None", product.get("description")),
    )


# -- payment intents ------------------------------------------------------------------------------------------


def create_intent(desk: Desk, _: Names, asked: Params) -> Json:
    """POST /v1/payment_intents."""
    method = cast("str | None", asked.get("payment_method"))
    kept = (*params.INTENT_ECHO, "automatic_payment_methods", "allowed_payment_method_types")
    echo = {name: asked[name] for name in kept if name in asked}
    if asked.get("confirm") and method is None:
        raise InvalidParameter("Pass `payment_method` together with `confirm`.", param="payment_method")
    intent = desk.book.create_intent(
        IntentTerms(
            amount=cast("int", asked["amount"]),
            currency=cast("str", asked["currency"]),
            description=cast("str | None", asked.get("description")),
            metadata=_metadata(asked),
            card=None if method is None else card_of(method),
            echo=echo,
        )
    )
    return _confirm(desk, intent.id, None, asked) if asked.get("confirm") else desk.wire.render(intent, _expand(asked))


def get_intent(desk: Desk, names: Names, asked: Params) -> Json:
    """GET /v1/payment_intents/{id}."""
    return desk.wire.render(desk.book.get(Intent, names[0], param="intent"), _expand(asked))


def confirm_intent(desk: Desk, names: Names, asked: Params) -> Json:
    """POST /v1/payment_intents/{id}/confirm."""
    method = cast("str | None", asked.get("payment_method"))
    return _confirm(desk, names[0], None if method is None else card_of(method), asked)


def cancel_intent(desk: Desk, names: Names, asked: Params) -> Json:
    """POST /v1/payment_intents/{id}/cancel."""
    reason = cast("str | None", asked.get("cancellation_reason"))
    return desk.wire.render(desk.book.cancel_intent(names[0], reason=reason), _expand(asked))


def list_intents(desk: Desk, _: Names, asked: Params) -> Json:
    """GET /v1/payment_intents."""
    return _list(desk, asked, desk.book.listed(Intent), "/v1/payment_intents")


def _confirm(desk: Desk, intent_id: str, card: Card | None, asked: Params) -> Json:
    if desk.board.now.decline:
        card = card or desk.book.get(Intent, intent_id, param="intent").card
        if card is not None and desk.board.take("decline"):
            card = replace(card, decline=desk.board.now.decline_code)
    intent = desk.book.confirm_intent(intent_id, card)
    if intent.decline is not None:
        raise declined(intent.decline, str(intent.charge), intent)
    return desk.wire.render(intent, _expand(asked))


# -- charges and refunds --------------------------------------------------------------------------------------


def get_charge(desk: Desk, names: Names, asked: Params) -> Json:
    """GET /v1/charges/{id}."""
    return desk.wire.render(desk.book.get(Charge, names[0], param="charge"), _expand(asked))


def list_charges(desk: Desk, _: Names, asked: Params) -> Json:
    """GET /v1/charges."""
    intent = asked.get("payment_intent")
    return _list(
        desk,
        asked,
        [charge for charge in desk.book.listed(Charge) if intent in (None, charge.intent)],
        "/v1/charges",
    )


def create_refund(desk: Desk, _: Names, asked: Params) -> Json:
    """POST /v1/refunds."""
    refund = desk.book.refund(
        _charge_asked(desk, asked),
        amount=cast("int | None", asked.get("amount")),
        reason=cast("str | None", asked.get("reason")),
        metadata=_metadata(asked),
    )
    return desk.wire.render(refund, _expand(asked))


def get_refund(desk: Desk, names: Names, asked: Params) -> Json:
    """GET /v1/refunds/{id}."""
    return desk.wire.render(desk.book.get(Refund, names[0], param="refund"), _expand(asked))


def list_refunds(desk: Desk, _: Names, asked: Params) -> Json:
    """GET /v1/refunds."""
    charge, intent = asked.get("charge"), asked.get("payment_intent")
    return _list(
        desk,
        asked,
        [
            refund
            for refund in desk.book.listed(Refund)
            if charge in (None, refund.charge) and intent in (None, refund.intent)
        ],
        "/v1/refunds",
    )


def _charge_asked(desk: Desk, asked: Params) -> str:
    charge, intent = cast("str | None", asked.get("charge")), cast("str | None", asked.get("payment_intent"))
    if (charge is None) == (intent is None):
        raise InvalidParameter(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing" if charge is None else None,
        )
    if intent is None:
        return str(charge)
    found = desk.book.find_charge(intent)
    if found is None:
        raise Refusal(f"This PaymentIntent ({intent}) does not have a successful charge to refund.")
    return found.id


# -- events ---------------------------------------------------------------------------------------------------


def get_event(desk: Desk, names: Names, asked: Params) -> Json:
    """GET /v1/events/{id}."""
    return desk.wire.render(desk.book.get(Event, names[0]), _expand(asked))


def list_events(desk: Desk, _: Names, asked: Params) -> Json:
    """GET /v1/events."""
    wanted = cast("list[str]", asked.get("types", [asked["type"]] if "type" in asked else []))
    if "type" in asked and "types" in asked:
        raise InvalidParameter("You may pass either `type` or `types`, but not both.", param="types")
    events = [event for event in desk.book.events if not wanted or any(is_type(event, one) for one in wanted)]
    if "delivery_success" in asked:
        reached = bool(asked["delivery_success"])
        events = [event for event in events if (desk.book.delivery[event.id] == "delivered") is reached]
    return _list(desk, asked, events, "/v1/events")


# -- what they share ------------------------------------------------------------------------------------------


def _list(desk: Desk, asked: Params, rows: list[Listed], url: str) -> Json:
    newest_first = [row for row in reversed(rows) if was_created(row, asked.get("created"))]
    kind = KINDS[type(newest_first[0])] if newest_first else "object"
    cut = page(newest_first, asked, kind=kind)
    return desk.wire.page(cut.rows, url, more=cut.more, expand=_expand(asked))


def _expand(asked: Params) -> Sequence[str]:
    return cast("list[str]", asked.get("expand", []))


def _metadata(asked: Params) -> dict[str, str]:
    return cast("dict[str, str]", asked.get("metadata", {}))


def _on(kind: str, place: str) -> Callable[[str, str, Table, Work], Endpoint]:
    """Return what makes the endpoints of one kind of object, whose paths begin with `place`."""

    def endpoint(method: str, rest: str, table: Table, work: Work) -> Endpoint:
        path = re.compile("/v1/" + place + rest.replace("{id}", "([^/]{1,200})"))
        lists = method == "GET" and not rest.endswith("{id}")
        return Endpoint(method, path, table, work, kind, lists)

    return endpoint


_sessions = _on("checkout.session", "checkout/sessions")
_items = _on("item", "checkout/sessions")
_intents = _on("payment_intent", "payment_intents")
_charges = _on("charge", "charges")
_refunds = _on("refund", "refunds")
_events = _on("event", "events")

ALL = (
    _sessions("POST", "", params.SESSION_CREATE, create_session),
    _sessions("GET", "", params.SESSION_LIST, list_sessions),
    _sessions("GET", "/{id}", params.RETRIEVE, get_session),
    _sessions("POST", "/{id}/expire", params.RETRIEVE, expire_session),
    _items("GET", "/{id}/line_items", params.LINE_ITEM_LIST, list_line_items),
    _intents("POST", "", params.INTENT_CREATE, create_intent),
    _intents("GET", "", params.INTENT_LIST, list_intents),
    _intents("GET", "/{id}", params.RETRIEVE, get_intent),
    _intents("POST", "/{id}/confirm", params.INTENT_CONFIRM, confirm_intent),
    _intents("POST", "/{id}/cancel", params.INTENT_CANCEL, cancel_intent),
    _charges("GET", "", params.CHARGE_LIST, list_charges),
    _charges("GET", "/{id}", params.RETRIEVE, get_charge),
    _refunds("POST", "", params.REFUND_CREATE, create_refund),
    _refunds("GET", "", params.REFUND_LIST, list_refunds),
    _refunds("GET", "/{id}", params.RETRIEVE, get_refund),
    _events("GET", "", params.EVENT_LIST, list_events),
    _events("GET", "/{id}", params.RETRIEVE, get_event),
)
