"""Webhooks as a shop receives them, checked with the official SDK's own verification."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from paybox import Book, Paybox
from paybox.signature import body_of, sign

Order = Callable[..., Any]
Shop: TypeAlias = Any
PAID = ["payment_intent.succeeded", "checkout.session.completed"]


def test_webhooks_arrive_signed_and_in_order(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    session = client.v1.checkout.sessions.create(order())
    box.decline(session.id)
    intent = str(box.pay(session.id).intent)
    client.v1.refunds.create({"payment_intent": intent})
    other = client.v1.checkout.sessions.create(order())
    box.advance(86_400)
    assert box.settle()
    assert shop.refused == []
    assert shop.types == ["payment_intent.payment_failed", *PAID, "charge.refunded", "checkout.session.expired"]
    assert shop.events[2].data.object["id"] == session.id
    assert shop.events[2].data.object["object"] == "checkout.session"
    assert shop.events[4].data.object["id"] == other.id
    assert shop.events[0].api_version == "2026-10-28.endive"
    assert {box.book.delivery[event.id] for event in box.book.events} == {"delivered"}


def test_a_session_expires_and_tells_so_without_anybody_asking(
    connect: Callable[..., stripe.StripeClient], shop: Shop, order: Order
) -> None:
    start = time.time()
    fast = Book(clock=lambda: start + (time.time() - start) * 30_000)
    with Paybox(webhook=shop.url, secret="whsec_of_the_tests", book=fast) as box:
        connect(box).v1.checkout.sessions.create(order(expires_at=fast.now() + 80_000))
        deadline = time.monotonic() + 20
        while not shop.events and time.monotonic() < deadline:
            time.sleep(0.02)
    assert shop.types == ["checkout.session.expired"]


def test_a_wrong_secret_is_noticed_by_the_sdk(
    box: Paybox, shop: Shop, client: stripe.StripeClient, order: Order
) -> None:
    box.point(shop.url, secret="whsec_of_somebody_else")
    box.faults(attempts=1)
    box.pay(client.v1.checkout.sessions.create(order()).id)
    assert box.settle()
    assert shop.events == []
    assert len(shop.refused) == 2
    assert {box.book.delivery[event.id] for event in box.book.events} == {"given up"}


def test_the_pauses_between_tries_double(client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order) -> None:
    box.faults(retry_ms=100, lose=1)
    shop.answers = [500, 500, 500]
    start = time.monotonic()
    box.pay(client.v1.checkout.sessions.create(order()).id)
    assert box.settle()
    assert time.monotonic() - start >= 0.1 + 0.2 + 0.4
    assert [sent.status for sent in box.courier.log] == [500, 500, 500, 200]


@pytest.mark.parametrize("answer", [500, 302, 404])
def test_anything_but_2xx_is_tried_again(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order, answer: int
) -> None:
    box.faults(retry_ms=20)
    shop.answers = [answer, answer, 200, 204]
    box.pay(client.v1.checkout.sessions.create(order()).id)
    assert box.settle()
    assert sorted(shop.types) == sorted([PAID[0], PAID[1], PAID[0], PAID[1]])
    assert sorted((sent.attempt, sent.status) for sent in box.courier.log) == [
        (1, answer),
        (1, answer),
        (2, 200),
        (2, 204),
    ]


def test_a_shop_that_does_not_listen_yet_gets_its_webhooks_later(
    connect: Callable[..., stripe.StripeClient], shop: Shop, order: Order
) -> None:
    with Paybox(webhook="http://127.0.0.1:1/nobody", secret="whsec_of_the_tests") as box:
        box.faults(retry_ms=100)
        box.pay(connect(box).v1.checkout.sessions.create(order()).id)
        deadline = time.monotonic() + 5
        while len(box.courier.log) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert {sent.status for sent in box.courier.log} == {0}
        box.point(shop.url)
        assert box.settle()
    assert sorted(shop.types) == sorted(PAID)


def test_a_webhook_goes_to_this_machine_only(box: Paybox) -> None:
    for url in ("http://192.0.2.1/hook", "https://shop.example/hook"):
        with pytest.raises(ValueError, match="is not this machine"):
            box.point(url)
    for url in ("ftp://localhost/", "localhost:8000", "http://user:pass@localhost/"):
        with pytest.raises(ValueError, match="webhook address"):
            box.point(url)
    for url in ("http://localhost:1/", "http://shop.localhost:1/", "http://[::1]:1/", "http://127.0.0.9:1/"):
        box.point(url)


def test_a_name_under_localhost_is_this_machine(
    client: stripe.StripeClient, box: Paybox, shop: Shop, order: Order
) -> None:
    box.point(shop.url.replace("127.0.0.1", "shop.localhost"))
    box.pay(client.v1.checkout.sessions.create(order()).id)
    assert box.settle()
    assert shop.types == PAID


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=20)), st.text(min_size=1, max_size=40))
def test_every_signature_verifies_and_no_changed_body_does(values: dict[str, Any], secret: str) -> None:
    body = body_of({"object": "event", "data": values})
    if not secret.strip(" \t\r\n\f\v"):
        return
    stripe.WebhookSignature.verify_header(body, sign(body, secret), secret, tolerance=300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body + b" ", sign(body, secret), secret, tolerance=300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body, sign(body, secret, at=1), secret, tolerance=300)


def test_a_shop_that_encodes_the_body_anew_breaks_the_signature(
    client: stripe.StripeClient, box: Paybox, order: Order
) -> None:
    box.pay(client.v1.checkout.sessions.create(order()).id)
    body, headers = box.letter(box.book.events[0].id)
    stripe.Webhook.construct_event(body, headers["Stripe-Signature"], box.secret)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(json.dumps(json.loads(body)), headers["Stripe-Signature"], box.secret)
