"""Forms are accepted from our own pages only, told by what browsers say about a request's origin; no token, no cookie.

`Sec-Fetch-Site: same-origin` (W3C Fetch Metadata), or where that is absent an `Origin` (Fetch, RFC 6454)
equal to the host addressed; both absent, or `Origin: null`, is refused. Browsers set both headers
themselves; pages cannot change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from troth.web.errors import CrossSite
from troth.web.headers import Raw, values

_PORTS = {"http": 80, "https": 443}
_MOST = 300


def require_same_origin(headers: Sequence[Raw], scheme: str) -> None:
    """Raise `CrossSite` unless a page of the host addressed sends this; `scheme` is how we are reached."""
    told = values(headers, b"sec-fetch-site")
    if told:
        if told != [b"same-origin"]:
            raise CrossSite
        return
    origins, hosts = values(headers, b"origin"), values(headers, b"host")
    if len(origins) != 1 or len(hosts) != 1:
        raise CrossSite
    came_from = _place(origins[0])
    if came_from is None or came_from != _place(scheme.encode() + b"://" + hosts[0]):
        raise CrossSite


def _place(origin: bytes) -> tuple[str, str, int] | None:
    """Return scheme, host and port of a serialised origin; None for `null` and anything that is not one."""
    if len(origin) > _MOST:
        return None
    try:
        parts = urlsplit(origin.decode("ascii"))
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port
