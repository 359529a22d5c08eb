"""Everything that can be made to go wrong, and that it goes wrong as told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

import httpx
import pytest
import stripe

from paybox import Paybox, WrongFault

Order = Callable[..., Any]
Shop: TypeAlias = Any
PAID = ["payment_intent.succeeded", "checkout.session.completed"]


def pay(client: stripe.StripeClient, box: Paybox, order: Order) -> str:
    session = client.v1.checkout.sessions.create(order())
    box.pay(session.id)
    return session.id


def test_duplicate_sends_each_webhook_that_often(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    box.faults(duplicate=3)
    pay(client, box, order)
    assert box.settle()
    assert sorted(shop.types) == sorted(PAID * 3)
    assert len({event.id for event in shop.events}) == 2


def test_reorder_sends_the_last_one_first(client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order) -> None:
    box.faults(reorder_ms=300)
    pay(client, box, order)
    charge = box.book.find_charge(box.book.events[0].subject.id)
    assert charge is not None
    box.book.refund(charge.id)
    assert shop.types == []
    assert box.settle()
    assert shop.types == ["charge.refunded", *PAID[::-1]]


def test_delay_lets_them_come_later(client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order) -> None:
    box.faults(delay_ms=300)
    start = time.monotonic()
    pay(client, box, order)
    assert shop.types == []
    assert box.settle()
    assert time.monotonic() - start >= 0.3
    assert shop.types == PAID


def test_lose_loses_as_many_as_told_and_for_good(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    box.faults(lose=3)
    pay(client, box, order)
    pay(client, box, order)
    assert box.settle()
    assert shop.types == ["checkout.session.completed"]
    box.faults(lose=True)
    pay(client, box, order)
    assert box.settle()
    assert len(shop.events) == 1
    assert [box.book.delivery[event.id] for event in box.book.events].count("lost") == 5


@pytest.mark.parametrize("how", ["sent", "reverse", "shuffle"])
def test_held_webhooks_go_when_told_in_the_order_told(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order, how: str
) -> None:
    box.faults(hold=True)
    pay(client, box, order)
    pay(client, box, order)
    assert box.settle()
    assert shop.events == []
    ids = [event.id for event in box.book.events]
    assert box.courier.held() == ids
    sent = [one.event for one in box.courier.deliver(how, seed=1)]
    assert [event.id for event in shop.events] == sent
    assert sorted(sent) == sorted(ids)
    expected = {"sent": ids, "reverse": ids[::-1], "shuffle": sent}
    assert sent == expected[how]
    assert box.courier.held() == []


def test_named_events_are_delivered_as_often_as_named(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    box.faults(hold=True)
    pay(client, box, order)
    first, second = (event.id for event in box.book.events)
    box.courier.deliver_events([second, first, second])
    assert [event.id for event in shop.events] == [second, first, second]
    assert box.courier.held() == []


def test_parallel_lets_several_be_under_way_at_once(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    shop.pause = 0.1
    pay(client, box, order)
    assert box.settle()
    assert shop.most_at_once == 1
    box.faults(parallel=8, duplicate=4)
    pay(client, box, order)
    assert box.settle()
    assert shop.most_at_once > 3


def test_decline_strikes_on_the_page_and_wears_off(client: stripe.StripeClient, box: Paybox, order: Order) -> None:
    box.faults(decline=1, decline_code="expired_card")
    session = client.v1.checkout.sessions.create(order())
    page = httpx.post(str(session.url), data={"outcome": "pay"})
    assert page.status_code == 200
    assert "Your card has expired." in page.text
    assert httpx.post(str(session.url), data={"outcome": "pay"}).status_code == 303


def test_decline_strikes_a_confirmed_intent(client: stripe.StripeClient, box: Paybox) -> None:
    box.faults(decline=True)
    intent = client.v1.payment_intents.create({"amount": 900, "currency": "eur", "payment_method": "pm_card_visa"})
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    box.faults(decline=False)
    assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_down_answers_503_and_does_nothing(client: stripe.StripeClient, box: Paybox, order: Order) -> None:
    box.faults(down=2)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            client.v1.checkout.sessions.create(order())
        assert caught.value.http_status == 503
    assert client.v1.checkout.sessions.list().data == []


def test_down_may_drop_the_connection_before_anything_is_done(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    box.faults(down=1, down_how="drop")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(order())
    assert client.v1.checkout.sessions.list().data == []


def test_down_may_lose_the_answer_after_all_is_done(client: stripe.StripeClient, box: Paybox, order: Order) -> None:
    box.faults(down=1, down_how="lost")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(order())
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_the_sdk_gets_over_a_short_outage_by_itself(
    box: Paybox, connect: Callable[..., stripe.StripeClient], order: Order
) -> None:
    box.faults(down=1, down_how="drop")
    assert connect(box, retries=1).v1.checkout.sessions.create(order()).status == "open"


def test_slow_takes_that_much_longer(client: stripe.StripeClient, box: Paybox) -> None:
    box.faults(slow_ms=250)
    start = time.monotonic()
    client.v1.events.list()
    assert time.monotonic() - start >= 0.25


TRUTH = {
    "livemode": False,
    "amount": 4641,
    "currency": "eur",
    "client_reference_id": "order-1",
    "payment_status": "paid",
}


@pytest.mark.parametrize(
    "lie",
    [
        {"livemode": True},
        {"amount": 1},
        {"currency": "usd"},
        {"client_reference_id": "order-2"},
        {"payment_status": "unpaid"},
        {"livemode": True, "amount": 2, "currency": "gbp"},
    ],
)
def test_a_lie_is_told_in_answers_and_webhooks_until_it_is_taken_back(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order, lie: dict[str, Any]
) -> None:
    box.faults(lie=lie)
    name = pay(client, box, order)
    session: Any = client.v1.checkout.sessions.retrieve(name, {"expand": ["payment_intent.latest_charge"]})
    expected = TRUTH | lie
    assert {**session.to_dict(), "amount": session.amount_total}.items() >= expected.items()
    for part in (session.payment_intent, session.payment_intent.latest_charge):
        told = (part.livemode, part.amount, part.currency)
        assert told == (expected["livemode"], expected["amount"], expected["currency"])
    assert session.payment_intent.amount_received == expected["amount"]
    assert box.settle()
    event = shop.events[-1]
    assert event.livemode is expected["livemode"]
    assert {**event.data.object.to_dict(), "amount": event.data.object["amount_total"]}.items() >= expected.items()
    box.faults(lie={})
    truth = client.v1.checkout.sessions.retrieve(name)
    assert {**truth.to_dict(), "amount": truth.amount_total}.items() >= TRUTH.items()


@pytest.mark.parametrize("where", ["api", "webhooks"])
def test_a_lie_may_be_told_in_one_place_only(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order, where: str
) -> None:
    box.faults(lie={"amount": 1, "where": where})
    name = pay(client, box, order)
    assert box.settle()
    told = {
        "api": client.v1.checkout.sessions.retrieve(name).amount_total,
        "webhooks": shop.events[-1].data.object["amount_total"],
    }
    assert told == {"api": 4641, "webhooks": 4641, where: 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"duplicate": 0},
        {"duplicate": True},
        {"lose": -1},
        {"lose": "all"},
        {"down_how": "loudly"},
        {"hold": 1},
        {"lie": 5},
        {"lie": {"amount": "1"}},
        {"lie": {"amount": True}},
        {"lie": {"colour": "red"}},
        {"lie": {"where": "nowhere"}},
        {"colour": "red"},
    ],
)
def test_a_wrong_fault_is_refused_and_changes_nothing(box: Paybox, wrong: dict[str, Any]) -> None:
    before = box.board.now
    with pytest.raises(WrongFault):
        box.faults(delay_ms=5, **wrong)
    assert box.board.now == before
