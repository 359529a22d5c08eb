"""Carries one webhook to the shop: a plain POST, no proxy, no redirect followed, `*.localhost` is this machine."""

from __future__ import annotations

import http.client
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 10.0
NO_ANSWER = 0
AT_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Target:
    """Where webhooks go and what they are signed with."""

    url: str
    secret: str


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send it; return the HTTP status, or 0 when there was no answer."""
    parts = urlsplit(url)
    connection = _connection(parts)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"Host": parts.netloc, **headers})
        answer = connection.getresponse()
        answer.read(AT_MOST)
    except (OSError, http.client.HTTPException):
        return NO_ANSWER
    else:
        return answer.status
    finally:
        connection.close()


def is_loopback(host: str) -> bool:
    """Say whether a name or address is this machine by its very form (RFC 6761 for `localhost`)."""
    name = host.lower().rstrip(".").strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_target(url: str, *, anywhere: bool = False) -> str:
    """Return the address if webhooks may go there; raises `ValueError` saying why not."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        message = f"a webhook address is http://… or https://… without a password, not {url!r}"
        raise ValueError(message)
    if not anywhere and not is_loopback(parts.hostname):
        message = f"{parts.hostname} is not this machine; paybox sends elsewhere only when started with --expose"
        raise ValueError(message)
    return url


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if host.endswith(".localhost"):
        host = "localhost"
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host, parts.port, timeout=TIMEOUT)
