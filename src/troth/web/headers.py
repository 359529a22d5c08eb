"""The headers every answer carries, and small readers of request headers.

Content Security Policy Level 3, Referrer Policy, Fetch (CORP), HTML (COOP), Permissions Policy, RFC 6797
(HSTS).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

Raw = tuple[bytes, bytes]
"""One header, name in lower case, as ASGI has it."""

CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final[tuple[Raw, ...]] = (
    (b"content-security-policy", CSP.encode()),
    # With no-referrer some browsers send `Origin: null`, and the CSRF rule could not tell our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (
        b"permissions-policy",
        b"browsing-topics=(), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_HSTS: Final[Raw] = (b"strict-transport-security", b"max-age=31536000")
NO_STORE: Final[Raw] = (b"cache-control", b"no-store")
REVALIDATE: Final[Raw] = (b"cache-control", b"no-cache")
FOREVER: Final[Raw] = (b"cache-control", b"public, max-age=31536000, immutable")
CLOSE: Final[Raw] = (b"connection", b"close")


def security(*, https: bool) -> tuple[Raw, ...]:
    """Return the headers that every answer carries."""
    return (*_ALWAYS, _HSTS) if https else _ALWAYS


def values(headers: Iterable[Raw], name: bytes) -> list[bytes]:
    """Return every value of a header, in order."""
    return [value for key, value in headers if key == name]


def quality(header: str, *names: str) -> float:
    """Return the weight (0–1) a list header gives to the first of `names` it mentions (RFC 9110 §12.4.2); 0 if none.

    `names` go from the particular to the general, like `text/html`, `text/*`, `*/*`.
    """
    weights: dict[str, float] = {}
    for item in header.lower().split(","):
        name, _, rest = item.partition(";")
        weights.setdefault(name.strip(), _weight(rest))
    return next((weights[name] for name in names if name in weights), 0.0)


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
