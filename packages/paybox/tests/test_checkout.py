"""A Checkout Session from creation to payment, spoken by the official SDK over loopback."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from paybox import Paybox

Order = Callable[..., Any]


def test_a_session_is_created_paid_on_its_page_and_retrieved(client: stripe.StripeClient, order: Order) -> None:
    session = client.v1.checkout.sessions.create(order(metadata={"cart": "7"}, customer_email="ada@example.com"))
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.livemode) == (4641, "eur", False)
    assert session.client_reference_id == "order-1"
    assert session.metadata is not None
    assert session.metadata["cart"] == "7"
    assert session.expires_at - session.created == 86_400
    assert session.url is not None

    answer = httpx.post(session.url, data={"outcome": "pay"})

    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://localhost:8000/return?session={session.id}"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "ada@example.com"
    assert paid.customer_details.address.country == "DE"
    intent = paid.payment_intent
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 4641, "eur")
    assert intent.latest_charge.payment_method_details.card.country == "DE"
    assert intent.latest_charge.paid is True
    assert intent.latest_charge.payment_intent == intent.id


def test_several_lines_add_up_and_can_be_expanded_and_listed(client: stripe.StripeClient, order: Order) -> None:
    lines = [
        {"price_data": {"currency": "eur", "unit_amount": 1000, "product_data": {"name": "A"}}, "quantity": 3},
        {"price_data": {"currency": "EUR", "unit_amount": 55, "product_data": {"name": "B"}}, "quantity": 1},
    ]
    session: Any = client.v1.checkout.sessions.create(order(line_items=lines, expand=["line_items"]))
    assert session.amount_total == 3055
    assert [(line.description, line.quantity, line.amount_total) for line in session.line_items.data] == [
        ("A", 3, 3000),
        ("B", 1, 55),
    ]
    first = client.v1.checkout.sessions.line_items.list(session.id, {"limit": 1})
    assert first.has_more
    assert [line.description for line in first.auto_paging_iter()] == ["A", "B"]


def test_metadata_of_the_payment_goes_to_intent_and_charge_and_that_of_the_session_does_not(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    data = {"metadata": {"order": "1"}, "description": "Order 1", "statement_descriptor": "FERNSIDE"}
    session = client.v1.checkout.sessions.create(order(metadata={"only": "here"}, payment_intent_data=data))
    box.pay(session.id)
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert paid.payment_intent.metadata.to_dict() == {"order": "1"}
    assert paid.payment_intent.description == "Order 1"
    assert paid.payment_intent.statement_descriptor == "FERNSIDE"
    assert paid.payment_intent.latest_charge.metadata.to_dict() == {"order": "1"}


def test_a_declined_card_leaves_the_session_open_and_the_same_intent_pays_later(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    box.decline(session.id, reason="insufficient_funds")
    tried: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (tried.status, tried.payment_status) == ("open", "unpaid")
    assert tried.payment_intent.status == "requires_payment_method"
    assert tried.payment_intent.last_payment_error.decline_code == "insufficient_funds"
    assert (tried.payment_intent.latest_charge.paid, tried.payment_intent.latest_charge.status) == (False, "failed")

    box.pay(session.id)

    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert paid.payment_intent.id == tried.payment_intent.id
    assert paid.payment_intent.last_payment_error is None
    assert len(client.v1.charges.list({"payment_intent": paid.payment_intent.id}).data) == 2


def test_the_asked_expiry_counts_and_the_clock_reaches_it(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order(expires_at=int(time.time()) + 3600))
    box.decline(session.id)
    assert box.advance(3590) == []
    assert box.advance(20) == [session.id]
    over: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (over.status, over.url, over.payment_intent.status) == ("expired", None, "canceled")
    assert over.payment_intent.cancellation_reason == "expired"


@pytest.mark.parametrize(("span", "words"), [(1700, "at least 30 minutes"), (86_500, "less than 24 hours")])
def test_an_expiry_stripe_would_refuse_is_refused(
    client: stripe.StripeClient, order: Order, span: int, words: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words) as caught:
        client.v1.checkout.sessions.create(order(expires_at=int(time.time()) + span))
    assert caught.value.param == "expires_at"


def test_an_expired_session_cannot_be_paid_and_a_paid_one_not_expired(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    first = client.v1.checkout.sessions.create(order())
    assert client.v1.checkout.sessions.expire(first.id).status == "expired"
    answer = httpx.post(str(first.url), data={"outcome": "pay"})
    assert answer.status_code == 410
    assert client.v1.checkout.sessions.retrieve(first.id).payment_status == "unpaid"

    second = client.v1.checkout.sessions.create(order())
    box.pay(second.id)
    with pytest.raises(stripe.InvalidRequestError, match="has a status of `complete`"):
        client.v1.checkout.sessions.expire(second.id)


def test_paying_twice_charges_once_and_leads_back_both_times(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    answers = [httpx.post(str(session.url), data={"outcome": "pay"}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert [event.type for event in box.book.events].count("checkout.session.completed") == 1
    assert len(client.v1.charges.list().data) == 1


def test_sessions_are_listed_newest_first_in_pages_and_by_payment_intent(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    ids = [client.v1.checkout.sessions.create(order(amount=1000 + step)).id for step in range(7)]
    box.pay(ids[2])
    first = client.v1.checkout.sessions.list({"limit": 3})
    assert [session.id for session in first.data] == ids[:3:-1]
    assert first.has_more
    assert [session.id for session in first.auto_paging_iter()] == ids[::-1]
    assert not client.v1.checkout.sessions.list({"limit": 7}).has_more
    back = client.v1.checkout.sessions.list({"limit": 2, "ending_before": ids[1]})
    assert [session.id for session in back.data] == [ids[3], ids[2]]
    assert [session.id for session in client.v1.checkout.sessions.list({"status": "complete"}).data] == [ids[2]]
    intent = client.v1.checkout.sessions.retrieve(ids[2]).payment_intent
    found = client.v1.checkout.sessions.list({"payment_intent": str(intent), "expand": ["data.payment_intent"]})
    assert [session.id for session in found.data] == [ids[2]]
    assert found.data[0].payment_intent.status == "succeeded"  # type: ignore[union-attr]  # expanded


def test_the_global_style_of_the_sdk_works_too(box: Paybox, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "api_key", box.key)
    monkeypatch.setattr(stripe, "api_base", box.url)
    session = stripe.checkout.Session.create(**order())
    assert stripe.checkout.Session.retrieve(session.id).id == session.id
