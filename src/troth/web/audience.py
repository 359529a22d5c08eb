"""For whom a page is made: language, tax country and consent class; visitors of one audience get the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from troth.policy.language import CookieCategory
from troth.web.headers import quality

Decide = Callable[[str, bool], frozenset[CookieCategory]]
"""`decide(Cookie header, Sec-GPC is 1) → categories agreed to`; supplied by consent, mandatory alone without it."""

MANDATORY = frozenset({CookieCategory.MANDATORY})
_MOST_KNOWN = 512
_LONGEST = 256


def mandatory_only(_header: str, _gpc: bool) -> frozenset[CookieCategory]:  # noqa: FBT001 - the shape of `Decide`
    """Decide as if nobody ever agreed to anything."""
    return MANDATORY


class Audience(NamedTuple):
    """What a page may depend on beside its address; `consent` lists the categories agreed to, in order."""

    language: str
    country: str
    consent: tuple[CookieCategory, ...]


class Audiences:
    """Tells the audience of a request, at the cost of one look-up for headers seen before."""

    def __init__(self, languages: Sequence[str], country: str, decide: Decide = mandatory_only) -> None:
        """Speak `languages`, the first by default; show the taxes of `country` until one is chosen."""
        self._languages = tuple(languages)
        self._country = country
        self._decide = decide
        self._known: dict[tuple[bytes, bytes, bytes], Audience] = {}

    def of(self, headers: Mapping[bytes, bytes]) -> Audience:
        """Return the audience of a request with these headers."""
        asked = (
            headers.get(b"accept-language", b"")[:_LONGEST],
            _consent_part(headers.get(b"cookie"))[:_LONGEST],
            headers.get(b"sec-gpc", b"")[:2],
        )
        known = self._known.get(asked)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[asked] = self._make(*asked)
        return known

    def _make(self, accepted: bytes, cookie: bytes, gpc: bytes) -> Audience:
        agreed = self._decide(cookie.decode("latin-1"), gpc == b"1")
        return Audience(
            choose_language(accepted.decode("latin-1"), self._languages), self._country, tuple(sorted(agreed))
        )


def choose_language(accepted: str, languages: Sequence[str]) -> str:
    """Return the language the visitor prefers (RFC 9110 §12.5.4, RFC 4647 basic filtering), or the first."""
    best, weight = languages[0], 0.0
    for language in languages:
        names = [part.partition(";")[0].strip() for part in accepted.lower().split(",")]
        mine = [name for name in names if name == language or name.startswith(language + "-")]
        found = max((quality(accepted, name) for name in mine), default=0.0)
        if found > weight:
            best, weight = language, found
    return best


def _consent_part(cookie: bytes | None) -> bytes:
    """Return the consent cookie's pair alone, so that no other cookie makes an audience of its own."""
    if cookie is None or b"troth_consent=" not in cookie:
        return b""
    return b"; ".join(one.strip() for one in cookie.split(b";") if b"troth_consent=" in one)
