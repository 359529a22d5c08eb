"""Pages kept ready to send: the ASGI messages of an answer, compressed once per encoding.

The page cache holds only what everybody of one audience may see. It is asked by (path, listed parameters,
audience, policy revision) and refuses any answer that set a cookie, came from a writing unit of work (the
only kind that can open a sealed value), has a token in its path, belongs to a route that reads a cookie, or
was not a plain 200. Encodings: RFC 7932 (br), RFC 1952 (gzip); validators: RFC 9110 §8.8.3 and §13.1.2.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import brotli

from troth.web.audience import Audience
from troth.web.headers import Raw, quality

Message = dict[str, Any]
_COMPRESSED: Final = ("text/", "application/json", "application/problem+json", "image/svg+xml")
_SMALL: Final = 512
_POLL: Final = 1.0
_LONGEST: Final = 128
# For a page of 16 kB, quality 2 takes 0.07 ms and is a seventh larger than quality 5, which takes 0.33 ms.
_PAGE_BROTLI: Final = 2
# What a page costs beside its bodies: the tuples, dicts and header lists of its messages.
_OVERHEAD: Final = 4096


class Key(NamedTuple):
    """What a page depends on; the decoded path determines the route and its parameters."""

    path: str
    query: tuple[tuple[str, str], ...]
    audience: Audience
    revision: int


class Stored:
    """One answer, ready in every encoding asked for so far."""

    __slots__ = ("_encodings", "_kind", "_level", "_validator", "body", "expires", "headers", "name")

    def __init__(self, name: str, body: bytes, headers: tuple[Raw, ...], *, level: int = _PAGE_BROTLI) -> None:
        """Keep a 200 of route `name`; `headers` lack length, encoding and validator; `level` is brotli's."""
        self.name, self.body, self.headers = name, body, headers
        self.expires = float("inf")
        self._level = level
        self._kind = next((value for key, value in headers if key == b"content-type"), b"").decode("latin-1")
        self._validator = hashlib.blake2b(body, digest_size=12).hexdigest()
        self._encodings: dict[str, tuple[bytes, Message, Message, Message]] = {}

    @property
    def size(self) -> int:
        """Bytes in memory, about: the body as it is, and at most as much again compressed."""
        return 2 * len(self.body) + _OVERHEAD

    def messages(self, accepted: bytes | None, known: bytes | None) -> tuple[Message, Message]:
        """Return start and body for an Accept-Encoding; a 304 if If-None-Match names what we would send."""
        encoding = choose_encoding(accepted[:_LONGEST]) if accepted else "identity"
        ready = self._encodings.get(encoding)
        if ready is None:
            ready = self._encodings[encoding] = self._prepare(encoding)
        validator, start, body, unchanged = ready
        if known is not None and (known == validator or validator in _listed(known)):
            return unchanged, _EMPTY
        return start, body

    def _prepare(self, encoding: str) -> tuple[bytes, Message, Message, Message]:
        squeezes = self._kind.startswith(_COMPRESSED) and len(self.body) >= _SMALL
        encoding = encoding if squeezes else "identity"
        body = self._encode(encoding)
        validator = f'"{self._validator}-{encoding}"'.encode()
        same: list[Raw] = [*self.headers, (b"etag", validator)]
        told = [] if encoding == "identity" else [(b"content-encoding", encoding.encode())]
        length = [(b"content-length", str(len(body)).encode())]
        return (
            validator,
            {"type": "http.response.start", "status": 200, "headers": same + told + length},
            {"type": "http.response.body", "body": body},
            {"type": "http.response.start", "status": 304, "headers": same},
        )

    def _encode(self, encoding: str) -> bytes:
        if encoding == "br":
            return bytes(brotli.compress(self.body, quality=self._level))
        if encoding == "gzip":
            return gzip.compress(self.body, compresslevel=6, mtime=0)
        return self.body


_EMPTY: Final[Message] = {"type": "http.response.body", "body": b""}


class PageCache:
    """A bounded, least-recently-used store of anonymous pages, emptied when the store's content changes."""

    def __init__(self, most_bytes: int, now: Callable[[], float] = time.monotonic) -> None:
        """Hold at most `most_bytes`; stale until `renew` has been called."""
        self._most = most_bytes
        self._now = now
        self._pages: OrderedDict[Key, Stored] = OrderedDict()
        self._bytes = 0
        self.generation: Hashable = None
        self._fresh_until = 0.0

    def find(self, key: Key) -> Stored | None:
        """Return a page that is certainly not older than a second behind the store; None otherwise."""
        page = self._pages.get(key)
        if page is None:
            return None
        now = self._now()
        if now >= self._fresh_until:
            return None
        if now >= page.expires:
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return page

    @property
    def stale(self) -> bool:
        """Whether a second has passed since the generation was asked for."""
        return self._now() >= self._fresh_until

    async def renew(self, ask: Callable[[], Awaitable[Hashable]]) -> None:
        """Ask for the generation; another one than before empties the cache."""
        asked_at = self._now()
        generation = await ask()
        if generation != self.generation:
            self.clear()
            self.generation = generation
        self._fresh_until = max(self._fresh_until, asked_at + _POLL)

    def expire(self) -> None:
        """Ask for the generation before the next page is served: this worker has just written something."""
        self._fresh_until = 0.0

    def clear(self) -> None:
        """Forget every page."""
        self._pages.clear()
        self._bytes = 0

    def keep(self, key: Key, page: Stored, seconds: int, generation: Hashable) -> None:
        """Keep a page for at most `seconds`, making room for it.

        Not kept: a page begun under another generation than the present one, or larger than an eighth of
        the room.
        """
        if generation != self.generation or page.size > self._most // 8:
            return
        if key in self._pages:
            self._drop(key)
        page.expires = self._now() + seconds
        self._pages[key] = page
        self._bytes += page.size
        while self._bytes > self._most:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: Key) -> None:
        self._bytes -= self._pages.pop(key).size


@lru_cache(maxsize=256)
def choose_encoding(accepted: bytes) -> str:
    """Return br, gzip or identity, the shortest the client takes (RFC 9110 §12.5.3)."""
    text = accepted.decode("latin-1")
    return next((name for name in ("br", "gzip") if quality(text, name) > 0), "identity")


def listed(query: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return query parameters in one order, as part of a key."""
    return tuple(sorted(query.items()))


def _listed(known: bytes) -> list[bytes]:
    return [one.strip().removeprefix(b"W/") for one in known.split(b",")]
