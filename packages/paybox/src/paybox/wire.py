"""The book's records as Stripe's JSON objects (API version 2026-10-28), complete down to the fields that are null.

A shop that reads a field the SDK declares finds it, so that no `AttributeError` appears that Stripe would not cause.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from paybox.ledger import Book
from paybox.objects import Card, Charge, Event, Intent, LineItem, Refund, Session, Thing
from paybox.refusals import DECLINES, InvalidParameter

API_VERSION = "2026-10-28.endive"
MAX_EXPANSION = 4
EXPANDABLE = {
    "checkout.session": {"payment_intent": "payment_intent", "line_items": "", "customer": "", "invoice": ""},
    "payment_intent": {"latest_charge": "charge", "customer": ""},
    "charge": {"payment_intent": "payment_intent", "refunds": "", "balance_transaction": "", "customer": ""},
    "refund": {"payment_intent": "payment_intent", "charge": "charge", "balance_transaction": ""},
}
"""What may be expanded in which object, and what object that gives; empty where there is nothing to go into."""

Json: TypeAlias = "dict[str, object]"


def _nulls(names: str) -> Json:
    return dict.fromkeys(names.split())


_SESSION_NULLS = _nulls(
    """adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types
    billing_address_collection branding_settings client_secret consent consent_collection currency_conversion customer
    customer_account customer_creation discounts excluded_payment_method_types integration_identifier invoice
    invoice_creation locale managed_payments name_collection optional_items origin_context payment_link
    payment_method_configuration_details permissions presentment_details recovered_from redirect_on_completion
    return_url saved_payment_method_options setup_intent shipping_address_collection shipping_cost submit_type
    subscription tax_id_collection wallet_options collected_information"""
)
_INTENT_NULLS = _nulls(
    """allowed_payment_method_types application application_fee_amount customer customer_account
    excluded_payment_method_types hooks managed_payments next_action on_behalf_of payment_details
    payment_method_configuration_details payment_record presentment_details processing receipt_email review
    setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data transfer_group
    automatic_payment_methods"""
)
_CHARGE_NULLS = _nulls(
    """application application_fee application_fee_amount authorization_code balance_transaction
    calculated_statement_descriptor customer failure_balance_transaction level3 on_behalf_of presentment_details
    receipt_email receipt_number receipt_url review shipping source source_transfer statement_descriptor
    statement_descriptor_suffix transfer transfer_data transfer_group"""
)
_REFUND_NULLS = _nulls(
    """balance_transaction customer customer_account description failure_balance_transaction
    failure_reason instructions_email next_action payment_method pending_reason presentment_details receipt_number
    source_transfer_reversal transfer_reversal"""
)
_CARD_NULLS = _nulls(
    """amount_authorized authorization_code capture_before description electronic_commerce_indicator
    extended_authorization iin incremental_authorization installments issuer mandate moto multicapture
    network_token network_transaction_id overcapture regulated_status setup_credential_usage
    stored_credential_usage three_d_secure transaction_link_id wallet"""
)


def check_expand(paths: Sequence[str], kind: str) -> None:
    """Refuse, before anything is done, to expand what is no reference."""
    for path in paths:
        keys = path.split(".")
        if len(keys) > MAX_EXPANSION:
            raise InvalidParameter(f"You cannot expand more than {MAX_EXPANSION} levels of a property.", param="expand")
        inside = kind
        for key in keys:
            if key not in EXPANDABLE.get(inside, {}):
                raise InvalidParameter(f"This property cannot be expanded ({path}).", param="expand")
            inside = EXPANDABLE[inside][key]


class Wire:
    """Renders the records of one book, whose hosted pages lie under `page_url`."""

    def __init__(self, book: Book, *, page_url: Callable[[str], str]) -> None:
        """`page_url` gives the address at which a session is paid."""
        self._book = book
        self._page_url = page_url

    def render(self, thing: Thing | Event, expand: Sequence[str] = ()) -> Json:
        """Return the object, with the references named in `expand` replaced by what they name."""
        drawn = self._draw(thing)
        for path in expand:
            self._expand(drawn, path.split("."))
        return drawn

    def page(self, things: Sequence[Thing | Event], url: str, *, more: bool, expand: Sequence[str]) -> Json:
        """Return a list object; `expand` paths begin with `data.`, as Stripe's do."""
        inner = [path.removeprefix("data.") for path in expand]
        data = [self.render(thing, inner) for thing in things]
        return {"object": "list", "data": data, "has_more": more, "url": url}

    def line_items(self, session: Session) -> list[Json]:
        """Return the lines of a session as line item objects."""
        return [_line(line, session.terms.currency) for line in session.terms.lines]

    def _draw(self, thing: Thing | Event) -> Json:
        if isinstance(thing, Session):
            return _session(thing, self._page_url(thing.id) if thing.status == "open" else None)
        if isinstance(thing, Intent):
            return _intent(thing)
        if isinstance(thing, Charge):
            return _charge(thing)
        if isinstance(thing, Refund):
            return _refund(thing)
        waiting = self._book.delivery.get(thing.id) in ("waiting", "held")
        return _event(thing, self._draw(thing.subject), pending=int(waiting))

    def _expand(self, drawn: Json, keys: list[str]) -> None:
        key, *rest = keys
        if key in ("line_items", "refunds"):
            self._include(drawn, key)
        found = drawn.get(key)
        if isinstance(found, str):
            found = drawn[key] = self._draw(self._book.retrieve(found))
        if rest and isinstance(found, dict):
            self._expand(found, rest)

    def _include(self, drawn: Json, key: str) -> None:
        """Add a list that Stripe answers only when asked: a session's lines, a charge's refunds."""
        name = str(drawn["id"])
        if key == "line_items":
            session = self._book.get(Session, name)
            url = f"/v1/checkout/sessions/{name}/line_items"
            drawn[key] = {"object": "list", "data": self.line_items(session), "has_more": False, "url": url}
        else:
            refunds = [refund for refund in self._book.listed(Refund) if refund.charge == name]
            url = f"/v1/charges/{name}/refunds"
            drawn[key] = self.page(refunds[::-1], url, more=False, expand=())


