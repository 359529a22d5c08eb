"""Everything the double says no with, in the shape of Stripe's error object (docs.stripe.com/api/errors)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paybox.marks import override

if TYPE_CHECKING:
    from paybox.objects import Intent

INVALID_REQUEST = "invalid_request_error"
IDEMPOTENCY = "idempotency_error"
CARD = "card_error"
API = "api_error"


@dataclass(eq=False)
class Refusal(Exception):
    """A request that cannot be done; `status` is the HTTP code, `kind` Stripe's `type`, the rest as Stripe names it."""

    message: str
    status: int = 400
    code: str | None = None
    param: str | None = None
    kind: str = INVALID_REQUEST
    decline_code: str | None = None
    charge: str | None = None
    intent: Intent | None = None

    @override
    def __str__(self) -> str:
        """Return the message."""
        return self.message


class InvalidParameter(Refusal):
    """A parameter is missing, unknown or malformed: nothing was begun, so the idempotency key stays unused."""


@dataclass(frozen=True, slots=True)
class Decline:
    """How a card says no: Stripe's error code and the sentence it gives."""

    code: str
    message: str


# docs.stripe.com/declines/codes; the keys are what a test asks for
DECLINES = {
    "generic_decline": Decline("card_declined", "Your card was declined."),
    "insufficient_funds": Decline("card_declined", "Your card has insufficient funds."),
    "lost_card": Decline("card_declined", "Your card was declined."),
    "stolen_card": Decline("card_declined", "Your card was declined."),
    "expired_card": Decline("expired_card", "Your card has expired."),
    "incorrect_cvc": Decline("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": Decline(
        "processing_error", "An error occurred while processing your card. Try again in a little bit."
    ),
}


def missing(param: str) -> InvalidParameter:
    """Say that a required parameter is not there."""
    return InvalidParameter(f"Missing required param: {param}.", code="parameter_missing", param=param)


def no_such(kind: str, name: str, *, param: str = "id") -> Refusal:
    """Say that nothing has that id."""
    return Refusal(f"No such {kind}: '{name}'", status=404, code="resource_missing", param=param)


def declined(reason: str, charge: str, intent: Intent) -> Refusal:
    """Say that the card declined while an API call was confirming a PaymentIntent (HTTP 402)."""
    decline = DECLINES[reason]
    return Refusal(
        decline.message,
        status=402,
        code=decline.code,
        kind=CARD,
        decline_code=reason,
        charge=charge,
        intent=intent,
    )
