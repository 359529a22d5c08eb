"""What the tests of paybox share: a box, the official SDK pointed at it, and a shop that takes its webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from paybox import Paybox
from paybox.marks import override

SECRET = "whsec_of_the_tests"


class Shop:
    """A webhook endpoint that verifies with the official SDK and remembers what came."""

    def __init__(self) -> None:
        self.events: list[stripe.Event] = []
        self.refused: list[str] = []
        self.answers: list[int] = []
        self.busy = self.most_at_once = 0
        self.pause = 0.0
        self._lock = threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status = shop.take(self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/stripe"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        with self._lock:
            self.busy += 1
            self.most_at_once = max(self.most_at_once, self.busy)
        time.sleep(self.pause)
        try:
            event = stripe.Webhook.construct_event(body, headers.get("Stripe-Signature"), SECRET)
        except stripe.SignatureVerificationError as error:
            self.refused.append(str(error))
            return 400
        finally:
            with self._lock:
                self.busy -= 1
        self.events.append(event)
        return self.answers.pop(0) if self.answers else 200

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(autouse=True)
def _quiet_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "enable_telemetry", False)


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def box(shop: Shop) -> Iterator[Paybox]:
    with Paybox(webhook=shop.url, secret=SECRET) as box:
        yield box


@pytest.fixture
def connect() -> Callable[..., stripe.StripeClient]:
    """Return what points the official SDK at a box; without retries unless asked."""

    def connect(box: Paybox, *, key: str | None = None, retries: int = 0) -> stripe.StripeClient:
        addresses: Any = {"api": box.url}
        return stripe.StripeClient(key or box.key, base_addresses=addresses, max_network_retries=retries)

    return connect


@pytest.fixture
def client(box: Paybox, connect: Callable[..., stripe.StripeClient]) -> stripe.StripeClient:
    return connect(box)


@pytest.fixture
def order() -> Callable[..., Any]:
    """Return what makes the parameters of a session."""
    return _order


def _order(amount: int = 4641, **more: Any) -> Any:
    return {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {"currency": "eur", "unit_amount": amount, "product_data": {"name": "Backup Home"}},
                "quantity": 1,
            }
        ],
        "client_reference_id": "order-1",
        "success_url": "http://localhost:8000/return?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://localhost:8000/orders/1",
        **more,
    }
