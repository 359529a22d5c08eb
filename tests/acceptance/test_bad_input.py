"""What no honest browser sends: each gets a clear page, orders nothing and loses nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote, urlencode

import pytest

from tests.support.demo import Demo, until
from tests.support.visitor import Answer, Visitor, new_address
from troth.kernel import config

pytestmark = pytest.mark.xdist_group("http")

CHECKOUT = "/checkout/fernside-backup"
NOTHING_HAPPENED = "Nothing was changed, nothing more was ordered and nothing was lost."
AT_ONCE = {"deliver_now": "yes", "waiver": "yes", "step": "order"}


@pytest.fixture
def nothing_ordered(demo: Demo) -> Iterator[None]:
    """Fail if `troth order list` names an order after the test that it did not name before."""
    before = {one["order"] for one in demo.orders()}
    yield
    assert {one["order"] for one in demo.orders()} == before


def require_clear(answer: Answer, status: int) -> str:
    """Fail unless this is a whole page with this status that blames nobody and sets nothing; return its words."""
    words = " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())
    assert answer.status == status, words[:600]
    assert answer.headers.get_content_type() == "text/html"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers.get("set-cookie") is None
    assert answer.text.count("<h1") == 1
    assert "<script" not in answer.text
    assert "Traceback" not in words
    if status in {400, 403, 409, 413, 415, 422, 429, 503} and "what you typed is still here" not in words:
        assert NOTHING_HAPPENED in words or "Nothing was ordered" in words, words[:600]
    return words


def filled(visitor: Visitor, **typed: str) -> dict[str, str]:
    """Return the checkout's fields as an honest buyer would send them, with some changed; "" leaves one out."""
    fields = visitor.form(CHECKOUT).fields | AT_ONCE | {"email": new_address("bad")} | typed
    return {name: value for name, value in fields.items() if value}


# -- what is typed ---------------------------------------------------------------------------------------------------

HOSTILE_ADDRESSES = (
    "plain",
    "@meadow.example",
    "mira@",
    "mira@@meadow.example",
    "mira@meadow",
    "mira@localhost",
    "mira@[127.0.0.1]",
    "mira@meadow..example",
    "mira@-meadow.example",
    "mira@meadow.example, eve@evil.example",
    "mira@meadow.example;eve@evil.example",
    "Mira <mira@meadow.example>",
    '"<script>alert(1)</script>"@meadow.example',
    "mira meadow@meadow.example",
    "mira@mea\N{ZERO WIDTH SPACE}dow.exa mple",
    "mira@\N{RIGHT-TO-LEFT OVERRIDE}elpmaxe.wodaem",
    "x" * 65 + "@meadow.example",
    "mira@" + "a" * 64 + ".example",
    "mira@" + ".".join(["a" * 50] * 5) + ".example",
    "mira@xn--zzzzzzzz-99999.example",
    "${jndi:ldap://x}@meadow.example/",
)


