"""One request and one answer, without sockets: what the server carries and what a test may call directly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent; header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def to(
        cls, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Request:
        """Make a request from an address, or from the path and query of one."""
        parts = urlsplit(url)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method.upper(), parts.path, parts.query, lowered, body)

    def text(self) -> str:
        """Return the body as text; what is not UTF-8 becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `dropped` means that the connection closes instead, without a word."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    dropped: bool = False

    @classmethod
    def of(cls, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        """Answer with JSON."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json", **(headers or {})})

    def json(self) -> object:
        """Return the body decoded."""
        return json.loads(self.body)
