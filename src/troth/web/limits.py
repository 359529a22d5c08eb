"""How often something may be asked, counted across all workers without knowing who asks.

GCRA (the virtual scheduling algorithm of ITU-T I.371): a `Limit` of 30 per 60 s lets 30 through at once and
then one every 2 s, so in any window of w seconds at most 30 + w/2. The area is anonymous shared memory made
by the serving parent, and dies with it. A key (a network, an address) is never stored: it picks two slots
by BLAKE2b (RFC 7693) under a key made at start, and each slot holds one instant. The lower of the two
counts, so that a collision rarely slows anybody down.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from troth.kernel.errors import ConfigError

_SLOTS = 1 << 18
_KEY_BYTES = 32
_SIZE = _KEY_BYTES + 8 * _SLOTS
_SECOND = 1_000_000_000

By = Literal["network", "address", "token"]


@dataclass(frozen=True)
class Limit:
    """`count` in `per` seconds; by network the router asks, by anything else the handler does (`call.limit`)."""

    name: str
    count: int
    per: int = 60
    by: By = "network"


@dataclass(frozen=True)
class Decision:
    """Whether one more is let through, how many are left at once, and whole seconds until one more / until all are."""

    allowed: bool
    remaining: int
    retry_after: int
    reset: int


class Limiter:
    """The shared area; one per store, opened by every worker."""

    def __init__(self, descriptor: int, now: Callable[[], int] = time.monotonic_ns) -> None:
        """Map the area behind an open descriptor; `now` gives nanoseconds of a clock all processes share."""
        self.descriptor = descriptor
        self._now = now
        self._area = mmap.mmap(descriptor, _SIZE)
        self._secret = bytes(self._area[:_KEY_BYTES])
        self._slots = memoryview(self._area)[_KEY_BYTES:].cast("Q")

    @classmethod
    def create(cls, now: Callable[[], int] = time.monotonic_ns) -> Limiter:
        """Make a new area with a key of its own; the descriptor may be inherited by workers."""
        descriptor = _anonymous_file()
        os.ftruncate(descriptor, _SIZE)
        os.pwrite(descriptor, os.urandom(_KEY_BYTES), 0)
        return cls(descriptor, now)

    def take(self, limit: Limit, key: str) -> Decision:
        """Count one more under `key`, unless that is too many. Called from one thread of each process."""
        span = limit.per * _SECOND
        step = span // limit.count
        first, second = self._places(limit.name, key)
        slots = self._slots
        with self._alone():
            # Read inside the lock: what another process marked just before is then never ahead of this limit's reach.
            now = self._now()
            # A mark beyond this limit's own reach was made by a slower one that shares the slot: it says nothing here.
            marks = [mark for mark in (slots[first], slots[second]) if mark <= now + span]
            due = max(min(marks, default=now), now)
            after = due + step
            allowed = after - now <= span
            if allowed:
                slots[first] = max(slots[first], after)
                slots[second] = max(slots[second], after)
        if not allowed:
            return Decision(allowed, 0, _seconds(after - now - span), _seconds(due - now))
        return Decision(allowed, (span - (after - now)) // step, 0, _seconds(after - now))

    def close(self) -> None:
        """Give the area back."""
        self._slots.release()
        self._area.close()
        os.close(self.descriptor)

    def _places(self, name: str, key: str) -> tuple[int, int]:
        # The length in front keeps ("a", "bc") and ("ab", "c") apart.
        text = f"{len(name)}:{name}{key}".encode(errors="surrogatepass")
        digest = hashlib.blake2b(text, key=self._secret, digest_size=16).digest()
        return int.from_bytes(digest[:8], "little") % _SLOTS, int.from_bytes(digest[8:], "little") % _SLOTS

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes out for some microseconds; the kernel lets go if we die."""
        fcntl.lockf(self.descriptor, fcntl.LOCK_EX, 1)
        try:
            yield
        finally:
            fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1)


def adjusted(limits: Sequence[Limit], settings: Mapping[str, int]) -> dict[str, Limit]:
    """Return the limits by name with the counts that `[limits]` sets; raises `ConfigError` for a name nobody uses."""
    known = {limit.name: limit for limit in limits}
    for name in settings:
        if name not in known:
            raise ConfigError(f"limits.{name} is unknown; known here: {', '.join(sorted(known)) or 'none'}")
    return {name: replace(limit, count=settings.get(name, limit.count)) for name, limit in known.items()}


def describe(limit: Limit, decision: Decision) -> tuple[tuple[bytes, bytes], ...]:
    """Return the RateLimit headers (draft-ietf-httpapi-ratelimit-headers-10) for a decision."""
    wait = decision.reset if decision.allowed else decision.retry_after
    return (
        (b"ratelimit-policy", f'"{limit.name}";q={limit.count};w={limit.per}'.encode()),
        (b"ratelimit", f'"{limit.name}";r={decision.remaining};t={wait}'.encode()),
    )


def _seconds(nanoseconds: int) -> int:
    return max(-(-nanoseconds // _SECOND), 0)


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("troth-limits")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