@pytest.mark.usefixtures("nothing_ordered")
def test_a_hostile_address_comes_back_with_a_word_on_what_is_wrong(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    fields = filled(visitor)
    for address in HOSTILE_ADDRESSES:
        somebody = Visitor(demo.url)
        answer = somebody.post(CHECKOUT, fields | {"email": address, "sure": address})
        if answer.status == 303:
            pytest.fail(f"{address!r} was taken for an address")
        words = require_clear(answer, 422)
        assert "what you typed is still here" in words
        assert answer.text.count('aria-invalid="true"') == 1


def test_an_unusual_address_is_taken_as_it_is_and_nothing_in_it_runs(demo: Demo) -> None:
    for address in (
        "o'hara+shop@meadow.example",
        "{{7*7}}@meadow.example",
        "a&b=c%0d@meadow.example",
        "=1+1@meadow.example",
    ):
        buyer = Visitor(demo.url)
        placed = buyer.order(email=address, payment="bank")
        assert placed.status == 303, address
        assert str(demo.wait_for_letter(address, "waits for its payment")["to"]) == address
        number = re.search(r"<title>Order (\S+)", buyer.get(placed.location).text)
        assert number is not None
        assert demo.ask("order", "show", number.group(1))["email"] == address


@pytest.mark.usefixtures("nothing_ordered")
def test_a_line_break_in_an_address_adds_no_mail_header(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    fields = filled(visitor)
    for sign in ("\r\n", "\n", "\r", "\0", "\v", "\x7f"):
        answer = Visitor(demo.url).post(CHECKOUT, fields | {"email": f"mira@meadow.example{sign}Bcc: eve@evil.example"})
        require_clear(answer, 422 if sign in "\r\n" else 400)
    assert demo.letters("eve@evil.example") == []


@pytest.mark.usefixtures("nothing_ordered")
def test_an_invoice_s_fields_have_an_end(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    firm = {"business": "yes", "name": "Meadow", "address": "Rue Verte 3"}
    fields = filled(visitor, **firm)
    for changed in ({"name": "x" * 121}, {"address": "x" * 401}, {"name": " "}, {"vat_id": "DE000000000"}):
        require_clear(Visitor(demo.url).post(CHECKOUT, fields | changed), 422)
    require_clear(Visitor(demo.url).post(CHECKOUT, fields | {"name": "x" * 8193}), 400)


# -- what is tampered with -------------------------------------------------------------------------------------------


TAMPERED: tuple[tuple[dict[str, str], int], ...] = (
    ({"total": "home:1:EUR studio:1:EUR"}, 409),
    ({"total": "home:-4641:EUR"}, 409),
    ({"total": "home:4641:USD"}, 409),
    ({"total": "home:" + "9" * 15 + ":EUR"}, 409),
    ({"total": "home:4641.5:EUR"}, 409),
    ({"total": "'; DROP TABLE orders; --"}, 409),
    ({"total": "", "currency": ""}, 422),
    ({"edition": "gold"}, 404),
    ({"edition": ""}, 404),
    ({"country": "XX"}, 422),
    ({"country": "DEU"}, 422),
    ({"country": "../../etc"}, 422),
    ({"currency": "XBT"}, 422),
    ({"payment": "promise"}, 422),
    ({"payment": ""}, 422),
    ({"quantity": "-1"}, 400),
    ({"price": "0.01"}, 400),
    ({"state": "paid"}, 400),
)


@pytest.mark.usefixtures("nothing_ordered")
def test_a_tampered_form_orders_nothing(demo: Demo) -> None:
    for changed, status in TAMPERED:
        visitor = Visitor(demo.url)
        answer = visitor.post(CHECKOUT, filled(visitor, **changed))
        assert answer.status == status, (changed, answer.status)
        require_clear(answer, status)
        assert visitor.cookies == {}


@pytest.mark.usefixtures("nothing_ordered")
def test_a_price_of_another_country_or_edition_is_not_taken(demo: Demo) -> None:
    """The sum that was shown belongs to one edition and one country; neither can be swapped for a cheaper one's."""
    visitor = Visitor(demo.url)
    abroad = visitor.form(f"{CHECKOUT}?country=US").fields
    words = require_clear(visitor.post(CHECKOUT, filled(visitor, total=abroad["total"])), 409)
    assert "The sum is now 46.41 €. Nothing was ordered." in words
    cheap = filled(visitor)["total"].split()[0]
    swapped = cheap.replace("home", "studio")
    words = require_clear(visitor.post(CHECKOUT, filled(visitor, edition="studio", total=swapped)), 409)
    assert "The sum is now 105.91 €. Nothing was ordered." in words


@pytest.mark.usefixtures("nothing_ordered")
def test_what_is_not_there_is_said_in_words(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    fields = filled(visitor)
    for path in ("/checkout/nothing", "/checkout/%27%20OR%201=1", f"/checkout/{'x' * 300}"):
        require_clear(visitor.get(path), 404)
        require_clear(visitor.post(path, fields), 404)
    for path in (
        "/products/nothing",
        "/static/../troth.toml",
        "/static/%2e%2e/troth.toml",
        "/troth.db",
        "/.git/config",
    ):
        require_clear(visitor.get(path), 404)
    require_clear(visitor.get("/downloads/fernside-backup/0/..%2f..%2fvault.db"), 404)
    for query in ("country=XX", "currency=XBT", "country=DE&country=US"):
        require_clear(visitor.get(f"/products/fernside-backup?{query}"), 400 if "&" in query else 422)


# -- where it comes from ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_ordered")
def test_a_form_from_elsewhere_is_refused(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    fields = filled(visitor)
    # An empty value leaves a header out.
    own = demo.url
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": own},
        {"sec-fetch-site": "", "origin": "null"},
        {"sec-fetch-site": "", "origin": ""},
        {"sec-fetch-site": "", "origin": "http://evil.example"},
        {"sec-fetch-site": "", "origin": own.replace("http:", "https:")},
        {"sec-fetch-site": "", "origin": "http://localhost:1"},
        {"sec-fetch-site": "", "origin": own + "/"},
        {"sec-fetch-site": "", "origin": own, "host": f"127.0.0.1:{visitor.port}"},
        {"sec-fetch-site": "", "referer": f"{own}{CHECKOUT}"},
    ):
        require_clear(visitor.post(CHECKOUT, fields, headers), 403)
    assert visitor.cookies == {}


def test_an_old_browser_that_only_names_its_origin_can_buy(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    answer = visitor.post(CHECKOUT, filled(visitor), {"sec-fetch-site": "", "origin": demo.url})
    assert answer.status == 303


def test_under_another_name_there_is_no_store(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    for host in (
        "evil.example",
        f"evil.example:{visitor.port}",
        f"localhost.evil.example:{visitor.port}",
        "localhost:1",
    ):
        for answer in (visitor.get("/", {"host": host}), visitor.get("/readyz", {"host": host})):
            assert answer.status == 421, host
            assert "evil" not in answer.text
    require_clear(visitor.get("/", {"host": "evil.example", "accept": "text/html"}), 421)
    assert visitor.get("/", {"x-forwarded-host": "evil.example"}).status == 200
    assert "evil" not in visitor.get("/", {"x-forwarded-host": "evil.example"}).text
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert visitor.get("/", {"host": f"{name}:{visitor.port}"}).status == 200, name


# -- how much, how long, how often -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_ordered")
def test_too_much_is_refused_before_it_is_read(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    fields = filled(visitor)
    require_clear(visitor.post(CHECKOUT, fields | {"address": "x" * 40_000}), 413)
    head = b"POST /checkout/fernside-backup HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n"
    announced = raw(visitor, head + b"Content-Length: 99999999999\r\n\r\n")
    assert announced.startswith(b"HTTP/1.1 413 ")
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    unannounced = raw(visitor, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2 + b"0\r\n\r\n")
    assert unannounced.startswith(b"HTTP/1.1 413 ")
    many = [(f"f{number}", "x") for number in range(65)]
    require_clear(visitor.ask("POST", CHECKOUT, urlencode(many).encode(), form_headers()), 400)
    twice = urlencode([*fields.items(), ("email", "eve@evil.example")]).encode()
    require_clear(visitor.ask("POST", CHECKOUT, twice, form_headers()), 400)
    require_clear(visitor.ask("POST", CHECKOUT, b"email=%ff%fe", form_headers()), 400)
    require_clear(visitor.get(f"/products/fernside-backup?country={'x' * 3000}"), 400)
    assert visitor.get("/").status == 200


def form_headers(kind: str = "application/x-www-form-urlencoded") -> dict[str, str]:
    return {"content-type": kind, "sec-fetch-site": "same-origin"}


def raw(visitor: Visitor, request: bytes) -> bytes:
    """Send these bytes; return the beginning of the answer."""
    with socket.create_connection(("127.0.0.1", visitor.port), timeout=20) as line:
        line.sendall(request.replace(b"%s", visitor.host.encode(), 1))
        return line.recv(4096)


@pytest.mark.usefixtures("nothing_ordered")
def test_what_is_no_form_is_not_read_as_one(demo: Demo) -> None:
    visitor = Visitor(demo.url)
    body = urlencode(filled(visitor)).encode()
    for kind in (
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded; charset=utf-16",
    ):
        require_clear(visitor.ask("POST", CHECKOUT, body, form_headers(kind)), 415)
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        answer = visitor.ask(method, CHECKOUT, headers=form_headers())
        require_clear(answer, 405)
        assert "POST" in answer.headers["allow"]


def test_the_31st_checkout_of_a_minute_waits_and_the_neighbour_does_not(demo: Demo) -> None:
    busy = Visitor(demo.url)
    fields = filled(busy, email=new_address("busy"), step="price")
    for _ in range(30):
        assert busy.post(CHECKOUT, fields).status == 200
    ordering = fields | {"step": "order"}
    answer = busy.post(CHECKOUT, ordering)
    words = require_clear(answer, 429)
    assert "too often" in words
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert demo.orders(ordering["email"]) == []
    assert Visitor(demo.url).post(CHECKOUT, ordering).status == 303
    # Looking is not slowed down, and after the time named the buyer goes on.
    assert busy.get(CHECKOUT).status == 200
    time.sleep(int(answer.headers["retry-after"]))
    assert busy.post(CHECKOUT, fields).status == 200


# -- who pretends to be the payment provider -------------------------------------------------------------------------


def signed(body: bytes, secret: str, at: float | None = None) -> dict[str, str]:
    """Return the header Stripe would sign a message with."""
    stamp = str(int(time.time() if at is None else at))
    code = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={stamp},v1={code}", "content-type": "application/json"}


def event(session: str, kind: str = "checkout.session.completed", name: str = "evt_forged") -> bytes:
    """Return a message that claims a session was paid."""
    paid = {"id": session, "object": "checkout.session", "payment_status": "paid", "status": "complete"}
    told = {"id": name, "object": "event", "type": kind, "created": int(time.time()), "data": {"object": paid}}
    return json.dumps(told).encode()


def waiting(demo: Demo) -> tuple[Visitor, str, str]:
    """Return a buyer who stands before the payment page, the order's path and the provider's session."""
    buyer = Visitor(demo.url)
    path = buyer.order(email=new_address("webhook")).location
    leads = buyer.get(f"{path}/pay").location
    return buyer, path, leads.rpartition("/")[2]


def test_a_forged_message_of_the_provider_gives_nothing(demo: Demo) -> None:
    buyer, path, session = waiting(demo)
    secret = config.load(demo.folder, {}).payments.stripe
    assert secret is not None
    body = event(session)
    somebody = Visitor(demo.url)

    def told(body: bytes, headers: dict[str, str], provider: str = "stripe") -> int:
        return somebody.ask("POST", f"/webhooks/{provider}", body, headers).status

    plain = {"content-type": "application/json"}
    assert told(body, plain) == 422
    assert told(body, plain | {"stripe-signature": "t=1,v1=" + "0" * 64}) == 422
    assert told(body, signed(body, "whsec_guessed")) == 422
    assert told(body, signed(body, secret.webhook_secret, time.time() - 301)) == 422
    assert told(body, signed(body, secret.webhook_secret, time.time() + 400)) == 422
    assert told(body + b" ", signed(body, secret.webhook_secret)) == 422
    assert told(b"[]", signed(b"[]", secret.webhook_secret)) in {400, 422}
    assert told(body, signed(body, secret.webhook_secret), "nobody") == 409
    assert told(b"x" * 300_000, plain) == 413
    # Even rightly signed it is only a reason to ask the provider, who knows of no payment.
    assert told(body, signed(body, secret.webhook_secret)) == 204
    assert told(body, signed(body, secret.webhook_secret)) == 204
    time.sleep(1.5)
    assert "One step left: the payment." in buyer.get(path).text
    assert "Your key" not in buyer.get(path).text


def test_a_message_that_comes_again_changes_nothing(demo: Demo) -> None:
    buyer, path, session = waiting(demo)
    leads = buyer.get(f"{path}/pay").location
    provider = Visitor(leads)
    page = leads.removeprefix(f"http://{provider.host}")
    paid = provider.post(page, {"outcome": "pay", "card_country": "DE"}, {"origin": f"http://{provider.host}"})
    assert paid.status == 303
    until(lambda: "Thank you. It is yours." in buyer.get(path).text, "not delivered")
    events = [one["id"] for one in provider.get("/_paybox/state").json["events"] if one["subject"] == session]
    assert events
    again = provider.post_json("/_paybox/deliver", {"order": events * 5})
    assert again.status == 200, again.text
    back = buyer.get("/checkout/return/" + quote("used-or-invented"))
    assert back.status == 303
    time.sleep(1.5)
    number = re.search(r"<title>Order (\S+)", buyer.get(path).text)
    assert number is not None
    told = demo.ask("order", "show", number.group(1))
    assert [one["kind"] for one in told["payments"]] == ["payment"]
    assert [one["kind"] for one in told["events"]].count("fulfilled") == 1
    assert len(demo.letters(told["email"], "Your key")) == 1
    assert len(demo.letters(told["email"], "Receipt")) == 1
    # The provider was given an amount and opaque ids.
    held = provider.get("/_paybox/state").text
    assert session in held
    for told_nobody in (told["email"], told["order"], path.rpartition("/")[2]):
        assert told_nobody not in held


def test_while_the_provider_is_down_the_order_is_kept_and_the_page_says_so(demo: Demo) -> None:
    buyer, path, _ = waiting(demo)
    other = Visitor(demo.url)
    waits = other.order(email=new_address("down")).location
    provider = Visitor(buyer.get(f"{path}/pay").location)
    try:
        assert provider.post_json("/_paybox/faults", {"down": True}).status == 200
        words = require_clear(other.get(f"{waits}/pay", {"accept": "text/html"}), 503)
        assert "Your order is kept, nothing was charged" in words
    finally:
        assert provider.ask("DELETE", "/_paybox/faults").status == 200
    assert other.get(f"{waits}/pay").status == 303
