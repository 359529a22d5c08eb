"""Held against the installed SDK: its fields are answered, its parameters are spoken or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

import pytest
import stripe
from stripe import params as stripe_params

from paybox import Paybox, params
from paybox.shapes import Either, Rows, Table
from paybox.wire import API_VERSION

ONLY_WHEN_EXPANDED = {"line_items", "refunds"}
OLDER = {"payment_method_types"}  # what the SDK knew before this version


@pytest.fixture
def objects(client: stripe.StripeClient, box: Paybox, order: Callable[..., Any]) -> dict[str, Any]:
    session = client.v1.checkout.sessions.create(order())
    intent = str(box.pay(session.id).intent)
    refund = client.v1.refunds.create({"payment_intent": intent})
    return {
        "Session": client.v1.checkout.sessions.retrieve(session.id),
        "PaymentIntent": client.v1.payment_intents.retrieve(intent),
        "Charge": client.v1.charges.retrieve(str(refund.charge)),
        "Refund": refund,
        "Event": client.v1.events.list().data[0],
        "LineItem": client.v1.checkout.sessions.line_items.list(session.id).data[0],
    }


@pytest.mark.parametrize("name", ["Session", "PaymentIntent", "Charge", "Refund", "Event"])
def test_every_field_the_sdk_declares_is_there(objects: dict[str, Any], name: str) -> None:
    thing = objects[name]
    declared = set(type(thing).__annotations__) - {"OBJECT_NAME"} - ONLY_WHEN_EXPANDED
    answered = set(thing.to_dict())
    assert declared - answered == set()
    assert answered - declared == set()


def test_every_field_of_a_card_and_its_outcome_is_there(objects: dict[str, Any]) -> None:
    charge = objects["Charge"]
    for thing in (charge.payment_method_details.card, charge.outcome, charge.billing_details):
        assert set(type(thing).__annotations__) - set(thing.to_dict()) == set()


@pytest.mark.parametrize(
    ("table", "declared"),
    [
        (params.SESSION_CREATE, stripe_params.checkout.SessionCreateParams),
        (params.LINE_ITEM, stripe_params.checkout.SessionCreateParamsLineItem),
        (params.PRICE_DATA, stripe_params.checkout.SessionCreateParamsLineItemPriceData),
        (params.PRODUCT_DATA, stripe_params.checkout.SessionCreateParamsLineItemPriceDataProductData),
        (
            params.SESSION_CREATE.known["payment_intent_data"],
            stripe_params.checkout.SessionCreateParamsPaymentIntentData,
        ),
        (params.SESSION_LIST, stripe_params.checkout.SessionListParams),
        (params.INTENT_CREATE, stripe_params.PaymentIntentCreateParams),
        (params.INTENT_CONFIRM, stripe_params.PaymentIntentConfirmParams),
        (params.INTENT_CANCEL, stripe_params.PaymentIntentCancelParams),
        (params.INTENT_LIST, stripe_params.PaymentIntentListParams),
        (params.CHARGE_LIST, stripe_params.ChargeListParams),
        (params.REFUND_CREATE, stripe_params.RefundCreateParams),
        (params.REFUND_LIST, stripe_params.RefundListParams),
        (params.EVENT_LIST, stripe_params.EventListParams),
    ],
)
def test_every_parameter_the_sdk_knows_is_spoken_or_refused_by_name(table: Table, declared: Any) -> None:
    known = set(declared.__annotations__) - set(stripe.RequestOptions.__annotations__)
    assert known - set(table.known) - set(table.unspoken) == set()
    assert set(table.known) - known - OLDER == set()
    assert not set(table.known) & set(table.unspoken)
    assert set(table.required) <= set(table.known)
    assert all(isinstance(shape, Table | Rows | Either) or hasattr(shape, "read") for shape in table.known.values())


def test_the_version_spoken_is_the_sdks() -> None:
    assert stripe.api_version == API_VERSION
    assert get_type_hints(stripe.Webhook.construct_event)
