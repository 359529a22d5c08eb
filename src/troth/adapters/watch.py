"""Waits for work: on SQLite until another process has committed, on PostgreSQL for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

POLL_SECONDS: Final = 0.05
POLL_SERVER_SECONDS: Final = 0.25
LOOK_AGAIN_SECONDS: Final = 1.0


class Watch:
    """Looks at one database; holds one connection of its own on SQLite."""

    def __init__(self, engine: Engine) -> None:
        """Remember how the database stands now."""
        self._connection: Connection | None = None
        if engine.dialect.name == "sqlite":
            self._connection = engine.connect().execution_options(troth_writing=False)
        self._seen = self._version()

    def wait(self, until: Callable[[], bool]) -> None:
        """Return when the database changed, a second has passed, or `until` says so."""
        end = time.monotonic() + LOOK_AGAIN_SECONDS
        while not until() and time.monotonic() < end:
            if self._connection is None:
                time.sleep(POLL_SERVER_SECONDS)
                return
            time.sleep(POLL_SECONDS)
            version = self._version()
            if version != self._seen:
                self._seen = version
                return

    def _version(self) -> int:
        """Return SQLite's data_version: it changes when another connection commits, and costs one look at the file."""
        if self._connection is None:
            return 0
        version = int(self._connection.execute(text("PRAGMA data_version")).scalar_one())
        self._connection.rollback()
        return version
