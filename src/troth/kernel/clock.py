"""The only source of time; everything below receives instants from here."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """Return an aware instant in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands where it was set; for tests and for the twin's parent."""

    def __init__(self, start: datetime) -> None:
        """Start at an aware instant."""
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move the clock by `step`."""
        self._now += step


class OffsetClock:
    """The machine's clock plus an offset in whole seconds, read from an inherited file descriptor.

    `troth promises` alone opens that descriptor (a memory file) for its twin; no setting and no variable moves time.
    """

    def __init__(self, descriptor: int) -> None:
        """Keep the descriptor; its content is one signed decimal number."""
        self._descriptor = descriptor

    def now(self) -> datetime:
        """Return the present instant, moved by the offset that stands in the file now."""
        seconds = int(os.pread(self._descriptor, 32, 0).strip(b"\0 \n") or b"0")
        return datetime.now(UTC) + timedelta(seconds=seconds)
