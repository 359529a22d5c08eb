"""The store as an ASGI application: every request takes the same few steps, in this order.

    page kept ready? → our host? → route → announced length → same origin → limits → body
    → handler (commits) → cookie gate → page cache → security headers → answer

A refusal at any step becomes a problem (`problems.py`), with the same headers as every other answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from troth.kernel.codec import to_json
from troth.kernel.config import Settings
from troth.kernel.ids import new_id
from troth.kernel.work import Database
from troth.policy.lock import Lock
from troth.web import body, csrf, headers, limits, problems
from troth.web.access import AccessLog
from troth.web.assets import Assets
from troth.web.audience import Audience, Audiences, Decide, mandatory_only
from troth.web.cache import Key, PageCache, Stored, listed
from troth.web.call import Call
from troth.web.cookies import Gate
from troth.web.errors import CookieRefused, OtherHost
from troth.web.pages import Pages, PageView, PolicyView, StoreView, translations
from troth.web.palette import palette_css
from troth.web.pool import Pool
from troth.web.route import SAFE, Route, Table

_log = logging.getLogger("troth.web")
_NO_ROUTE: Final = "none"
_CACHE_BYTES: Final = 16 * 1024 * 1024
_ASIDE_THREADS: Final = 4
_ASIDE_QUEUE: Final = 12
# Files have threads of their own: a slow provider cuts no download off, and a download holds up no payment.
_FILE_THREADS: Final = 2
_FILE_QUEUE: Final = 1000
_VARY: Final[headers.Raw] = (b"vary", b"accept-encoding, accept-language, cookie")
_PER_ANSWER: Final = frozenset({b"content-length", b"content-encoding", b"etag", b"cache-control", b"vary"})


@dataclass(frozen=True)
class Setup:
    """What a store's web edge is put together from; `app.py` makes one.

    `generation` changes whenever something a cached page shows has changed; it is asked in a work thread,
    at most each second. `outside` holds the hosts a visitor may be sent to (payment pages). `strict`
    (tests) raises where a live store would drop an undeclared cookie and log the violation.
    """

    settings: Settings
    database: Database
    lock: Lock
    routes: Sequence[Route]
    parts: Sequence[str] = ("web",)
    generation: Callable[[], Hashable] = lambda: 0
    decide: Decide = mandatory_only
    outside: frozenset[str] = frozenset()
    made: Mapping[str, bytes] = field(default_factory=dict)
    body_seconds: float = 10.0
    strict: bool = False


class Site:
    """One store's web edge in one process."""

    def __init__(self, setup: Setup, *, limiter: limits.Limiter | None = None, pool: Pool | None = None) -> None:
        """Check the routes against the policy and prepare; raises `BuildError` or `ConfigError`."""
        settings, lock = setup.settings, setup.lock
        self.setup = setup
        self.table = Table(setup.routes, lock)
        self.limits = limits.adjusted(self.table.limits, settings.limits)
        self.limiter = limiter or limits.Limiter.create()
        self.pool = pool or Pool()
        # Whoever waits for a provider waits beside the others: its outage must not hold up the shop.
        self.aside = Pool(_ASIDE_THREADS, _ASIDE_QUEUE)
        self.files = Pool(_FILE_THREADS, _FILE_QUEUE)
        self.cache = PageCache(_CACHE_BYTES)
        self.gate = Gate(lock, settings.https)
        self.access = AccessLog()
        self._security = headers.security(https=settings.https)
        made = {"palette.css": palette_css(settings.store.hue).encode(), **setup.made}
        self.assets = Assets(setup.parts, made, self._security)
        policy = PolicyView(lock.hash, lock.revision)
        self.pages = Pages(setup.parts, StoreView.of(settings), policy, self.assets.address)
        self._hosts = frozenset(host.lower().encode() for host in settings.hosts)
        self._audiences = Audiences(settings.store.languages, settings.seller.country, setup.decide)
        self._revision = lock.revision
        self._scheme = "https" if settings.https else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a page kept ready costs two look-ups."""
        if scope["type"] != "http":
            message = f"{scope['type']} is not spoken here"
            raise NotImplementedError(message)
        started = perf_counter()
        asked = dict(scope["headers"])
        if scope["method"] == "GET" and not scope["query_string"] and asked.get(b"host") in self._hosts:
            path = scope["path"]
            key = Key(path, (), self._audiences.of(asked), self._revision)
            page = self.cache.find(key) or self.assets.find(path)
            if page is not None:
                await self._send_stored(page, asked, send)
                self.access.note("GET", page.name, 200, started)
                return
        await self._answer(scope, receive, send, started)

    def share(self, limiter: limits.Limiter) -> None:
        """Count limits in an area shared with other workers from now on."""
        self.limiter.close()
        self.limiter = limiter

    async def warm(self) -> None:
        """Prepare the first page in a work thread; called when the worker already answers."""
        await self.pool.run(lambda: self.pages.warm(self.setup.settings.store.languages[0]))

    def close(self) -> None:
        """Let running work end and write what the access log still holds."""
        self.pool.close()
        self.aside.close()
        self.files.close()
        self.access.flush()
        self.limiter.close()

    # -- the long way ------------------------------------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send, started: float) -> None:
        name, status = _NO_ROUTE, 0
        call: Call | None = None
        audience = self._audiences.of(dict(scope["headers"]))
        try:
            try:
                self._require_host(scope)
                asset = self.assets.find(scope["path"]) if scope["method"] in SAFE else None
                if asset is not None:
                    name, status = asset.name, 200
                    await self._send_stored(asset, dict(scope["headers"]), send)
                    return
                route, params = self.table.match(scope["method"], scope["path"])
                name = route.name
                call = Call(self, scope, route, audience)
                call.params, call.query = params, body.decode_query(scope["query_string"], route.query)
                response = await self._respond(call, scope, receive)
            except body.Gone:
                return
            except Exception as error:  # noqa: BLE001 - the edge of the process: whatever happens, somebody is answered
                response = self._problem(error, scope, call, audience)
            status = response.status_code
            await self._send(response, scope, receive, send, name)
        finally:
            self.access.note(scope["method"], name, status, started)

    def _require_host(self, scope: Scope) -> None:
        hosts = headers.values(scope["headers"], b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise OtherHost

    async def _respond(self, call: Call, scope: Scope, receive: Receive) -> Response:
        route = call.route
        if route.cache:
            return await self._cached(call, scope)
        if route.method in SAFE:
            self._limit(call)
            return self._finish(call, await route.handler(call))
        body.require_length(call.headers, route.body_limit)
        if route.csrf:
            csrf.require_same_origin(call.headers, self._scheme)
        self._limit(call)
        if route.form is not None:
            body.require_type(call.headers, body.FORM)
        call.body = await body.read(receive, route.body_limit, self.setup.body_seconds)
        if route.form is not None:
            call.form = body.decode_form(call.body, self.setup.lock.form(route.form) or ())
        if route.one_click:
            body.require_one_click(call.body)
        if route.creates:
            # Refused here if it is malformed, whether or not the handler would look at it.
            _ = call.idempotency
        return self._finish(call, await route.handler(call))

    def _limit(self, call: Call) -> None:
        """Count the request under its network, for each limit of the route that goes by network."""
        for declared in call.route.limits:
            if declared.by == "network":
                call.limit(declared, call.network)

    async def _cached(self, call: Call, scope: Scope) -> Response:
        """Answer from the page cache, or make the page and keep it if everybody may see it."""
        audience = Audience(call.language, call.country, call.consent)
        key = Key(call.path, listed(call.query), audience, self._revision)
        if self.cache.stale:
            await self.cache.renew(lambda: self.pool.run(self.setup.generation))
        asked = dict(scope["headers"])
        page = self.cache.find(key)
        if page is None:
            self._limit(call)
            generation = self.cache.generation
            made = self._finish(call, await call.route.handler(call))
            if not _for_everybody(call, made):
                return made
            page = self._stored(call.route, made)
            self.cache.keep(key, page, call.route.cache, generation)
        return _Ready(page, asked)

    def _stored(self, route: Route, made: Response) -> Stored:
        own = tuple(raw for raw in made.raw_headers if raw[0] not in _PER_ANSWER)
        return Stored(route.name, bytes(made.body), (*own, *self._security, headers.REVALIDATE, _VARY))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _finish(self, call: Call, response: Response) -> Response:
        """Put the call's cookies on the answer and let only those leave that may."""
        response.raw_headers.extend(call.set_cookies)
        # A route that skips the CSRF rule is called by programs, which are given no cookie.
        agreed = () if call.route.open else call.consent
        refused = self.gate.refused(response.raw_headers, agreed)
        if refused:
            if self.setup.strict:
                raise CookieRefused
            _log.error("undeclared cookie dropped", extra={"route": call.route.name})
            response.raw_headers[:] = [raw for raw in response.raw_headers if raw not in refused]
        if call.route.personal:
            response.raw_headers[:] = [raw for raw in response.raw_headers if raw[0] != b"cache-control"]
        return response

    def _problem(self, error: Exception, scope: Scope, call: Call | None, audience: Audience) -> Response:
        reference = new_id()[:12]
        problems.record(error, call.route.name if call else _NO_ROUTE, reference)
        problem = problems.describe(error, reference)
        accept = b", ".join(headers.values(scope["headers"], b"accept")).decode("latin-1")
        if problems.prefers_json(scope["path"], accept):
            response = Response(to_json(problem), problem.status, media_type=problems.PROBLEM_JSON)
        else:
            response = self._problem_page(problem, audience, committed=call is not None and call.committed)
        response.raw_headers.extend(problems.headers_of(error))
        return response

    def _problem_page(self, problem: problems.Problem, audience: Audience, *, committed: bool) -> Response:
        # The page says where it is only as "/": an address that does not exist is not repeated.
        page = PageView("", audience.language)
        shown = problems.view(problem, translations(audience.language), committed=committed)
        try:
            text = self.pages.render("web/problem.html", page, {"problem": shown})
        except Exception as error:  # noqa: BLE001 - an error page that fails must still say something
            problems.record(error, "problem", problem.reference or "")
            text = f"{shown.title}\n\n{shown.detail}\n{shown.nothing_lost}\n{shown.advice}\n"
            return Response(text, problem.status, media_type="text/plain")
        return Response(text, problem.status, media_type="text/html; charset=utf-8")

    async def _send(self, response: Response, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        if isinstance(response, _Ready):
            await self._send_stored(response.page, response.asked, send, head=scope["method"] == "HEAD")
            return
        raw = response.raw_headers
        raw.extend(self._security)
        if not any(key == b"cache-control" for key, _ in raw):
            raw.append(headers.NO_STORE)
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": response.status_code, "headers": raw})
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            await response(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - it has begun: nothing can be said any more, only written down
            problems.record(error, name, "")

    async def _send_stored(self, page: Stored, asked: Mapping[bytes, bytes], send: Send, *, head: bool = False) -> None:
        start, content = page.messages(asked.get(b"accept-encoding"), asked.get(b"if-none-match"))
        await send(start)
        await send({"type": "http.response.body", "body": b""} if head else content)


class _Ready(Response):
    """Stands for a page kept ready, so that every answer takes one way out."""

    def __init__(self, page: Stored, asked: Mapping[bytes, bytes]) -> None:
        super().__init__(None, 200)
        self.page, self.asked = page, asked


def _for_everybody(call: Call, made: Response) -> bool:
    """Whether an answer may be kept and shown to others."""
    return (
        made.status_code == 200  # noqa: PLR2004 - OK
        and type(made) is Response
        and not call.opened_personal
        and not call.route.personal
        and not any(key == b"set-cookie" for key, _ in made.raw_headers)
    )
