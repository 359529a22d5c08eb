"""The log: JSON lines in `logs/DAY.jsonl` and on standard error, kept thirty days, that name nobody.

Only known extra keys are written. Whatever still looks like an e-mail address, a network address, a licence
key or a token is replaced and counted: a second line of defence behind code that does not log such things.
Of an exception only its type and the place in the code are written, never its message.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from typing_extensions import override

from troth.kernel.codec import to_json
from troth.web.problems import place

KEPT_DAYS: Final = 30
EXTRA: Final = frozenset(
    {"attempt", "event", "failure", "kind", "method", "ms", "place", "reference", "route", "status", "worker"}
)
_MARKS: Final = (
    (re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+"), "[address]"),
    (
        re.compile(
            r"\b\d{1,3}(?:\.\d{1,3}){3}\b|[0-9a-fA-F:]*::[0-9a-fA-F:]*|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){7}\b"
        ),
        "[network]",
    ),
    (re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}\b", re.IGNORECASE), "[key]"),
    (re.compile(r"\b(?:[sr]k|whsec)_\w+"), "[secret]"),
    (re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z0-9])[\w-]{22}(?![\w-])"), "[token]"),
)


class Scrubber:
    """Replaces what must not be in a log and counts how often it had to."""

    def __init__(self) -> None:
        """Start at zero."""
        self.count = 0

    def __call__(self, text: str) -> str:
        """Return the text with anything that may name somebody replaced."""
        for pattern, mark in _MARKS:
            text, found = pattern.subn(mark, text)
            self.count += found
        return text


scrub: Final = Scrubber()


class Lines(logging.Formatter):
    """Formats a record as one line of JSON."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line; only known extra keys, scrubbed texts, and of an exception its type and place."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "text": scrub(_text(record)),
        }
        for key in EXTRA & record.__dict__.keys():
            value = record.__dict__[key]
            line[key] = value if isinstance(value, (int, float)) else scrub(str(value))
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"failure": type(error).__name__, "place": place(error)}
        return to_json(line).decode()


class DayFile(logging.Handler):
    """Appends whole lines to today's file; several processes may share it. Old days are removed when a day begins."""

    def __init__(self, folder: Path) -> None:
        """Write below `folder`, which is made if it is missing."""
        super().__init__()
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._day = -1
        self._descriptor = -1

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            self.write(self.format(record).encode() + b"\n")
        except OSError:
            # A full disk must not stop the store; standard error still has the line.
            return

    def write(self, lines: bytes) -> None:
        """Append finished lines in one system call, so that those of other processes do not mix in."""
        day = int(time.time()) // 86_400
        if day != self._day:
            self._open(day)
        os.write(self._descriptor, lines)

    @override
    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._day = -1
        super().close()

    def _open(self, day: int) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        today = datetime.fromtimestamp(day * 86_400, UTC).date()
        path = self._folder / f"{today.isoformat()}.jsonl"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._day = day
        oldest = (today - timedelta(days=KEPT_DAYS)).isoformat()
        for old in self._older_than(oldest):
            old.unlink(missing_ok=True)

    def _older_than(self, oldest: str) -> Iterator[Path]:
        yield from (path for path in self._folder.glob("????-??-??.jsonl") if path.stem < oldest)


def configure(folder: Path, *, level: int = logging.INFO) -> DayFile:
    """Send every log record of this process to `folder`, and warnings to standard error too; return the day's file."""
    file = DayFile(folder)
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(logging.WARNING)
    for handler in (file, shown):
        handler.setFormatter(Lines())
    root = logging.getLogger()
    for old in tuple(root.handlers):
        root.removeHandler(old)
    root.handlers[:] = [file, shown]
    root.setLevel(level)
    # A record that cannot be written would else be printed whole, with its values.
    logging.raiseExceptions = False
    for noisy in ("uvicorn", "uvicorn.error", "asyncio", "stripe", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return file


def _text(record: logging.LogRecord) -> str:
    """Return the message; one of another library may quote what it was given, so only its pattern is taken."""
    return record.getMessage() if record.name.partition(".")[0] == "troth" else str(record.msg)
