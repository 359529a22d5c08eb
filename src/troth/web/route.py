"""Routes, each declared once: where it answers, what it reads, how often it may be asked, what it returns.

The table is checked when the store is put together, against itself and against the policy's lock: a route
that reads a cookie or takes a form nobody declared, or that would read a cookie without the CSRF rule, does
not start.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from troth.policy.lock import Lock
from troth.web.errors import BadTable, MethodNotAllowed, NoSuchPage
from troth.web.limits import Limit

if TYPE_CHECKING:
    from starlette.responses import Response

    from troth.web.call import Call

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_OPEN_PREFIXES = ("/api/", "/webhooks/")
_SEGMENT = re.compile(r"\{([a-z_]+)\}")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
KIBIBYTE = 1024

Handler = Callable[["Call"], Awaitable["Response"]]


@dataclass(frozen=True)
class Api:
    """What the OpenAPI document says of a route: a sentence, and msgspec structs by status.

    `problems` names the error statuses this route can give; those that every route can give are added.
    """

    summary: str
    request: type | None = None
    answers: Mapping[int, type | None] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    tag: str = "store"


@dataclass(frozen=True)
class Route:
    """One method at one path; `{name}` in the path is a parameter without a slash.

    `query` lists the parameters it reads (all others are ignored and split no cache); `cookies` the
    cookies, by declared name; `form` the declared form whose fields it takes; `cache` for how many seconds
    an anonymous page may be kept (0: never); `one_click` marks RFC 8058 unsubscription, which mail programs
    post without any origin.
    """

    method: str
    path: str
    handler: Handler
    name: str
    _: KW_ONLY
    form: str | None = None
    cookies: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    body_limit: int = 32 * KIBIBYTE
    limits: tuple[Limit, ...] = ()
    cache: int = 0
    api: Api | None = None
    one_click: bool = False

    @property
    def open(self) -> bool:
        """Whether other origins may call it: it reads no cookie, and so needs no CSRF rule."""
        return self.one_click or self.path.startswith(_OPEN_PREFIXES)

    @property
    def csrf(self) -> bool:
        """Whether the request must come from our own pages."""
        return self.method not in SAFE and not self.open

    @property
    def creates(self) -> bool:
        """Whether it is an API that creates something, and so takes an Idempotency-Key."""
        return self.method == "POST" and self.api is not None and HTTPStatus.CREATED in self.api.answers

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters in the path."""
        return tuple(_SEGMENT.findall(self.path))

    @property
    def personal(self) -> bool:
        """Whether the answer may be about somebody: it is then never stored by anyone."""
        return bool(self.cookies) or "token" in self.parameters


class Table:
    """All routes of a store, checked once and matched fast."""

    def __init__(self, routes: Sequence[Route], lock: Lock) -> None:
        """Check every route; raises `BadTable` with the route's name."""
        self.routes = tuple(routes)
        self._static: dict[str, dict[str, Route]] = {}
        self._shaped: dict[int, list[tuple[tuple[str | None, ...], dict[str, Route]]]] = {}
        for route in self.routes:
            _check(route, lock)
            self._add(route)
        _check_names(self.routes)
        self.limits = _all_limits(self.routes)

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Find the route of a decoded path; HEAD is answered as GET. Raises `NoSuchPage` or `MethodNotAllowed`."""
        fixed = self._static.get(path)
        by_method, values = (fixed, ()) if fixed is not None else self._match_shape(path)
        route = by_method.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = [*by_method, "HEAD"] if "GET" in by_method else [*by_method]
            raise MethodNotAllowed(sorted(allowed))
        return route, dict(zip(route.parameters, values, strict=True)) if values else {}

    def __iter__(self) -> Iterator[Route]:
        """Walk the routes in the order they were declared."""
        return iter(self.routes)

    def _match_shape(self, path: str) -> tuple[dict[str, Route], tuple[str, ...]]:
        segments = path.split("/")
        for shape, by_method in self._shaped.get(len(segments), ()):
            if all(want is None or want == found for want, found in zip(shape, segments, strict=True)):
                values = tuple(found for want, found in zip(shape, segments, strict=True) if want is None)
                if all(values):
                    return by_method, values
        raise NoSuchPage

    def _add(self, route: Route) -> None:
        if not route.parameters:
            by_method = self._static.setdefault(route.path, {})
        else:
            shape = tuple(None if _SEGMENT.fullmatch(one) else one for one in route.path.split("/"))
            same_length = self._shaped.setdefault(len(shape), [])
            found = next((methods for known, methods in same_length if known == shape), None)
            by_method = {} if found is None else found
            if found is None:
                same_length.append((shape, by_method))
                # Fixed segments win over parameters: /orders/new before /orders/{token}.
                same_length.sort(key=lambda entry: [one is None for one in entry[0]])
        if route.method in by_method:
            raise BadTable(f"{route.name}: {route.method} {route.path} is declared twice")
        by_method[route.method] = route


def _check(route: Route, lock: Lock) -> None:
    """Hold one route to the rules of the house."""
    for wrong, why in (
        (route.method not in _METHODS, f"{route.method} is not a method we serve"),
        (not _well_formed(route.path), f"{route.path} is not a path"),
        (not _NAME.fullmatch(route.name), "a name is lower-case words joined by -"),
        (route.open and bool(route.cookies), "it skips the CSRF rule, so it must read no cookie"),
        (route.open and route.form is not None, "an API takes JSON, not a form"),
        (route.one_click and route.method != "POST", "one click is posted"),
        (route.csrf and route.form is None, "what changes something is a declared form, or stands under /api/"),
        (route.method in SAFE and route.form is not None, "a form is posted"),
        (route.method in SAFE and route.api is not None and route.api.request is not None, "a GET takes no body"),
        (route.cache and route.method != "GET", "only a GET can be cached"),
        (route.cache and route.personal, "it may be about somebody, so it is never cached"),
    ):
        if wrong:
            raise BadTable(f"{route.name}: {why}")
    for cookie in route.cookies:
        if lock.cookie(cookie) is None:
            raise BadTable(f"{route.name}: no policy declares the cookie {cookie}")
    if route.form is not None and lock.form(route.form) is None:
        raise BadTable(f"{route.name}: no policy declares the form {route.form}")


def _well_formed(path: str) -> bool:
    if not path.startswith("/") or "//" in path or (path != "/" and path.endswith("/")):
        return False
    segments = path[1:].split("/")
    return all(_SEGMENT.fullmatch(one) or not set(one) & set("{}?#%") for one in segments)


def _check_names(routes: Sequence[Route]) -> None:
    seen: set[str] = set()
    for route in routes:
        if route.name in seen:
            raise BadTable(f"{route.name}: two routes have this name")
        seen.add(route.name)


def _all_limits(routes: Sequence[Route]) -> tuple[Limit, ...]:
    """Return every limit once; one name with two meanings is refused."""
    found: dict[str, Limit] = {}
    for route in routes:
        for limit in route.limits:
            if found.setdefault(limit.name, limit) != limit:
                raise BadTable(f"{route.name}: the limit {limit.name} has two meanings")
    return tuple(found.values())
