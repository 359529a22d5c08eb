"""Errors in Stripe's shape, as the SDK's exceptions see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from paybox import Paybox

Order = Callable[..., Any]


def test_a_wrong_key_is_401_and_shows_little_of_it(box: Paybox, connect: Callable[..., stripe.StripeClient]) -> None:
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_test_\*\*\*\*zzzz") as caught:
        connect(box, key="sk_test_of_somebody_else_zzzz").v1.events.list()
    assert caught.value.http_status == 401


def test_no_key_is_401_and_basic_authentication_is_understood(box: Paybox) -> None:
    assert httpx.get(f"{box.url}/v1/events").status_code == 401
    assert httpx.get(f"{box.url}/v1/events", auth=(box.key, "")).status_code == 200
    assert httpx.get(f"{box.url}/v1/events", headers={"Authorization": "Basic !"}).status_code == 401


def test_what_does_not_exist_is_404_resource_missing(client: stripe.StripeClient) -> None:
    for retrieve in (
        client.v1.checkout.sessions.retrieve,
        client.v1.payment_intents.retrieve,
        client.v1.charges.retrieve,
        client.v1.refunds.retrieve,
        client.v1.events.retrieve,
        client.v1.checkout.sessions.expire,
        client.v1.payment_intents.cancel,
    ):
        with pytest.raises(stripe.InvalidRequestError, match=r"No such .*: 'nothing_here'") as caught:
            retrieve("nothing_here")
        assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
        assert caught.value.request_id is not None


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"mode": None}, "parameter_missing", "mode"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"line_items": [{"quantity": 1}]}, "parameter_missing", "line_items[0][price_data]"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"discounts": [{"coupon": "x"}]}, "parameter_unknown", "discounts"),
        ({"automatic_tax": {"enabled": True}}, "parameter_unknown", "automatic_tax[enabled]"),
        ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
        ({"success_url": ""}, "parameter_invalid_empty", "success_url"),
        ({"success_url": "http://x/\r\nSet-Cookie: a=b"}, "url_invalid", "success_url"),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"client_reference_id": "x" * 201}, "parameter_invalid_string", "client_reference_id"),
        ({"mode": "subscription"}, None, "mode"),
        ({"metadata": {str(number): "x" for number in range(51)}}, None, "metadata"),
        ({"metadata": {"long": "x" * 501}}, None, "metadata[long]"),
        ({"locale": {"a": "b"}}, None, "locale"),
        ({"expand": ["customer_details"]}, None, "expand"),
        ({"expand": ["payment_intent.latest_charge.payment_intent.latest_charge.refunds"]}, None, "expand"),
    ],
)
def test_a_wrong_parameter_is_400_and_named(
    client: stripe.StripeClient, order: Order, change: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(order(**change))
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)


@pytest.mark.parametrize(
    ("line", "param"),
    [
        ({"unit_amount": -1}, "line_items[0][price_data][unit_amount]"),
        ({"unit_amount": 10.5}, "line_items[0][price_data][unit_amount]"),
        ({"currency": "xxx"}, "line_items[0][price_data][currency]"),
        ({"product_data": {}}, "line_items[0][price_data][product_data]"),
        ({"product_data": {"name": ""}}, "line_items[0][price_data][product_data][name]"),
        ({"recurring": {"interval": "month"}}, "line_items[0][price_data][recurring]"),
    ],
)
def test_a_wrong_line_is_named_down_to_its_field(
    client: stripe.StripeClient, order: Order, line: dict[str, Any], param: str
) -> None:
    price = {"currency": "eur", "unit_amount": 4641, "product_data": {"name": "A"}, **line}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(order(line_items=[{"price_data": price, "quantity": 1}]))
    assert caught.value.param == param


def test_lines_of_two_currencies_are_refused(client: stripe.StripeClient, order: Order) -> None:
    lines = [
        {"price_data": {"currency": money, "unit_amount": 900, "product_data": {"name": "A"}}, "quantity": 1}
        for money in ("eur", "usd")
    ]
    with pytest.raises(stripe.InvalidRequestError, match="same currency"):
        client.v1.checkout.sessions.create(order(line_items=lines))


def test_a_refused_request_leaves_nothing_behind(client: stripe.StripeClient, order: Order, box: Paybox) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(order(expand=["nonsense"]))
    assert box.book.count() == 0


def test_an_address_stripe_has_and_paybox_has_not_says_so(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as caught:
        client.v1.customers.create({"email": "ada@example.com"})
    assert caught.value.http_status == 404


@pytest.mark.parametrize("body", ["a=1&a[b]=2", "a[b]=2&a=1", "[x]=1", "a" + "[b]" * 9 + "=1", "novalue"])
def test_a_malformed_body_is_400(box: Paybox, body: str) -> None:
    answer = httpx.post(f"{box.url}/v1/refunds", content=body, auth=(box.key, ""))
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_paging_from_an_object_that_is_not_there_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.events.list({"starting_after": "evt_none"})
    assert caught.value.param == "starting_after"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.list({"limit": 101})
