"""The places at which a process can die: before and after each commit, and wherever it waits for somebody else.

A connection that was made by `dying(…)` is a real one; only its commit passes two such places.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from typing_extensions import override


class Crash(BaseException):
    """The process is gone: nothing after this line ran. No `except Exception` of the store can hold it up."""


@dataclass
class Points:
    """Counts the places that were passed, and lets the process die at one of those to come."""

    passed: list[str] = field(default_factory=list)
    target: int | None = None

    def arm(self, further: int) -> None:
        """Let the process die at the n-th place from here."""
        self.target = len(self.passed) + further

    def arrive(self, name: str) -> bool:
        """Pass a place; return whether the process dies here."""
        self.passed.append(name)
        if self.target is None or len(self.passed) < self.target:
            return False
        self.target = None
        return True


def dying(arrive: Callable[[str], None], name: str) -> type[sqlite3.Connection]:
    """Return a connection class whose commits call `arrive`, which may raise `Crash`, right before and right after."""

    class Dying(sqlite3.Connection):
        @override
        def commit(self) -> None:
            arrive(f"{name} before commit")
            super().commit()
            arrive(f"{name} after commit")

    return Dying
