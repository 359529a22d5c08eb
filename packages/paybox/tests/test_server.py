"""The server at the socket: keep-alive, bounds, who may speak, and going away cleanly."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe

from paybox import Paybox, Place, Request
from paybox.objects import Session
from paybox.server import LARGEST_BODY

Order = Callable[..., Any]


def port_of(box: Paybox) -> int:
    return int(box.url.rpartition(":")[2])


def raw(box: Paybox, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port_of(box)), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    return answer


def test_one_connection_carries_many_requests(box: Paybox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(box), timeout=10)
    sockets = set()
    for _ in range(5):
        connection.request("GET", "/v1/events", headers={"Authorization": f"Bearer {box.key}"})
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        sockets.add(id(connection.sock))
    assert len(sockets) == 1
    connection.close()


def test_pipelined_requests_are_answered_in_order(box: Paybox) -> None:
    one = b"GET /_paybox/faults HTTP/1.1\r\nHost: localhost\r\n\r\n"
    two = b"GET /_paybox/none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw(box, one + two)
    assert answer.index(b"200 OK") < answer.index(b"404 Not Found")


def test_a_body_too_large_is_413(box: Paybox) -> None:
    answer = httpx.post(f"{box.url}/v1/refunds", content=b"a" * (LARGEST_BODY + 1), auth=(box.key, ""))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: many\r\n", b"400"),
        (b"Content-Length: -1\r\n", b"400"),
        (b"Content-Length: 99999999999\r\n", b"413"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
    ],
)
def test_a_body_without_a_sound_length_is_refused(box: Paybox, head: bytes, status: bytes) -> None:
    answer = raw(box, b"POST /v1/refunds HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\nx=1")
    assert answer.split()[1] == status
    assert b"Connection: close" in answer


@pytest.mark.parametrize("data", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b""])
def test_noise_breaks_nothing(box: Paybox, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    raw(box, data)
    assert httpx.get(f"{box.url}/_paybox/faults").status_code == 200
    assert capfd.readouterr().err == ""


def test_a_client_that_hangs_up_early_is_no_news(box: Paybox, capfd: pytest.CaptureFixture[str]) -> None:
    box.faults(slow_ms=100)
    with socket.create_connection(("127.0.0.1", port_of(box)), timeout=10) as connection:
        connection.sendall(
            b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_paybox\r\n\r\n"
        )
    time.sleep(0.3)
    assert httpx.get(f"{box.url}/_paybox/faults").status_code == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:9", 200),
        ("[::1]:9", 200),
        ("pay.localhost", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_only_names_of_this_machine_are_answered(box: Paybox, host: str, status: int) -> None:
    assert httpx.get(f"{box.url}/_paybox/faults", headers={"Host": host}).status_code == status


def test_pages_of_other_origins_can_do_nothing(box: Paybox, client: stripe.StripeClient, order: Order) -> None:
    session = client.v1.checkout.sessions.create(order())
    for origin in ("https://evil.example", "null", "http://localhost:8000"):
        for url in (str(session.url), f"{box.url}/_paybox/reset"):
            answer = httpx.post(url, headers={"Origin": origin}, data={"outcome": "pay"})
            assert answer.status_code == 403
    assert box.book.get(Session, session.id).status == "open"
    own = httpx.post(str(session.url), headers={"Origin": box.url}, data={"outcome": "pay"})
    assert own.status_code == 303


def test_exposed_it_answers_to_any_name_and_shows_the_public_address(order: Order) -> None:
    with Paybox(place=Place(expose=True, public_url="http://paybox.test:99/")) as box:
        address = f"http://127.0.0.1:{box._server.server_address[1]}"  # type: ignore[union-attr]  # it is started
        answer = httpx.get(f"{address}/_paybox/faults", headers={"Host": "paybox.test:99"})
        assert answer.status_code == 200
        client = stripe.StripeClient(box.key, base_addresses={"api": address})
        assert str(client.v1.checkout.sessions.create(order()).url).startswith("http://paybox.test:99/c/pay/")


def test_behind_a_proxy_its_public_name_is_answered_and_no_other() -> None:
    with Paybox(place=Place(public_url="https://pay.test")) as box:
        address = f"http://127.0.0.1:{box._server.server_address[1]}"  # type: ignore[union-attr]  # it is started
        for host, status in (("pay.test", 200), ("evil.example", 421)):
            assert httpx.get(f"{address}/_paybox/faults", headers={"Host": host}).status_code == status


def test_closing_ends_idle_and_slow_connections_at_once(order: Order) -> None:
    box = Paybox().start()
    idle = socket.create_connection(("127.0.0.1", port_of(box)), timeout=10)
    box.faults(slow_ms=60_000)
    client = stripe.StripeClient(box.key, base_addresses={"api": box.url}, max_network_retries=0)

    def ask() -> None:
        with pytest.raises(stripe.StripeError):
            client.v1.checkout.sessions.create(order(mode="x"))

    slow = threading.Thread(target=ask)
    slow.start()
    time.sleep(0.1)
    start = time.monotonic()
    box.close()
    slow.join(timeout=5)
    assert time.monotonic() - start < 3
    assert idle.recv(1) == b""
    idle.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("paybox")]


def test_too_many_connections_are_closed_and_the_others_served(box: Paybox) -> None:
    crowd = [socket.create_connection(("127.0.0.1", port_of(box)), timeout=10) for _ in range(300)]
    try:
        deadline = time.monotonic() + 10
        server = box._server
        assert server is not None
        while len(server.open) < 256 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(server.open) <= 256
        crowd[0].sendall(b"GET /_paybox/faults HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert crowd[0].recv(15) == b"HTTP/1.1 200 OK"
    finally:
        for connection in crowd:
            connection.close()


def test_many_buyers_at_once_are_all_served_and_nobody_pays_twice(
    box: Paybox, client: stripe.StripeClient, order: Order
) -> None:
    box.faults(parallel=8)
    sessions = [client.v1.checkout.sessions.create(order(amount=1000 + number)) for number in range(20)]
    urls = [str(session.url) for session in sessions for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda url: httpx.post(url, data={"outcome": "pay"}, timeout=30).status_code, urls))
    assert set(statuses) == {303}
    assert len(client.v1.charges.list({"limit": 100}).data) == 20
    assert box.settle(30)
    done = [event.type for event in box.book.events]
    assert done.count("checkout.session.completed") == done.count("payment_intent.succeeded") == 20


def test_racing_refunds_never_give_back_too_much(box: Paybox, client: stripe.StripeClient, order: Order) -> None:
    intent = str(box.pay(client.v1.checkout.sessions.create(order(amount=1000)).id).intent)

    def refund(_: int) -> int:
        try:
            return client.v1.refunds.create({"payment_intent": intent, "amount": 300}).amount
        except stripe.InvalidRequestError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(refund, range(12))) == 900


def test_without_a_server_requests_are_answered_all_the_same() -> None:
    box = Paybox()
    answer = box.answer(Request.to("/v1/events?limit=1", headers={"Authorization": f"Bearer {box.key}"}))
    assert (answer.status, answer.json()) == (
        200,
        {"object": "list", "data": [], "has_more": False, "url": "/v1/events"},
    )
    assert box.answer(Request.to("http://paybox.localhost/nowhere")).status == 404
