"""One request as a handler sees it: only what its route declares, already within bounds.

async def show(call: Call) -> Response:
    order = await call.read(find_order, call.params["token"])
    return call.render("shop/order.html", order=order)
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.responses import Response

from troth.kernel.codec import from_json, to_json
from troth.kernel.errors import Refused
from troth.kernel.work import UnitOfWork
from troth.web import body, cookies
from troth.web.errors import BuildError, Malformed, TooMany
from troth.web.headers import Raw, values
from troth.web.limits import Limit, describe
from troth.web.pages import PageView, translations

if TYPE_CHECKING:
    from starlette.types import Scope

    from troth.web.audience import Audience
    from troth.web.forms import Filled, FormSpec, FormView
    from troth.web.route import Route
    from troth.web.site import Site

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=msgspec.Struct)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_IDEMPOTENCY = re.compile(r"[\x21-\x7e]{8,64}")
_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/._~!$&'()*+,;=:@%?#-]*")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_V4_HOST, _V6_NETWORK = 32, 64


@dataclass(frozen=True)
class Idempotency:
    """The Idempotency-Key of a request that creates something (draft-ietf-httpapi-idempotency-key-header-07).

    A service keeps `index` in a unique column of what it creates, with `request` beside it: the same index
    with the same request finds the first row and the handler builds its answer again; with another request
    it is a `Conflict`. No answer is stored, since an answer may hold a token.
    """

    index: bytes
    request: bytes


class Call:
    """One request; lives as long as its handler."""

    def __init__(self, site: Site, scope: Scope, route: Route, audience: Audience) -> None:
        """Wrap a request that was routed; `Site` fills in the rest before the handler runs."""
        self.site = site
        self.route = route
        self.path: str = scope["path"]
        self.language, self.country, self.consent = audience
        self.params: dict[str, str] = {}
        self.query: dict[str, str] = {}
        self.form: dict[str, str] = {}
        self.body = b""
        self.headers: list[Raw] = scope["headers"]
        self.opened_personal = False
        self.committed = False
        self.set_cookies: list[Raw] = []
        self._client = scope.get("client")

    # -- what was sent -----------------------------------------------------------------------------------------------

    def json(self, kind: type[S]) -> S:
        """Decode the body; raises `OtherMediaType`, `Malformed` (no JSON) or `Refused` (not of this shape)."""
        body.require_type(self.headers, body.JSON)
        try:
            return from_json(self.body, kind)
        except Refused as error:
            if isinstance(error.__cause__, msgspec.ValidationError):
                raise
            raise Malformed("The body is not JSON.") from error

    def header(self, name: str) -> str:
        """Return a request header that came exactly once, or an empty text."""
        found = values(self.headers, name.lower().encode())
        return found[0].decode("latin-1") if len(found) == 1 else ""

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies the route declares, by declared name."""
        return self.site.gate.read(self.headers, self.route.cookies)

    @property
    def session(self) -> str | None:
        """The opaque token of the visitor's session, if the route reads it and one came."""
        token = self.cookies.get(cookies.SESSION, "")
        return token if _TOKEN.fullmatch(token) else None

    @property
    def peer(self) -> str:
        """The address the connection came from, or ""; to tell this machine from others, never stored or logged."""
        return self._client[0] if self._client else ""

    @cached_property
    def network(self) -> str:
        """The caller's address (IPv4) or /64 (IPv6), for limits only; never stored, never logged."""
        return network(forwarded(self.peer, self.headers))

    @cached_property
    def idempotency(self) -> Idempotency | None:
        """The Idempotency-Key, bound to this route; raises `Malformed` for one that is not 8–64 characters.

        Where a route creates something, a malformed one is refused before its handler runs.
        """
        sent = values(self.headers, b"idempotency-key")
        if not sent:
            return None
        key = sent[0].decode("latin-1").strip('"')
        if len(sent) > 1 or not _IDEMPOTENCY.fullmatch(key):
            raise Malformed("An Idempotency-Key is 8 to 64 visible characters.")
        return Idempotency(
            hashlib.blake2b(f"{self.route.name} {key}".encode(), digest_size=32, person=b"troth-idem-key").digest(),
            hashlib.blake2b(self.body, digest_size=32, person=b"troth-idem-body").digest(),
        )

    @property
    def say(self) -> Callable[[str], str]:
        """The function that puts a text into the visitor's language."""
        return translations(self.language).gettext

    # -- work --------------------------------------------------------------------------------------------------------

    async def work(self, function: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a service in a writing unit of work; it is committed when this returns, before any byte is answered."""
        self.opened_personal = True
        database = self.site.setup.database

        def run() -> R:
            with database.begin() as uow:
                return function(uow, *args, **kwargs)

        result = await self.site.pool.run(run)
        self.committed = True
        self.site.cache.expire()
        return result

    async def read(self, function: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a query in a unit of work that only reads; nothing sealed opens in one."""
        database = self.site.setup.database

        def run() -> R:
            with database.read() as uow:
                return function(uow, *args, **kwargs)

        return await self.site.pool.run(run)

    async def glance(self, function: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do as `read` does, for the few short queries of a hot route: on SQLite at once, without a thread.

        A reader waits for no writer there (WAL); the event loop stands still for as long as the queries take.
        """
        database = self.site.setup.database
        if database.engine.dialect.name != "sqlite":
            return await self.read(function, *args, **kwargs)
        with database.read() as uow:
            return function(uow, *args, **kwargs)

    async def aside(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something slow that is no transaction, such as a call to a provider, in a thread for such things."""
        return await self.site.aside.run(partial(function, *args, **kwargs))

    async def load(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Read a piece of a file in a thread for such reads."""
        return await self.site.files.run(partial(function, *args, **kwargs))

    def limit(self, limit: Limit, key: str) -> None:
        """Count one more under `key`; raises `TooMany`. The route must declare the limit."""
        if limit not in self.route.limits:
            raise BuildError(f"{self.route.name} does not declare the limit {limit.name}")
        actual = self.site.limits[limit.name]
        decision = self.site.limiter.take(actual, key)
        if not decision.allowed:
            raise TooMany(decision.retry_after, describe(actual, decision))

    # -- answers -----------------------------------------------------------------------------------------------------

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
        """Answer with a page."""
        page = PageView(self.path, self.language)
        text = self.site.pages.render(template, page, context)
        headers = {"content-language": self.language}
        return Response(text, status, headers, media_type="text/html; charset=utf-8")

    def form_view(self, spec: FormSpec, action: str, filled: Filled) -> FormView:
        """Return a form ready to draw, with the policy's notes in the visitor's language."""
        return spec.view(self.site.setup.lock, action, filled, translations(self.language))

    def answer(self, value: object, *, status: int = 200) -> Response:
        """Answer a program with JSON."""
        return Response(to_json(value), status, media_type=body.JSON)

    def redirect(self, path: str) -> Response:
        """Send the browser on to a path of this store by GET (303); raises `BuildError` for any other address."""
        if not _PATH.fullmatch(path):
            raise BuildError("A redirect leads to a path of this store.")
        return Response(b"", 303, {"location": path})

    def leave(self, address: str) -> Response:
        """Send the browser to a payment provider's page (303); raises `BuildError` for undeclared hosts."""
        parts = urlsplit(address)
        secure = parts.scheme == "https" or (parts.scheme == "http" and not self.site.setup.settings.https)
        if not secure or parts.netloc not in self.site.setup.outside or not _VISIBLE.fullmatch(address):
            raise BuildError("A visitor is sent to declared recipients only.")
        return Response(b"", 303, {"location": address})

    def set_session(self, token: str, max_age: int) -> None:
        """Give the browser a session with the answer; `max_age` in seconds, at most what the policy declares."""
        self.set_cookies.append(self.site.gate.write(cookies.SESSION, token, max_age))

    def end_session(self) -> None:
        """Take the session cookie back with the answer."""
        self.set_cookies.append(self.site.gate.write(cookies.SESSION, "", 0))


def forwarded(peer: str, headers: list[Raw]) -> str:
    """Return the address a proxy on this machine says it was asked from; anybody else is only who they are.

    Only the last entry counts: it is the proxy's own, what stands before it anybody may have written.
    """
    told = values(headers, b"x-forwarded-for")
    if not told or not _is_loopback(peer):
        return peer
    return told[-1].decode("latin-1").rpartition(",")[2].strip() or peer


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def network(address: str) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 address; "unknown" for anything else."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    prefix = _V4_HOST if found.version == 4 else _V6_NETWORK  # noqa: PLR2004 - IP versions
    return str(ipaddress.ip_network((found, prefix), strict=False))
