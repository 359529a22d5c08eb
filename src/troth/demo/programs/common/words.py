"""How the programs speak: sizes, durations, counts and progress, the same everywhere."""

from __future__ import annotations

import sys
import time
from typing import Final

_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
_STEP: Final = 1000.0
_INSTANT: Final = 0.1
_MINUTE: Final = 60
_HOUR: Final = 3600


class Problem(Exception):
    """Something a person can do something about; the text says what happened and what to do. Exit code 1."""


def size(octets: int) -> str:
    """Return a size as people read it: 812 bytes, 1.8 GB."""
    if octets < _STEP:
        return count(octets, "byte")
    amount = octets / _STEP
    units = list(_UNITS)
    while round(amount, 1) >= _STEP and len(units) > 1:
        amount /= _STEP
        units.pop(0)
    return f"{amount:,.1f} {units[0]}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 file, 2,104 files."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration as people say it: 0.4 s, 38 s, 5 min, 2 h 10 min."""
    if seconds < _INSTANT:
        return "less than 0.1 s"
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    if seconds < _HOUR:
        return f"{minutes} min"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def shown(name: object) -> str:
    """Make a file's name safe to print, whatever its bytes."""
    return str(name).encode("utf-8", "backslashreplace").decode().translate(dict.fromkeys(range(32), "?"))


class Progress:
    """One line on a terminal that shows how far a long piece of work is and how long it will take.

    Writes to standard error, at most five times a second, and nothing at all when that is no terminal.
    """

    def __init__(self, verb: str, total: int) -> None:
        """Begin: `verb` as in "copied", `total` in bytes."""
        self._verb = verb
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        self._shown = self._began
        self._speaks = sys.stderr.isatty()

    def add(self, octets: int) -> None:
        """Count work done, and show it when it is time."""
        self._done += octets
        now = time.monotonic()
        if self._speaks and now - self._shown >= 0.2:  # noqa: PLR2004 - five times a second
            self._shown = now
            sys.stderr.write(f"\r\033[K{self.line(now - self._began)}")
            sys.stderr.flush()

    def line(self, elapsed: float) -> str:
        """Return what is shown after `elapsed` seconds."""
        left = (self._total - self._done) * elapsed / self._done if self._done else 0.0
        return f"{self._verb} {size(self._done)} of {size(self._total)}, about {duration(left)} left"

    def close(self) -> None:
        """Take the line away."""
        if self._speaks:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
