"""Idempotency keys as Stripe documents them (docs.stripe.com/api/idempotent_requests)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe

from paybox import Paybox
from paybox.idempotency import Kept, Replays

Order = Callable[..., Any]


def test_the_same_key_and_parameters_give_the_same_answer_once_more(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    first = client.v1.checkout.sessions.create(order(), {"idempotency_key": "order-1"})
    box.pay(first.id)
    again = client.v1.checkout.sessions.create(order(), {"idempotency_key": "order-1"})
    assert again.id == first.id
    assert again.status == "open"  # the answer of then, not the state of now
    assert first.last_response is not None
    assert again.last_response is not None
    headers = {name.lower(): value for name, value in dict(again.last_response.headers or {}).items()}
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == dict(first.last_response.headers or {})["Request-Id"]
    assert "idempotent-replayed" not in {name.lower() for name in dict(first.last_response.headers or {})}
    assert again.last_response.body == first.last_response.body
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_the_order_in_which_parameters_are_sent_does_not_matter(box: Paybox) -> None:
    options: Any = {"auth": (box.key, ""), "headers": {"Idempotency-Key": "k"}}
    first = httpx.post(f"{box.url}/v1/payment_intents", content="amount=900&currency=eur", **options)
    again = httpx.post(f"{box.url}/v1/payment_intents", content="currency=eur&amount=900", **options)
    assert first.json()["id"] == again.json()["id"]


def test_the_same_key_with_other_parameters_is_refused(client: stripe.StripeClient, order: Order) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        client.v1.checkout.sessions.create(order(amount=9999), {"idempotency_key": "k"})
    assert caught.value.http_status == 400


def test_the_same_key_at_another_endpoint_is_refused(client: stripe.StripeClient, order: Order) -> None:
    client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint") as caught:
        client.v1.payment_intents.create({"amount": 900, "currency": "eur"}, {"idempotency_key": "k"})
    assert caught.value.http_status == 400


def test_two_at_once_with_the_same_key_meet_a_409(client: stripe.StripeClient, box: Paybox, order: Order) -> None:
    box.faults(slow_ms=1000)
    start = threading.Barrier(2)

    def create() -> str:
        start.wait()
        try:
            return client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).id
        except stripe.APIError as error:  # the SDK knows no class of its own for 409
            return f"{error.http_status} {error.error.code if error.error else None}"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(future.result() for future in [pool.submit(create) for _ in range(2)])
    assert outcomes[0] == "409 idempotency_key_in_use"
    assert outcomes[1].startswith("cs_test_")
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_a_refusal_of_the_work_is_kept_and_one_of_the_parameters_is_not(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
            client.v1.refunds.create({"charge": "ch_later"}, {"idempotency_key": "kept"})
    intent = str(box.pay(session.id).intent)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent, "reason": "none"}, {"idempotency_key": "free"})
    assert client.v1.refunds.create({"payment_intent": intent}, {"idempotency_key": "free"}).amount == 4641
    replayed = [request["replayed"] for request in box.control.requests if request["idempotency_key"] == "kept"]
    assert replayed == [False, True]


def test_a_declined_card_is_replayed_without_a_second_try(client: stripe.StripeClient, box: Paybox) -> None:
    params: Any = {"amount": 900, "currency": "eur", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.create(params, {"idempotency_key": "k"})
    assert [event.type for event in box.book.events] == ["payment_intent.payment_failed"]


def test_keys_are_forgotten_after_a_day(client: stripe.StripeClient, box: Paybox, order: Order) -> None:
    first = client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    box.advance(86_401)
    assert client.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).id != first.id


def test_an_answer_lost_on_its_way_is_had_by_the_sdks_own_retry(
    box: Paybox, connect: Callable[..., stripe.StripeClient], order: Order
) -> None:
    box.faults(down=1, down_how="lost")
    session = connect(box, retries=2).v1.checkout.sessions.create(order())
    assert [found.id for found in connect(box).v1.checkout.sessions.list().data] == [session.id]


def test_a_key_too_long_is_refused(client: stripe.StripeClient, order: Order) -> None:
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(order(), {"idempotency_key": "k" * 256})


def test_the_memory_of_keys_is_bounded_and_the_oldest_go_first() -> None:
    replays = Replays(limit=3)
    for number in range(5):
        assert replays.claim(f"k{number}", Kept("/v1/refunds", "same", 0)) is None
        replays.keep(f"k{number}", 200, "{}", "req")
    assert list(replays.finished()) == ["k2", "k3", "k4"]
