"""A request from end to end, through ASGI."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.responses import Response, StreamingResponse

from tests.unit.web.store import (
    BY_ADDRESS,
    HOST,
    ORIGIN,
    OURS,
    ROUTES,
    SLOW_DOWN,
    TOKEN,
    Client,
    make_lock,
    make_settings,
    make_site,
    order,
)
from troth.kernel.work import UnitOfWork
from troth.web.body import FORM
from troth.web.call import Call
from troth.web.errors import BadTable
from troth.web.headers import CSP
from troth.web.pool import Pool
from troth.web.route import Route
from troth.web.site import Site

Make = Callable[..., Site]
POSTED = {**OURS, "content-type": FORM}
EVERY_ANSWER = {
    "content-security-policy": CSP,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def through(site: Site, path: str, headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """Return the raw messages of one GET."""
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "client": None, "headers": headers,
    }  # fmt: skip

    async def run() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        body = [{"type": "http.request"}]

        async def receive() -> Any:
            return body.pop() if body else await asyncio.Event().wait()

        await site(scope, receive, send)
        return sent

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/", {}, 200),
        ("HEAD", "/", {}, 200),
        ("GET", "/?name=x", {}, 200),
        ("GET", "/nothing", {}, 404),
        ("PUT", "/", {}, 405),
        ("POST", "/wish", {"content": b"name=a"}, 403),
        ("POST", "/wish", {"content": b"name=a", "headers": POSTED}, 200),
        ("POST", "/wish", {"content": b"shoe=a", "headers": POSTED}, 400),
        ("POST", "/wish", {"content": b"name=a", "headers": {**OURS, "content-type": "text/plain"}}, 415),
        ("POST", "/wish", {"content": b"name=" + b"a" * 33_000, "headers": POSTED}, 413),
        ("GET", f"/orders/{TOKEN}", {}, 200),
        ("POST", "/begin", {"content": b"", "headers": POSTED}, 303),
        ("POST", "/api/v1/wishes", {"json": {"name": "a", "count": 1}}, 201),
        ("POST", "/api/v1/wishes", {"json": {"name": "a"}}, 422),
        ("POST", "/api/v1/wishes", {"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ("POST", "/api/v1/wishes", {"content": b"{}", "headers": {"content-type": FORM}}, 415),
        ("GET", "/fail/missing", {}, 404),
        ("GET", "/fail/conflict", {}, 409),
        ("GET", "/fail/refused", {}, 422),
        ("GET", "/fail/unavailable", {}, 503),
        ("GET", "/fail/bug", {}, 500),
        ("GET", "/static/none/x.css", {}, 404),
        ("GET", "/", {"headers": {"host": "evil.example"}}, 421),
    ],
)
def test_every_answer_has_its_status_and_the_security_headers(
    client: Client, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    for accept in ({}, {"accept": "application/json"}):
        answer = client.send(method, path, **{**more, "headers": {**more.get("headers", {}), **accept}})
        assert answer.status_code == status
        assert {name: answer.headers[name] for name in EVERY_ANSWER} == EVERY_ANSWER
        assert "strict-transport-security" not in answer.headers
        assert answer.headers["cache-control"] in {"no-store", "no-cache"}
        if status >= 400:
            wants_json = bool(accept) or path.startswith("/api/")
            kind = "application/problem+json" if wants_json else "text/html; charset=utf-8"
            assert answer.headers["content-type"] == kind
        assert method != "HEAD" or answer.content == b""


def test_under_https_the_browser_is_told_to_stay_there(make: Make, tmp_path: Path) -> None:
    site = make(
        settings=make_settings(
            tmp_path, base_url="https://shop.example", extra='[vault]\nkey = "../elsewhere/store.key"'
        )
    )
    answer = Client(site, base="https://shop.example").get("/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_problem_page_says_what_to_do(client: Client) -> None:
    answer = client.get("/fail/unavailable")
    for words in (
        "Nothing was changed, nothing more was ordered",
        "Please try again in a minute.",
        "this number finds the moment in our log",
    ):
        assert words in answer.text
    assert answer.headers["retry-after"] == "5"


def test_an_error_page_that_fails_still_says_something(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise KeyError

    monkeypatch.setattr(client.site.pages, "render", broken)
    answer = client.get("/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert "There is no page at this address." in answer.text


@pytest.mark.parametrize("hosts", [[], ["evil.example"], [HOST, HOST], ["localhost"], [HOST + "."]])
def test_only_our_host_is_answered(client: Client, hosts: list[str]) -> None:
    assert through(client.site, "/clock", [(b"host", host.encode()) for host in hosts])[0]["status"] == 421


# -- cookies -------------------------------------------------------------------------------------------------


def test_a_route_sees_only_the_cookies_it_declares(client: Client) -> None:
    cookie = {"cookie": f"troth_session={TOKEN}; troth_visit=1; x=2"}
    assert client.post("/wish", content=b"", headers={**POSTED, **cookie}).json()["cookies"] == {"troth_session": TOKEN}
    assert client.get(f"/orders/{TOKEN}", headers=cookie).json()["session"] == TOKEN
    odd = {"cookie": "troth_session=short"}
    assert client.get(f"/orders/{TOKEN}", headers=odd).json()["session"] is None


def test_a_session_is_given_with_the_answer(client: Client) -> None:
    answer = client.post("/begin", content=b"", headers=POSTED)
    expected = f"troth_session={TOKEN}; Max-Age=600; Path=/; HttpOnly; SameSite=Lax"
    assert answer.headers["set-cookie"] == expected
    assert answer.headers["location"] == f"/orders/{TOKEN}"


async def tracker(_call: Call) -> Response:
    response = Response(b"page")
    response.set_cookie("tracker", "1", max_age=60)
    response.set_cookie("troth_visit", "1", max_age=60)
    return response


def test_an_undeclared_or_unagreed_cookie_is_dropped_and_written_down(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    routes = [Route("GET", "/t", tracker, "tracker")]
    answer = Client(make(routes, strict=False)).get("/t")
    assert (answer.status_code, answer.content) == (200, b"page")
    assert "set-cookie" not in answer.headers
    assert [record.message for record in caplog.records] == ["undeclared cookie dropped"]
    assert Client(make(routes)).get("/t").status_code == 500


MULTIPART = b'--x\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("kind", "sent", "status"),
    [
        (FORM, b"List-Unsubscribe=One-Click", 200),
        ("multipart/form-data; boundary=x", MULTIPART, 200),
        (FORM, b"", 400),
        (FORM, b"List-Unsubscribe=No", 400),
    ],
)
def test_a_mail_program_unsubscribes_with_one_click(make: Make, kind: str, sent: bytes, status: int) -> None:
    routes = [Route("POST", "/stop/{token}", order, "stop", one_click=True)]
    answer = Client(make(routes)).post(f"/stop/{TOKEN}", content=sent, headers={"content-type": kind})
    assert answer.status_code == status


async def api_session(call: Call) -> Response:
    call.set_session(TOKEN, 60)
    return call.answer({})


def test_a_route_open_to_other_origins_gives_no_cookie(make: Make) -> None:
    routes = [Route("POST", "/api/v1/s", api_session, "api-session")]
    answer = Client(make(routes, strict=False)).post("/api/v1/s", json={})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


# -- the page cache ------------------------------------------------------------------------------------------


class Counting:
    """A handler that counts how often it ran."""

    def __init__(self, answer: Callable[[Call], Response] | None = None) -> None:
        self.count = 0
        self.answer = answer or (
            lambda call: Response(f"{call.query} {self.count}" + "." * 600, media_type="text/html")
        )

    async def __call__(self, call: Call) -> Response:
        self.count += 1
        return self.answer(call)


def test_a_page_is_made_once_for_everybody(make: Make) -> None:
    handler = Counting()
    client = Client(make([Route("GET", "/p", handler, "p", query=("country",), cache=60)]))
    first = client.get("/p")
    again = client.get("/p", headers={"cookie": f"troth_session={TOKEN}"})
    assert (first.text, again.text, handler.count) == (again.text, first.text, 1)
    assert first.headers["content-encoding"] == again.headers["content-encoding"] == "br"
    assert client.get("/p", headers={"if-none-match": again.headers["etag"]}).status_code == 304
    assert client.send("HEAD", "/p").headers["etag"] == again.headers["etag"]
    assert handler.count == 1
    client.get("/p?utm_source=x")
    assert handler.count == 1
    client.get("/p?country=FR&utm_source=x")
    client.get("/p?utm_source=y&country=FR")
    assert handler.count == 2
    assert client.get("/p?country=FR&country=DE").status_code == 400


def test_a_change_in_the_store_shows(make: Make) -> None:
    handler, generation = Counting(), [1]
    site = make([Route("GET", "/p", handler, "p", cache=60)], generation=lambda: generation[0])
    client = Client(site)
    client.get("/p")
    generation[0] = 2
    site.cache.expire()
    client.get("/p")
    assert handler.count == 2


async def writes(call: Call) -> Response:
    await call.work(lambda uow: uow.now)
    return Response(b"made in a writing unit of work")


async def reads(call: Call) -> Response:
    await call.read(lambda uow: uow.now)
    return Response(b"made in a reading one")


def with_cookie(call: Call) -> Response:
    call.set_session(TOKEN, 60)
    return Response(b"a cookie")


@pytest.mark.parametrize(
    ("handler", "kept"),
    [
        (reads, True),
        (writes, False),
        (Counting(lambda _call: Response(b"not 200", 404)), False),
        (Counting(with_cookie), False),
        (Counting(lambda _call: StreamingResponse(iter([b"a", b"b"]))), False),
    ],
)
def test_what_may_be_about_somebody_is_never_kept(make: Make, handler: Any, kept: bool) -> None:  # noqa: FBT001 - a table
    site = make([Route("GET", "/p", handler, "p", cache=60)])
    client = Client(site)
    client.get("/p")
    client.get("/p")
    assert len(site.cache._pages) == kept


def test_a_personal_page_is_stored_by_nobody_whatever_it_says(make: Make) -> None:
    public = Counting(lambda _call: Response(b"x", headers={"cache-control": "public, max-age=60"}))
    routes = [
        Route("GET", "/orders/{token}", public, "order"),
        Route("GET", "/account", public, "account", cookies=("troth_session",)),
        Route("GET", "/file", public, "file"),
    ]
    client = Client(make(routes))
    assert client.get(f"/orders/{TOKEN}").headers["cache-control"] == "no-store"
    assert client.get("/account").headers["cache-control"] == "no-store"
    assert client.get("/file").headers["cache-control"] == "public, max-age=60"


# -- work ----------------------------------------------------------------------------------------------------


def note(uow: UnitOfWork, words: str) -> int:
    uow.db.execute(text("CREATE TABLE IF NOT EXISTS note (words)"))
    uow.db.execute(text("INSERT INTO note VALUES (:words)"), {"words": words})
    return count(uow)


def count(uow: UnitOfWork) -> int:
    return int(uow.db.execute(text("SELECT count(*) FROM note")).scalar_one())


def note_and_fail(uow: UnitOfWork) -> None:
    note(uow, "lost")
    raise ValueError


async def work(call: Call) -> Response:
    await call.work(note, words="kept")
    try:
        await call.work(note_and_fail)
    except ValueError:
        seen = await call.read(count)
    assert await call.glance(count) == seen
    here = await call.glance(lambda _uow: threading.current_thread().name)
    there = await call.aside(lambda: threading.current_thread().name)
    return call.answer({"seen": seen, "threads": [here, there[:4]]})


def test_work_is_committed_before_it_returns_or_not_at_all(make: Make) -> None:
    client = Client(make([Route("GET", "/w", work, "w")]))
    assert client.get("/w").json() == {"seen": 1, "threads": ["MainThread", "work"]}
    assert client.get("/w").json() == {"seen": 2, "threads": ["MainThread", "work"]}


async def fails_afterwards(call: Call) -> Response:
    await call.work(note, words="kept")
    raise ValueError


def test_a_failure_after_a_commit_does_not_say_that_nothing_was_changed(make: Make) -> None:
    answer = Client(make([Route("GET", "/w", fails_afterwards, "w")])).get("/w")
    assert answer.status_code == 500
    assert "has arrived and is kept" in answer.text
    assert "Nothing was changed" not in answer.text


def test_more_than_may_wait_is_refused_at_once(make: Make) -> None:
    gate = threading.Event()

    async def blocks(call: Call) -> Response:
        await call.aside(gate.wait, 10)
        return call.answer({})

    async def run(site: Site) -> list[int]:
        transport = httpx.ASGITransport(site)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            waiting = [asyncio.create_task(client.get("/b")) for _ in range(4)]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            first = [task.result() for task in done]
            assert [(one.status_code, one.headers["retry-after"]) for one in first] == [(503, "5")]
            gate.set()
            return sorted([(await task).status_code for task in waiting])

    site = make_small(make, [Route("GET", "/b", blocks, "b")])
    assert asyncio.run(run(site)) == [200, 200, 200, 503]


def make_small(make: Make, routes: list[Route]) -> Site:
    site = make(routes)
    site.pool.close()
    site.aside.close()
    site.pool = site.aside = Pool(threads=2, queue=1)
    return site


def test_who_waits_for_somebody_else_holds_up_nobody(make: Make) -> None:
    gate = threading.Event()

    async def waits(call: Call) -> Response:
        await call.aside(gate.wait, 10)
        return call.answer({})

    async def reads(call: Call) -> Response:
        return call.answer(await call.read(lambda _uow: 1))

    async def run(site: Site) -> list[int]:
        transport = httpx.ASGITransport(site)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            waiting = [asyncio.create_task(client.get("/w")) for _ in range(16)]
            await asyncio.sleep(0)
            quick = await asyncio.wait_for(client.get("/r"), 5)
            gate.set()
            return [quick.status_code, *[(await task).status_code for task in waiting]]

    assert asyncio.run(run(make([Route("GET", "/w", waits, "w"), Route("GET", "/r", reads, "r")]))) == [200] * 17


def test_a_response_that_breaks_off_is_written_down_and_says_no_more(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def pieces() -> Any:
        yield b"begin"
        message = "somebody@example.com"
        raise ValueError(message)

    async def stream(_call: Call) -> Response:
        return StreamingResponse(pieces())

    with caplog.at_level(logging.INFO):
        sent = through(make([Route("GET", "/s", stream, "s")]), "/s", [(b"host", HOST.encode())])
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1] == {"type": "http.response.body", "body": b"begin", "more_body": True}
    assert [record.message for record in caplog.records] == ["unexpected failure"]
    assert "example" not in str([vars(record) for record in caplog.records])


# -- limits --------------------------------------------------------------------------------------------------


def test_a_network_that_asks_too_often_is_told_when_to_come_back(make: Make) -> None:
    site = make()
    one, other = Client(site, client="203.0.113.7"), Client(site, client="203.0.113.8")
    assert [one.get("/limited").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = one.get("/limited")
    assert (refused.headers["retry-after"], refused.headers["ratelimit"]) == ("20", '"slow-down";r=0;t=20')
    assert refused.headers["ratelimit-policy"] == '"slow-down";q=3;w=60'
    assert "Please wait a little and try again." in refused.text
    assert other.get("/limited").status_code == 200


def test_neighbours_in_an_ipv6_network_count_as_one(make: Make) -> None:
    site = make()
    answers = [Client(site, client=f"2001:db8::{n}").get("/limited").status_code for n in range(1, 5)]
    assert answers == [200, 200, 200, 429]


def test_a_maker_sets_another_count(make: Make, tmp_path: Path) -> None:
    site = make(settings=make_settings(tmp_path, extra="[limits]\nslow-down = 1\n"))
    client = Client(site)
    assert [client.get("/limited").status_code for _ in range(2)] == [200, 429]


async def by_address(call: Call) -> Response:
    call.limit(BY_ADDRESS, call.query.get("who", ""))
    return call.answer({})


def test_a_handler_limits_by_what_it_knows(make: Make) -> None:
    client = Client(make([Route("GET", "/a", by_address, "a", query=("who",), limits=(BY_ADDRESS,))]))
    assert [client.get("/a?who=x").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/a?who=y").status_code == 200


def test_a_handler_cannot_use_a_limit_its_route_does_not_declare(make: Make) -> None:
    client = Client(make([Route("GET", "/a", by_address, "a", limits=(SLOW_DOWN,))]))
    assert client.get("/a").status_code == 500


# -- whatever is sent ----------------------------------------------------------------------------------------

HEADERS = st.sampled_from(
    ["host", "cookie", "accept", "accept-language", "accept-encoding", "content-type", "content-length", "origin",
     "sec-fetch-site", "if-none-match", "idempotency-key", "x"]
)  # fmt: skip
HEADER = st.tuples(HEADERS.map(str.encode), st.binary(max_size=40))
PATHS = st.one_of(
    st.sampled_from(["/", "/wish", "/begin", "/api/v1/wishes", "/orders/x", "/fail/refused", "/limited", "/clock"]),
    st.text(max_size=30).map(lambda rest: "/" + rest),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"]),
    path=PATHS,
    query=st.binary(max_size=60),
    sent=st.lists(HEADER, max_size=6),
    content=st.binary(max_size=100),
    ours=st.booleans(),
)
def test_nothing_that_is_sent_makes_us_fail(
    client: Client, *, method: str, path: str, query: bytes, sent: list[tuple[bytes, bytes]], content: bytes, ours: bool
) -> None:
    good = [(b"host", HOST.encode()), (b"sec-fetch-site", b"same-origin"), (b"content-type", FORM.encode())]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query,
        "headers": [*(good if ours else []), *sent], "client": ("::1", 1),
    }  # fmt: skip

    async def run() -> list[Any]:
        answered: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": content}

        async def send(message: Any) -> None:
            answered.append(message)

        await client.site(scope, receive, send)
        return answered

    start, *rest = asyncio.run(run())
    assert start["status"] < 500
    assert rest


def test_another_protocol_is_not_spoken(client: Client) -> None:
    with pytest.raises(NotImplementedError):
        asyncio.run(client.site({"type": "websocket"}, None, None))  # type: ignore[arg-type] # never used


def test_the_lock_and_the_routes_must_agree(tmp_path: Path) -> None:
    with pytest.raises(BadTable):
        make_site(tmp_path, ROUTES, lock=make_lock(forms={}))
