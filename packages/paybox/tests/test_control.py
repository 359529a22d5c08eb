"""The control interface under `/_paybox/`, over HTTP as a test in another process uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import httpx
import pytest
import stripe

from paybox import Paybox

Order = Callable[..., Any]
Shop: TypeAlias = Any


@pytest.fixture
def tell(box: Paybox) -> Callable[..., Any]:
    def tell(method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = httpx.request(method, f"{box.url}/_paybox/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return tell


def test_faults_are_set_shown_and_cleared(tell: Callable[..., Any], box: Paybox) -> None:
    shown = tell("POST", "faults", {"duplicate": 2, "lose": True, "decline": 3, "lie": {"amount": 1}})
    assert (shown["duplicate"], shown["lose"], shown["decline"], shown["lie"]) == (2, True, 3, {"amount": 1})
    assert tell("GET", "faults") == shown
    assert tell("DELETE", "faults")["duplicate"] == 1
    assert box.board.now.lose == 0
    assert "whole number from 1 to 100" in tell("POST", "faults", {"duplicate": 0}, status=400)["error"]
    assert "there is no fault 'colour'" in tell("POST", "faults", {"colour": 1}, status=400)["error"]


def test_a_payment_runs_by_control_alone(
    tell: Callable[..., Any], client: stripe.StripeClient, shop: Shop, order: Order
) -> None:
    tell("POST", "faults", {"hold": True})
    session = client.v1.checkout.sessions.create(order())
    declined = tell("POST", "pay", {"session": session.id, "outcome": "decline", "decline_code": "insufficient_funds"})
    assert declined["status"] == "open"
    paid = tell("POST", "pay", {"session": session.id, "card_country": "AT"})
    assert paid["payment_status"] == "paid"
    assert "no longer be paid" in tell("POST", "pay", {"session": session.id}, status=400)["error"]
    assert "outcome is pay or decline" in tell("POST", "pay", {"outcome": "x"}, status=400)["error"]

    state = tell("GET", "state")
    assert [event["type"] for event in state["events"]] == [
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert {event["delivery"] for event in state["events"]} == {"held"}
    assert state["held"] == [event["id"] for event in state["events"]]
    assert [charge["payment_method_details"]["card"]["country"] for charge in state["charges"]] == ["DE", "AT"]
    assert state["requests"][0] == {
        "method": "POST",
        "path": "/v1/checkout/sessions",
        "status": 200,
        "idempotency_key": state["requests"][0]["idempotency_key"],
        "replayed": False,
    }

    sent = tell("POST", "deliver", {"order": "reverse"})["deliveries"]
    assert [one["status"] for one in sent] == [200, 200, 200]
    assert shop.types == [event["type"] for event in state["events"]][::-1]
    tell("POST", "deliver", {"order": [state["held"][0]] * 2})
    assert shop.types[3:] == ["payment_intent.payment_failed"] * 2
    assert "No such event" in tell("POST", "deliver", {"order": ["evt_none"]}, status=404)["error"]
    assert "order is one of" in tell("POST", "deliver", {"order": "by size"}, status=400)["error"]
    assert tell("POST", "settle", {"timeout": 5}) == {"settled": True}


def test_the_clock_moves_and_sessions_expire(
    tell: Callable[..., Any], client: stripe.StripeClient, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    before = tell("POST", "clock", {"advance": 0})["now"]
    after = tell("POST", "clock", {"advance": 90_000})
    assert after["now"] - before >= 90_000
    assert after["expired"] == [session.id]
    assert client.v1.checkout.sessions.create(order()).created >= after["now"]
    for wrong in (-1, "soon", True, 10**12):
        tell("POST", "clock", {"advance": wrong}, status=400)


def test_reset_forgets_everything_but_where_webhooks_go(
    tell: Callable[..., Any], client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    box.faults(hold=True, duplicate=5)
    box.pay(client.v1.checkout.sessions.list().data[0].id)
    box.advance(1000)
    tell("POST", "reset")
    state = tell("GET", "state")
    assert not any(state[kind] for kind in ("sessions", "intents", "charges", "events", "held", "requests"))
    assert state["faults"]["duplicate"] == 1
    assert state["webhook"] == shop.url
    session = client.v1.checkout.sessions.create(order(amount=900), {"idempotency_key": "k"})
    box.pay(session.id)
    assert box.settle()
    assert len(shop.events) == 2


def test_where_webhooks_go_can_be_set_later(
    connect: Callable[..., stripe.StripeClient], shop: Shop, order: Order
) -> None:
    with Paybox() as box:
        client = connect(box)
        box.pay(client.v1.checkout.sessions.create(order()).id)
        answer = httpx.post(f"{box.url}/_paybox/webhook", json={"url": shop.url, "secret": "whsec_of_the_tests"})
        assert answer.json() == {"url": shop.url}
        box.pay(client.v1.checkout.sessions.create(order()).id)
        assert box.settle()
        assert len(shop.events) == 2
        assert [box.book.delivery[event.id] for event in box.book.events] == ["none"] * 2 + ["delivered"] * 2
        httpx.post(f"{box.url}/_paybox/webhook", json={"url": None})
        box.pay(client.v1.checkout.sessions.create(order()).id)
        assert box.settle()
        assert len(shop.events) == 2
        elsewhere = httpx.post(f"{box.url}/_paybox/webhook", json={"url": "http://192.0.2.7/"})
        assert (elsewhere.status_code, "is not this machine" in elsewhere.text) == (400, True)


def test_the_state_is_the_truth_whatever_lie_is_told(
    tell: Callable[..., Any], client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    box.faults(lie={"amount": 1, "livemode": True})
    assert client.v1.checkout.sessions.create(order()).amount_total == 1
    session = tell("GET", "state")["sessions"][0]
    assert (session["amount_total"], session["livemode"]) == (4641, False)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'"x"'])
def test_a_body_that_is_no_table_is_refused(box: Paybox, body: bytes) -> None:
    answer = httpx.post(f"{box.url}/_paybox/faults", content=body)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]


def test_what_is_not_there_says_what_is(tell: Callable[..., Any]) -> None:
    assert "POST /_paybox/deliver" in tell("GET", "nonsense", status=404)["error"]
    assert "known are" in tell("GET", "reset", status=404)["error"]
