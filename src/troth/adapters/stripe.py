"""Stripe Checkout through the official SDK: the buyer pays on Stripe's page, we give an amount and opaque ids.

The SDK is imported at the first call, which happens in the job process or in a work thread: the pages that sell never
load it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from troth.kernel.codec import from_json
from troth.kernel.errors import Refused
from troth.kernel.money import Money
from troth.shop.errors import NotThere, ProviderDown, ProviderRefused
from troth.shop.payments import Forged, Notice, Opened, Request, Status, Truth

if TYPE_CHECKING:
    import stripe

    from troth.kernel.config import StripeSettings

TIMEOUT_SECONDS = 10
TOLERANCE = timedelta(minutes=5)
_SIGNATURE = re.compile(r"(?:^|,)\s*(t|v1)=([0-9a-f]+)")
_LONGEST_ID = 255
_LONGEST_STAMP = 11


class Stripe:
    """The payment provider Stripe, or a local double that speaks as it does."""

    name = "stripe"

    def __init__(self, settings: StripeSettings) -> None:
        """Keep keys and address; nothing is asked yet."""
        self._settings = settings
        self.live = settings.live

    @cached_property
    def _client(self) -> stripe.StripeClient:
        import stripe  # noqa: PLC0415 - half a second and 40 MB that pages need not pay

        return stripe.StripeClient(
            self._settings.key,
            base_addresses={"api": self._settings.api_base},
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        )

    def open_payment(self, request: Request) -> Opened:
        """Make a Checkout Session; the attempt's id is the idempotency key."""
        item: stripe.params.checkout.SessionCreateParamsLineItem = {
            "quantity": 1,
            "price_data": {
                "currency": request.amount.currency.lower(),
                "unit_amount": request.amount.minor,
                "product_data": {"name": request.description},
            },
        }
        params: stripe.params.checkout.SessionCreateParams = {
            "mode": "payment",
            "client_reference_id": request.order,
            "line_items": [item],
            "success_url": request.return_url,
            "cancel_url": request.cancel_url,
        }
        session = self._ask(
            lambda: self._client.v1.checkout.sessions.create(
                params, options={"idempotency_key": f"attempt-{request.attempt}"}
            )
        )
        return Opened(session.id, session.url, datetime.fromtimestamp(session.expires_at, UTC))

    def look_up(self, reference: str) -> Truth:
        """Ask for a session with its payment and charge."""
        session = self._ask(
            lambda: self._client.v1.checkout.sessions.retrieve(
                reference, params={"expand": ["payment_intent.latest_charge"]}
            )
        )
        intent = session.payment_intent
        charge = getattr(intent, "latest_charge", None) if intent else None
        return Truth(
            status=_status(session, intent),
            live=bool(session.livemode),
            order=str(session.client_reference_id),
            amount=_amount(session, intent),
            payment="" if not intent else str(getattr(intent, "id", intent)),
            country=_card_country(charge),
            refunded=int(getattr(charge, "amount_refunded", 0) or 0),
        )

    def find_reference(self, notice: Notice) -> str | None:
        """Return the session a message is about: itself, or the one behind a charge."""
        if notice.type.startswith("checkout.session."):
            return notice.object
        if notice.type != "charge.refunded":
            return None
        charge = self._ask(lambda: self._client.v1.charges.retrieve(notice.object))
        if not charge.payment_intent:
            return None
        sessions = self._ask(
            lambda: self._client.v1.checkout.sessions.list({"payment_intent": str(charge.payment_intent), "limit": 1})
        )
        return sessions.data[0].id if sessions.data else None

    def close_payment(self, reference: str) -> None:
        """Expire a session."""
        self._ask(lambda: self._client.v1.checkout.sessions.expire(reference))

    def refund(self, payment: str, amount: Money, *, once: str) -> str:
        """Give a payment back in full; the order's id is the idempotency key."""
        refunded = self._ask(
            lambda: self._client.v1.refunds.create(
                {"payment_intent": payment, "amount": amount.minor}, options={"idempotency_key": f"refund-{once}"}
            )
        )
        return str(refunded.id)

    def read_webhook(self, body: bytes, signature: str, now: datetime) -> Notice:
        """Check the signature over the bytes as they came (HMAC-SHA256, at most 5 minutes old), then read four values.

        Done here and not by the SDK so that a page worker need not load it; the tests hold both to the same messages.
        """
        parts: list[tuple[str, str]] = _SIGNATURE.findall(signature)
        stamp = next((value for name, value in parts if name == "t"), "")
        if not 0 < len(stamp) <= _LONGEST_STAMP or not stamp.isdecimal():
            raise Forged
        if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
            raise Forged
        secret = self._settings.webhook_secret.encode()
        expected = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not any(hmac.compare_digest(expected, value) for name, value in parts if name == "v1"):
            raise Forged
        return _notice(body)

    def _ask(self, call: Any) -> Any:  # noqa: ANN401 - the SDK's own objects
        import stripe  # noqa: PLC0415 - see `_client`

        try:
            return call()
        except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
            # The SDK's message may repeat what was sent; only its kind travels on.
            raise (NotThere if error.code == "resource_missing" else ProviderRefused) from None
        except stripe.StripeError as error:
            raise ProviderDown from (None if error.http_body else error)


def _notice(body: bytes) -> Notice:
    event = from_json(body, dict[str, Any])
    thing = event.get("data", {})
    inner = thing.get("object", {}) if isinstance(thing, dict) else {}
    values = (event.get("id"), event.get("type"), inner.get("id") if isinstance(inner, dict) else None)
    created = event.get("created")
    if not all(isinstance(value, str) and 0 < len(value) <= _LONGEST_ID for value in values):
        raise Refused("The message has no id, type or object.")
    if not isinstance(created, int) or not 0 < created < 10**_LONGEST_STAMP:
        raise Refused("The message has no time.")
    return Notice(str(values[0]), str(values[1]), str(values[2]), datetime.fromtimestamp(created, UTC))


def _status(session: Any, intent: Any) -> Status:  # noqa: ANN401 - the SDK's own objects
    if session.payment_status == "paid" and getattr(intent, "status", "") == "succeeded":
        return Status.PAID
    if session.status == "expired":
        return Status.EXPIRED
    # A session that is complete but not paid waits for a delayed method; a cancelled intent will never be paid.
    return Status.FAILED if getattr(intent, "status", "") == "canceled" else Status.OPEN


def _amount(session: Any, intent: Any) -> Money:  # noqa: ANN401 - the SDK's own objects
    """Return what was taken: the payment's own amount if there is one, else the session's."""
    received = getattr(intent, "amount_received", None) or session.amount_total
    return Money(int(received), str(getattr(intent, "currency", None) or session.currency).upper())


def _card_country(charge: Any) -> str | None:  # noqa: ANN401 - the SDK's own objects
    details = getattr(charge, "payment_method_details", None)
    card = getattr(details, "card", None)
    country = getattr(card, "country", None)
    return country if isinstance(country, str) else None
