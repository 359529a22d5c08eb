"""What can be wrong with a request, before any part of the store sees it.

    TrothError
    ├── NotFound ── NoSuchPage (404)
    ├── Refused
    │   ├── Malformed (400)
    │   ├── CrossSite (403)
    │   ├── MethodNotAllowed (405, names the allowed ones)
    │   ├── BodyTooSlow (408)
    │   ├── BodyTooLarge (413)
    │   ├── OtherMediaType (415)
    │   ├── OtherHost (421)
    │   └── TooMany (429, says when to come back)
    ├── Unavailable ── Crowded (503)
    └── BuildError ── BadTable, Undeclared, CookieRefused      (a mistake of ours: 500, or no start at all)

Status codes: RFC 9110 and RFC 6585; `problems.py` turns every error of the store into an answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth.kernel.errors import NotFound, Refused, TrothError, Unavailable


class NoSuchPage(NotFound):
    """There is no page at this address."""


class Malformed(Refused):
    """What was sent cannot be read."""


class CrossSite(Refused):
    """This form was sent from another website, or your browser did not say from where."""


class BodyTooSlow(Refused):
    """The request took too long to arrive."""


class BodyTooLarge(Refused):
    """What was sent is larger than this address accepts."""


class OtherMediaType(Refused):
    """What was sent is not in a format this address accepts."""


class OtherHost(Refused):
    """This server does not answer under that name."""


class MethodNotAllowed(Refused):
    """This address does not answer that kind of request."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """Keep the methods for the Allow header."""
        super().__init__()
        self.allowed = tuple(allowed)


class TooMany(Refused):
    """That was asked too often in a short time."""

    def __init__(self, retry_after: int, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """Keep the whole seconds to wait and the RateLimit headers."""
        super().__init__()
        self.retry_after = retry_after
        self.headers = tuple(headers)


class Crowded(Unavailable):
    """The store is busy right now. Nothing was lost; please try again in a few seconds."""


class BuildError(TrothError):
    """The store is put together wrongly and does not start."""


class BadTable(BuildError):
    """Two routes contradict each other or the policy."""


class Undeclared(BuildError):
    """Something is used that no policy declares."""


class CookieRefused(BuildError):
    """A response tried to set a cookie that is not declared or not agreed to."""
