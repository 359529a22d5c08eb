"""Where the key is kept and what it allows: licensed, in grace, or trial.

One file per program under XDG_CONFIG_HOME/fernside, readable by its owner only. A key that the store confirmed stays
good whatever happens to the store, the network or the clock, and the program does not call home again.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from troth.demo.programs.common.program import Program
from troth_licence import Answer, Key, LicenceClient, LicenceError, parse

GRACE_DAYS: Final = 30
QUICK_SECONDS: Final = 3.0

_DAY: Final = 86_400


class Standing(Enum):
    """What the program may do now."""

    LICENSED = "licensed"
    GRACE = "grace"
    TRIAL = "trial"


@dataclass(frozen=True)
class Record:
    """What is kept: the key, the store's last word (`state`: confirmed, unconfirmed or rejected), and when."""

    key: str
    state: str
    detail: str
    entered: int
    asked: int

    def standing(self, now: float) -> Standing:
        """Return what this record allows at `now` (seconds since 1970)."""
        if self.state == "confirmed":
            return Standing.LICENSED
        if self.state == "unconfirmed" and 0 <= now - self.entered < GRACE_DAYS * _DAY:
            return Standing.GRACE
        return Standing.TRIAL

    def days_left(self, now: float) -> int:
        """Return the whole days of grace that are left, at least one while there is grace."""
        return max(1, GRACE_DAYS - int(now - self.entered) // _DAY)


class Keeper:
    """Keeps the record of one program on this computer."""

    def __init__(self, program: Program) -> None:
        """Look in XDG_CONFIG_HOME, or ~/.config where it is not set."""
        home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        self._program = program
        self.path = Path(home) / "fernside" / f"{program.slug}.json"

    def find(self) -> Record | None:
        """Return the record, or None when there is none that can be read."""
        try:
            record = Record(**json.loads(self.path.read_text(encoding="utf-8")))
            parse(record.key)
        except (OSError, ValueError, TypeError):
            return None
        return record

    def place(self, record: Record) -> None:
        """Keep a record in place of the last one; whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(record), file)
        Path(name).replace(self.path)

    def erase(self) -> bool:
        """Forget the key; whether there was one."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    def ask(self, key: Key, *, seconds: float = 10.0) -> Answer:
        """Ask the store about a key; raises `LicenceError`."""
        client = LicenceClient(self._program.base_url, self._program.keys, timeout=seconds)
        return client.validate(key, product=self._program.slug)

    def refresh(self) -> Standing:
        """Return what the program may do; asks the store, once a day, only about a key it has not confirmed yet."""
        record = self.find()
        if record is None:
            return Standing.TRIAL
        now = int(time.time())
        if record.state == "unconfirmed" and not 0 <= now - record.asked < _DAY:
            record = self._asked_again(record, now)
        return record.standing(now)

    def _asked_again(self, record: Record, now: int) -> Record:
        try:
            answer = self.ask(parse(record.key), seconds=QUICK_SECONDS)
        except LicenceError:
            newer = Record(record.key, record.state, record.detail, record.entered, now)
        else:
            state = "confirmed" if answer.valid else "rejected"
            newer = Record(record.key, state, answer.detail, record.entered, now)
        with contextlib.suppress(OSError):  # a read-only home must not stop the program
            self.place(newer)
        return newer
