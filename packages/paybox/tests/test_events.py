"""Events: what happened, in order, with its object as it was at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from paybox import Paybox

Order = Callable[..., Any]


@pytest.fixture
def refunded(client: stripe.StripeClient, box: Paybox, order: Order) -> str:
    """Return a session that was declined, paid and refunded in two steps."""
    session = client.v1.checkout.sessions.create(order())
    box.decline(session.id)
    intent = str(box.pay(session.id).intent)
    for _ in range(2):
        client.v1.refunds.create({"payment_intent": intent, "amount": 100}, {"idempotency_key": f"refund-{_}"})
    return session.id


def test_events_keep_the_object_as_it_was(client: stripe.StripeClient, refunded: str) -> None:
    events = list(client.v1.events.list())[::-1]
    assert [event.type for event in events] == [
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.refunded",
        "charge.refunded",
    ]
    objects: list[Any] = [event.data.object for event in events]
    assert [objects[0]["status"], objects[1]["status"]] == ["requires_payment_method", "succeeded"]
    assert (objects[2]["id"], objects[2]["payment_status"]) == (refunded, "paid")
    assert [objects[3]["amount_refunded"], objects[4]["amount_refunded"]] == [100, 200]
    assert len({event.id for event in events}) == 5


def test_an_event_names_the_request_and_the_key_that_caused_it(client: stripe.StripeClient, refunded: str) -> None:
    assert refunded
    by_api, by_page = (list(client.v1.events.list())[place] for place in (0, -1))
    assert by_api.request is not None
    assert str(by_api.request.id).startswith("req_")
    assert by_api.request.idempotency_key == "refund-1"
    assert by_page.request is not None
    assert (by_page.request.id, by_page.request.idempotency_key) == (None, None)


def test_events_are_retrieved_and_filtered_by_type_group_and_time(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    early = client.v1.checkout.sessions.create(order())
    box.pay(early.id)
    now = box.book.now()
    box.advance(1000)
    late = client.v1.checkout.sessions.create(order())
    box.pay(late.id)

    def found(**params: Any) -> list[str]:
        return [event.type for event in client.v1.events.list(params)]  # type: ignore[arg-type]  # built by name

    assert found(type="checkout.session.completed") == ["checkout.session.completed"] * 2
    assert found(type="payment_intent.*") == ["payment_intent.succeeded"] * 2
    assert found(types=["charge.refunded"]) == []
    assert len(found(types=["checkout.session.completed", "payment_intent.succeeded"])) == 4
    assert len(found(created={"gte": now + 500})) == 2
    assert len(found(created={"lt": now + 500, "gt": 0})) == 2
    assert found(created=now + 500) == []
    assert found(limit=1, created={"lte": now + 10}) == ["checkout.session.completed"]
    event = client.v1.events.list({"limit": 1}).data[0]
    assert client.v1.events.retrieve(event.id).type == event.type
    with pytest.raises(stripe.InvalidRequestError, match="not both"):
        found(type="a", types=["b"])


def test_delivery_success_tells_which_webhooks_arrived(client: stripe.StripeClient, box: Paybox, order: Order) -> None:
    session = client.v1.checkout.sessions.create(order())
    box.faults(lose=1)
    box.pay(session.id)
    assert box.settle()
    assert [event.type for event in client.v1.events.list({"delivery_success": True})] == ["checkout.session.completed"]
    assert [event.type for event in client.v1.events.list({"delivery_success": False})] == ["payment_intent.succeeded"]
