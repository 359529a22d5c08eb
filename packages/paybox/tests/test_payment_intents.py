"""PaymentIntents, charges and refunds through the official SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from paybox import Paybox


def test_an_intent_is_created_then_confirmed(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 4641, "currency": "eur", "automatic_payment_methods": {"enabled": True}, "metadata": {"a": "b"}}
    )
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_at"})
    assert (paid.status, paid.amount_received) == ("succeeded", 4641)
    charge = client.v1.charges.retrieve(str(paid.latest_charge))
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.country == "AT"
    assert charge.metadata["a"] == "b"


def test_create_and_confirm_in_one_call(client: stripe.StripeClient) -> None:
    intent: Any = client.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "gbp",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "expand": ["latest_charge"],
        }
    )
    assert intent.status == "succeeded"
    assert intent.latest_charge.payment_method_details.card.country == "US"


@pytest.mark.parametrize(
    ("method", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_card_that_declines_raises_a_card_error_that_carries_the_intent(
    client: stripe.StripeClient, method: str, code: str, decline: str
) -> None:
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.create({"amount": 4641, "currency": "eur", "payment_method": method, "confirm": True})
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    assert error.error is not None
    assert error.error.decline_code == decline
    assert error.error.payment_intent is not None
    intent = client.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert intent.status == "requires_payment_method"
    assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_what_is_over_cannot_be_confirmed_or_cancelled_again(client: stripe.StripeClient) -> None:
    paid = client.v1.payment_intents.create(
        {"amount": 4641, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )
    for refused in (client.v1.payment_intents.confirm, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            refused(paid.id)
        assert caught.value.code == "payment_intent_unexpected_state"
    other = client.v1.payment_intents.create({"amount": 4641, "currency": "eur"})
    gone = client.v1.payment_intents.cancel(other.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        client.v1.payment_intents.confirm(other.id, {"payment_method": "pm_card_visa"})


def test_confirming_without_any_card_is_refused(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 4641, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_nonsense"})


def test_the_intent_of_a_session_belongs_to_the_session(
    client: stripe.StripeClient, box: Paybox, order: Callable[..., Any]
) -> None:
    session = client.v1.checkout.sessions.create(order())
    intent = str(box.decline(session.id).intent)
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        client.v1.payment_intents.cancel(intent)


def test_refunds_full_and_partial_and_never_more_than_was_paid(
    client: stripe.StripeClient, box: Paybox, order: Callable[..., Any]
) -> None:
    session = client.v1.checkout.sessions.create(order())
    intent = str(box.pay(session.id).intent)
    part = client.v1.refunds.create(
        {"payment_intent": intent, "amount": 1000, "reason": "requested_by_customer", "metadata": {"n": "1"}}
    )
    assert (part.status, part.amount, part.currency) == ("succeeded", 1000, "eur")
    assert (part.payment_intent, part.reason) == (intent, "requested_by_customer")
    with pytest.raises(stripe.InvalidRequestError, match=r"50\.00 EUR.*unrefunded amount on charge \(36\.41 EUR\)"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 5000})
    rest = client.v1.refunds.create({"charge": str(part.charge)})
    assert rest.amount == 3641
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"charge": str(part.charge)})
    assert caught.value.code == "charge_already_refunded"
    charge: Any = client.v1.charges.retrieve(str(part.charge), {"expand": ["refunds", "payment_intent"]})
    assert (charge.refunded, charge.amount_refunded) == (True, 4641)
    assert [refund.id for refund in charge.refunds.data] == [rest.id, part.id]
    assert charge.payment_intent.id == intent
    assert client.v1.refunds.retrieve(part.id).metadata["n"] == "1"  # type: ignore[index]  # it is there
    assert [refund.id for refund in client.v1.refunds.list({"payment_intent": intent}).data] == [rest.id, part.id]
    assert client.v1.refunds.list({"charge": "ch_of_nobody"}).data == []


def test_a_refund_names_exactly_one_paid_thing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        client.v1.refunds.create({})
    intent = client.v1.payment_intents.create({"amount": 4641, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"charge": "ch_none"})
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(("amount", "currency", "code"), [
    (49, "eur", "amount_too_small"),
    (29, "gbp", "amount_too_small"),
    (100_000_000, "eur", "amount_too_large"),
])  # fmt: skip
def test_sums_stripe_would_refuse_are_refused(
    client: stripe.StripeClient, amount: int, currency: str, code: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create({"amount": amount, "currency": currency})
    assert caught.value.code == code
