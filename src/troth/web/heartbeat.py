"""Shows that the one job process works: a file it touches, whose age anybody may ask."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

BEAT: Final = 5.0
LATE: Final = 30.0


class Heartbeat:
    """The file `run/jobs` in a store's folder."""

    def __init__(self, folder: Path) -> None:
        """Take the store's folder; nothing is written before the first beat."""
        self._path = folder / "run" / "jobs"

    def beat(self) -> None:
        """Say that the job process lives; call it at least every `BEAT` seconds."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.touch()

    @property
    def late(self) -> bool:
        """Whether the job process has not been heard of for `LATE` seconds, or never."""
        try:
            return time.time() - self._path.stat().st_mtime > LATE
        except FileNotFoundError:
            return True
