"""Synchronous events: what a part tells those below it, in the same transaction.

Handlers are registered in app.py; a handler that raises undoes the whole unit of work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Events:
    """Who listens to which kind of event."""

    def __init__(self) -> None:
        """Start with no listener."""
        self._handlers: dict[type, list[Callable[[Any, Any], None]]] = {}

    def on(self, kind: type, handler: Callable[[Any, Any], None]) -> None:
        """Call `handler(uow, event)` for every event of this kind, in the order of registration."""
        self._handlers.setdefault(kind, []).append(handler)

    def publish(self, uow: object, event: object) -> None:
        """Call every handler of the event's kind, now, in the caller's transaction."""
        for handler in self._handlers.get(type(event), ()):
            handler(uow, event)