def _session(session: Session, url: str | None) -> Json:
    terms = session.terms
    paid = session.status == "complete"
    return {
        **_SESSION_NULLS,
        "id": session.id,
        "object": "checkout.session",
        "amount_subtotal": terms.amount,
        "amount_total": terms.amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": terms.cancel_url,
        "client_reference_id": terms.client_reference_id,
        "created": session.created,
        "currency": terms.currency,
        "custom_fields": [],
        "custom_text": _nulls("after_submit shipping_address submit terms_of_service_acceptance"),
        "customer_details": _customer(session),
        "customer_email": terms.customer_email,
        "expires_at": session.expires_at,
        "livemode": False,
        "metadata": dict(terms.metadata),
        "mode": "payment",
        "payment_intent": session.intent,
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "paid" if paid else "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": session.status,
        "success_url": terms.success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": url,
        **terms.echo,
    }


def _customer(session: Session) -> Json | None:
    email, country = session.terms.customer_email, session.country
    if email is None and country is None:
        return None
    paid = country is not None
    return {
        "address": _address(country) if paid else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [] if paid else None,
    }


def _address(country: str | None) -> Json:
    return {**_nulls("city line1 line2 postal_code state"), "country": country}


def _line(line: LineItem, currency: str) -> Json:
    total = line.unit_amount * line.quantity
    price = {
        **_nulls("billing_scheme lookup_key nickname recurring tiers_mode transform_quantity"),
        "id": line.price,
        "object": "price",
        "active": False,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "product": line.product,
        "type": "one_time",
        "unit_amount": line.unit_amount,
        "unit_amount_decimal": str(line.unit_amount),
    }
    return {
        "id": line.id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": line.name,
        "metadata": {},
        "price": price,
        "quantity": line.quantity,
    }


def _intent(intent: Intent) -> Json:
    terms = intent.terms
    secret = hashlib.sha256(intent.id.encode()).hexdigest()[:25]
    return {
        **_INTENT_NULLS,
        "id": intent.id,
        "object": "payment_intent",
        "amount": terms.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": terms.amount if intent.status == "succeeded" else 0,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": "automatic_async",
        "client_secret": f"{intent.id}_secret_{secret}",
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": terms.currency,
        "description": terms.description,
        "last_payment_error": _payment_error(intent),
        "latest_charge": intent.charge,
        "livemode": False,
        "metadata": dict(terms.metadata),
        "payment_method": intent.card.method if intent.card else None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": intent.status,
        **terms.echo,
    }


def _payment_error(intent: Intent) -> Json | None:
    if intent.decline is None:
        return None
    decline = DECLINES[intent.decline]
    return {
        "charge": intent.charge,
        "code": decline.code,
        "decline_code": intent.decline,
        "doc_url": f"https://docs.stripe.com/error-codes#{decline.code.replace('_', '-')}",
        "message": decline.message,
        "type": "card_error",
    }


def _charge(charge: Charge) -> Json:
    decline = None if charge.card.decline is None else DECLINES[charge.card.decline]
    return {
        **_CHARGE_NULLS,
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount if charge.paid else 0,
        "amount_refunded": charge.refunded,
        "billing_details": {
            "address": _address(charge.card.country),
            "email": charge.email,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "captured": charge.paid,
        "created": charge.created,
        "currency": charge.currency,
        "description": charge.description,
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(charge.metadata),
        "outcome": _outcome(charge),
        "paid": charge.paid,
        "payment_intent": charge.intent,
        "payment_method": charge.card.method,
        "payment_method_details": {"card": _card(charge.card), "type": "card"},
        "radar_options": {},
        "refunded": charge.paid and charge.refunded == charge.amount,
        "status": "succeeded" if charge.paid else "failed",
    }


def _outcome(charge: Charge) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None if charge.paid else "01",
        "network_status": "approved_by_network" if charge.paid else "declined_by_network",
        "reason": charge.card.decline,
        "risk_level": "normal",
        "risk_score": 1,
        "rule": None,
        "seller_message": "Payment complete." if charge.paid else "The bank did not return any further details.",
        "type": "authorized" if charge.paid else "issuer_declined",
    }


def _card(card: Card) -> Json:
    return {
        **_CARD_NULLS,
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": hashlib.sha256(f"{card.brand}{card.last4}{card.country}".encode()).hexdigest()[:16],
        "funding": "credit",
        "last4": card.last4,
        "network": card.brand,
    }


def _refund(refund: Refund) -> Json:
    return {
        **_REFUND_NULLS,
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": dict(refund.metadata),
        "payment_intent": refund.intent,
        "reason": refund.reason,
        "status": "succeeded",
    }


def _event(event: Event, subject: Json, *, pending: int) -> Json:
    return {
        "id": event.id,
        "object": "event",
        "account": None,
        "api_version": API_VERSION,
        "context": None,
        "created": event.created,
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": pending,
        "request": {"id": event.cause.request, "idempotency_key": event.cause.key},
        "type": event.type,
    }
