"""Idempotency keys as Stripe keeps them (docs.stripe.com/api/idempotent_requests).

The first answer of a request that began to execute is kept for a day, refusals and declined cards included, and
replayed to whoever sends the same key with the same parameters. A request whose parameters are malformed keeps none.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from paybox.refusals import IDEMPOTENCY, Refusal

DAY = 86_400
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of one key; `status` is None while its first request is still being served."""

    path: str
    fingerprint: str
    created: int
    status: int | None = None
    body: str = ""
    request: str = ""


def fingerprint(fields: Iterable[tuple[str, str]]) -> str:
    """Return a digest of the parameters that does not depend on their order."""
    digest = hashlib.sha256()
    for name, value in sorted(fields):
        for part in (name.encode(), value.encode()):
            digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


class Replays:
    """The keys seen, at most `limit` of them; the oldest finished ones go first."""

    def __init__(self, *, limit: int = 20_000) -> None:
        """Start with none."""
        self.revision = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._limit = limit

    def claim(self, key: str, asked: Kept) -> Kept | None:
        """Take the key for a new request (None), or return what to replay; raises `Refusal` (400, 409)."""
        if not key or len(key) > LONGEST:
            raise Refusal(f"Idempotency keys have 1 to {LONGEST} characters.", kind=IDEMPOTENCY)
        with self._lock:
            self._prune(asked.created)
            found = self._kept.get(key)
            if found is None:
                self._kept[key] = asked
                return None
        if found.path != asked.path:
            raise Refusal(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{asked.path}' vs '{found.path}'). Try using a key other than '{key}' if you meant to execute "
                "a different request.",
                kind=IDEMPOTENCY,
            )
        if found.fingerprint != asked.fingerprint:
            raise Refusal(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind=IDEMPOTENCY,
            )
        if found.status is None:
            raise Refusal(
                "There is currently another in-progress request using this Idempotent Key (that probably means "
                f"you submitted twice, and the other request is still going through): {key}. Please try again "
                "later.",
                status=409,
                code="idempotency_key_in_use",
                kind=IDEMPOTENCY,
            )
        return found

    def keep(self, key: str, status: int, body: str, request: str) -> None:
        """Remember the answer under a claimed key."""
        with self._lock:
            claimed = self._kept.get(key)
            if claimed is not None:
                self._kept[key] = replace(claimed, status=status, body=body, request=request)
                self.revision += 1

    def release(self, key: str) -> None:
        """Give a claimed key back unused."""
        with self._lock:
            self._kept.pop(key, None)

    def finished(self) -> dict[str, Kept]:
        """Return the keys whose answer is kept, oldest first."""
        with self._lock:
            return {key: kept for key, kept in self._kept.items() if kept.status is not None}

    def restore(self, kept: dict[str, Kept]) -> None:
        """Take over what was finished earlier."""
        with self._lock:
            self._kept = OrderedDict(kept)

    def _prune(self, now: int) -> None:
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            room = len(self._kept) < self._limit and now < kept.created + DAY
            if room or kept.status is None:
                return
            del self._kept[key]
