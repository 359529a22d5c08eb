"""What may follow what, and the sentences with which Stripe refuses the rest; each check raises `Refusal`."""

from __future__ import annotations

from paybox.money import LARGEST, smallest, written
from paybox.objects import Card, Charge, Intent, Session
from paybox.refusals import DECLINES, Refusal

DAY = 86_400
HALF_AN_HOUR = 1_800
CANCELABLE = ("requires_payment_method", "requires_confirmation")
UNEXPECTED_STATE = "payment_intent_unexpected_state"


def check_amount(amount: int, currency: str, *, param: str) -> None:
    """Refuse sums below and above what can be charged."""
    if amount < smallest(currency):
        least = written(smallest(currency), currency)
        message = f"The total amount due must add up to at least {least}."
        raise Refusal(message, code="amount_too_small", param=param)
    if amount > LARGEST:
        message = f"The total amount due must be no more than {written(LARGEST, currency)}."
        raise Refusal(message, code="amount_too_large", param=param)


def check_expiry(span: int) -> None:
    """Refuse sessions that would stay open for less than half an hour or more than a day."""
    if span < HALF_AN_HOUR:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise Refusal(message, param="expires_at")
    if span > DAY:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise Refusal(message, param="expires_at")


def check_expirable(session: Session) -> None:
    """Refuse to expire a session that is over."""
    if session.status != "open":
        raise Refusal(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session.status}`."
        )


def check_payable(session: Session) -> None:
    """Refuse to pay a session that is paid or over."""
    if session.status != "open":
        message = f"This Checkout Session can no longer be paid: its status is `{session.status}`."
        raise Refusal(message, code="checkout_session_not_open")


def check_own(intent: Intent) -> None:
    """Refuse to act on an intent that belongs to a Checkout Session."""
    if intent.session is not None:
        raise Refusal("You cannot perform this action on PaymentIntents created by Checkout.", intent=intent)


def check_confirmable(intent: Intent, card: Card | None) -> Card:
    """Return the card to charge: the one given, else the one attached."""
    if intent.status == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
        )
        raise Refusal(message, code=UNEXPECTED_STATE, intent=intent)
    if intent.status == "canceled":
        message = "You cannot confirm this PaymentIntent because it has a status of canceled."
        raise Refusal(message, code=UNEXPECTED_STATE, intent=intent)
    card = card or intent.card
    if card is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. "
            "Pass `payment_method`, or create the PaymentIntent with one."
        )
        raise Refusal(message, code=UNEXPECTED_STATE, intent=intent)
    return card


def check_cancelable(intent: Intent) -> None:
    """Refuse to cancel what is paid or cancelled."""
    if intent.status not in CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. Only a "
            "PaymentIntent with one of the following statuses may be canceled: requires_payment_method, "
            "requires_capture, requires_confirmation, requires_action, processing."
        )
        raise Refusal(message, code=UNEXPECTED_STATE, intent=intent)


def known_decline(reason: str) -> str:
    """Return the decline code if it is one that paybox can give."""
    if reason not in DECLINES:
        message = f"Unknown decline code: '{reason}'; known are {', '.join(DECLINES)}."
        raise Refusal(message, param="decline_code")
    return reason


def refundable(charge: Charge, amount: int | None) -> int:
    """Return how much to give back: `amount`, or what is left; never more than that."""
    left = charge.amount - charge.refunded
    if not charge.paid:
        raise Refusal(f"Charge {charge.id} has failed, so there is nothing to refund.")
    if left == 0:
        raise Refusal(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    if amount is None:
        return left
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise Refusal(message, code="parameter_invalid_integer", param="amount")
    if amount > left:
        what = "unrefunded amount on charge" if charge.refunded else "charge amount"
        asked, there = written(amount, charge.currency), written(left, charge.currency)
        raise Refusal(f"Refund amount ({asked}) is greater than {what} ({there})", param="amount")
    return amount
