"""Cookies pass here or not at all.

They are read only if the route declares them, and set only if the policy does and the visitor agreed.

RFC 6265bis; the `__Host-` prefix under https keeps another host from setting ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from troth.policy.language import CookieCategory
from troth.policy.lock import Lock
from troth.web.errors import CookieRefused
from troth.web.headers import Raw, values

SESSION = "troth_session"
_PREFIX = "__Host-"
_VALUE = re.compile(r"[A-Za-z0-9_.~-]{1,512}")
_MOST_BYTES = 8192


@dataclass(frozen=True)
class Gate:
    """The cookie gate of one store."""

    lock: Lock
    https: bool

    def full_name(self, name: str) -> str:
        """Return the name a browser sees."""
        return _PREFIX + name if self.https else name

    def read(self, headers: Iterable[Raw], wanted: Collection[str]) -> dict[str, str]:
        """Return the wanted cookies by declared name; one that comes twice or holds odd characters is as if absent."""
        header = b"; ".join(values(headers, b"cookie"))
        if not wanted or not header or len(header) > _MOST_BYTES:
            return {}
        names = {self.full_name(name): name for name in wanted}
        found: dict[str, str] = {}
        twice: set[str] = set()
        for pair in header.decode("latin-1").split(";"):
            full, _, value = pair.strip().partition("=")
            name = names.get(full)
            if name is None:
                continue
            if name in found:
                twice.add(name)
            if _VALUE.fullmatch(value):
                found[name] = value
        return {name: value for name, value in found.items() if name not in twice}

    def write(self, name: str, value: str, max_age: int) -> Raw:
        """Make the Set-Cookie header: HttpOnly, SameSite=Lax, this host only; `max_age` 0 takes the cookie back."""
        if value and not _VALUE.fullmatch(value):
            raise CookieRefused(f"{name}: a cookie's value is letters, digits and _.~-")
        secure = "; Secure" if self.https else ""
        text = f"{self.full_name(name)}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{secure}"
        return b"set-cookie", text.encode("ascii")

    def refused(self, headers: Iterable[Raw], agreed: Collection[CookieCategory]) -> list[Raw]:
        """Return the Set-Cookie headers among `headers` that may not leave."""
        return [raw for raw in headers if raw[0].lower() == b"set-cookie" and not self._may_leave(raw[1], agreed)]

    def _may_leave(self, value: bytes, agreed: Collection[CookieCategory]) -> bool:
        pair, *attributes = value.decode("latin-1").split(";")
        full = pair.partition("=")[0].strip()
        name = full.removeprefix(_PREFIX)
        cookie = self.lock.cookie(name)
        if cookie is None or full != self.full_name(name):
            return False
        told = dict(_attribute(one) for one in attributes)
        age = told.get("max-age", "")
        if age == "0":
            return True
        fits = age.isdecimal() and int(age) <= cookie.max_age and "domain" not in told and told.get("path") == "/"
        return cookie.category in agreed and fits and ("secure" in told or not self.https)


def _attribute(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip().lower(), value.strip()
