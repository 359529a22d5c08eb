from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import Response

from tests.unit.web.store import OURS, TOKEN, Client
from troth.web.body import FORM
from troth.web.call import Call, forwarded, network
from troth.web.forms import Field, Filled, FormSpec
from troth.web.route import Route
from troth.web.site import Site

Make = Callable[..., Site]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_network_is_one_ipv4_address_or_one_ipv6_neighbourhood(address: str, counted: str) -> None:
    assert network(address) == counted


def answering(make: Make, handler: Any, *, method: str = "GET", path: str = "/x", **more: Any) -> Client:
    return Client(make([Route(method, path, handler, "x", **more)], strict=False))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 303),
        ("/orders/abc?x=1#key", 303),
        ("//evil.example", 500),
        ("/\\evil.example", 500),
        ("https://evil.example", 500),
        ("javascript:alert(1)", 500),
        ("/a\r\nset-cookie: x=1", 500),
        ("/ä", 500),
        ("", 500),
    ],
)
def test_a_redirect_stays_in_the_store(make: Make, path: str, status: int) -> None:
    async def go(call: Call) -> Response:
        return call.redirect(path)

    answer = answering(make, go).get("/x")
    assert answer.status_code == status
    assert answer.headers.get("location") == (path if status == 303 else None)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("https://pay.example/c/1", 303),
        ("http://localhost:9000/c/1", 303),
        ("https://evil.example/", 500),
        ("https://pay.example@evil.example/", 500),
        ("ftp://pay.example/", 500),
        ("https://pay.example/a b", 500),
        ("https://pay.example/\r\nset-cookie: x=1", 500),
        ("//pay.example/", 500),
        ("/orders", 500),
    ],
)
def test_a_visitor_is_sent_to_declared_recipients_only(make: Make, address: str, status: int) -> None:
    async def go(call: Call) -> Response:
        return call.leave(address)

    site = make([Route("GET", "/x", go, "x")], outside=frozenset({"pay.example", "localhost:9000"}))
    assert Client(site).get("/x").status_code == status


def test_a_page_knows_where_it_is_and_speaks_the_visitors_language(make: Make) -> None:
    class Message:
        title, paragraphs, actions = "Done & <well>", ("One.",), ()

    async def show(call: Call) -> Response:
        return call.render("web/message.html", status=202, message=Message())

    answer = answering(make, show, path="/contact").get("/contact")
    assert (answer.status_code, answer.headers["content-language"]) == (202, "en")
    assert "Done &amp; &lt;well&gt;" in answer.text
    assert 'href="/contact" aria-current="page"' in answer.text
    assert "Sold by Sample Ltd" in answer.text


def test_an_undefined_name_in_a_page_is_a_mistake_of_ours(make: Make) -> None:
    async def show(call: Call) -> Response:
        return call.render("web/message.html")

    assert answering(make, show).get("/x").status_code == 500


def test_a_form_goes_out_with_its_notes(make: Make) -> None:
    async def show(call: Call) -> Response:
        form = call.form_view(FormSpec("wish", (Field("name", "Name"),)), "/x", Filled())
        return call.answer({"why": form.controls["name"].note.why if form.controls["name"].note else ""})

    assert answering(make, show).get("/x").json() == {"why": "To greet"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [(None, 200), ("12345678", 200), ('"12345678"', 200), ("1234567", 400), ("a" * 65, 400), ("1234567 8", 400)],
)
def test_an_idempotency_key_is_8_to_64_visible_characters(make: Make, sent: str | None, status: int) -> None:
    async def create(call: Call) -> Response:
        key = call.idempotency
        return call.answer({"index": key.index.hex(), "request": key.request.hex()} if key else {})

    client = answering(make, create, method="POST", path="/api/x")
    headers = {} if sent is None else {"idempotency-key": sent}
    answer = client.post("/api/x", content=b"{}", headers=headers)
    assert answer.status_code == status
    if sent is not None and status == 200:
        quoted = client.post("/api/x", content=b"{}", headers={"idempotency-key": "12345678"}).json()
        assert answer.json() == quoted
        other = client.post("/api/x", content=b"[]", headers=headers).json()
        assert (other["index"] == quoted["index"], other["request"] == quoted["request"]) == (True, False)
        assert "12345678" not in answer.text


def test_a_header_that_comes_twice_is_as_if_absent(make: Make) -> None:
    async def show(call: Call) -> Response:
        return call.answer({"signature": call.header("Stripe-Signature"), "peer": call.peer})

    client = answering(make, show)
    assert client.get("/x", headers={"stripe-signature": "a"}).json() == {"signature": "a", "peer": "203.0.113.7"}
    twice = [("stripe-signature", "a"), ("stripe-signature", "b")]
    assert client.get("/x", headers=twice).json()["signature"] == ""


def test_a_session_ends_with_an_answer(make: Make) -> None:
    async def leave(call: Call) -> Response:
        call.end_session()
        return call.redirect("/")

    client = answering(make, leave, method="POST", form="wish", cookies=("troth_session",))
    answer = client.post("/x", content=b"", headers={**OURS, "content-type": FORM, "cookie": f"troth_session={TOKEN}"})
    assert answer.headers["set-cookie"] == "troth_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"


def test_only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() -> None:
    told = [(b"x-forwarded-for", b"203.0.113.9, 198.51.100.7")]
    assert forwarded("127.0.0.1", told) == "198.51.100.7"
    assert forwarded("::1", told) == "198.51.100.7"
    assert forwarded("192.0.2.1", told) == "192.0.2.1"
    assert forwarded("127.0.0.1", []) == "127.0.0.1"
    assert forwarded("127.0.0.1", [(b"x-forwarded-for", b" ")]) == "127.0.0.1"
