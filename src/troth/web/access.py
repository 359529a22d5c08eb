"""The access log: method, route name, status and time taken; never a path, a query, an address or a browser.

Entries are gathered and written together once a second, so that a cached page costs no system call more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

_SECONDS: Final = 1.0
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AccessLog:
    """Gathers one entry per answer and hands JSON lines to `sink`."""

    def __init__(self) -> None:
        """Begin with nothing gathered and nowhere to write; the worker sets `sink`."""
        self.sink: Callable[[bytes], None] | None = None
        self._entries: list[tuple[str, str, int, float]] = []

    def note(self, method: str, route: str, status: int, started: float) -> None:
        """Add an answer that began at `started` (`perf_counter`)."""
        if self.sink is None:
            return
        entries = self._entries
        if not entries:
            asyncio.get_running_loop().call_later(_SECONDS, self.flush)
        entries.append((method, route, status, perf_counter() - started))

    def flush(self) -> None:
        """Write what was gathered."""
        entries, self._entries = self._entries, []
        if entries and self.sink is not None:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            self.sink("".join(_line(at, *entry) for entry in entries).encode())


def _line(at: str, method: str, route: str, status: int, seconds: float) -> str:
    # Route names are ours; a method may be anything a client made up.
    shown = method if method in _METHODS else "other"
    return (
        f'{{"at":"{at}","from":"troth.access","method":"{shown}","route":"{route}","status":{status},'
        f'"ms":{seconds * 1000:.2f}}}\n'
    )
