"""The place where back-ups lie: pieces named by their SHA-256, and one list of files per back-up.

    STORE/objects/ab/cdef…     at most 8 MiB of some file, as it is; equal pieces are kept once
    STORE/snapshots/TIME-HASH  what one back-up holds, as JSON named by its own hash; written last: whole or not there

Nothing is changed after it was written; a stopped back-up leaves only pieces that the next one uses.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from troth.demo.programs.common.words import Problem

PIECE: Final = 8 * 1024 * 1024
_FORMAT: Final = 1
_READ_ME: Final = """\
These are back-ups made by Fernside Backup. You can read them without it:

Each file in `snapshots` is one back-up, as JSON. Its `entries` name every file with its `pieces`.
A piece called abcdef... is the file `objects/ab/cdef...`: the bytes as they were, nothing packed.
Join the pieces of an entry in their order (`cat` does) and you have the file again.
The name of a piece is its SHA-256, so you can check it too.
"""


@dataclass(frozen=True)
class Entry:
    """One file, folder or link of a back-up; `path` is relative, with `/`; times in nanoseconds since 1970."""

    path: str
    kind: str  # file, folder or link
    mode: int = 0
    size: int = 0
    modified_ns: int = 0
    pieces: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True)
class Snapshot:
    """One back-up: where from, when (seconds since 1970), how long it took, what it copied and what it holds."""

    source: str
    began: float
    seconds: float
    changed: int
    copied: int
    entries: tuple[Entry, ...]
    name: str = ""

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(entry.size for entry in self.entries)


class Store:
    """A folder that holds back-ups."""

    def __init__(self, root: Path) -> None:
        """Name the folder; nothing is read or written yet."""
        self.root = root
        self._objects = root / "objects"
        self._snapshots = root / "snapshots"

    def prepare(self) -> None:
        """Make the folder ready; raises `Problem` when it holds something else."""
        mark = self.root / "fernside-backup.json"
        if not mark.exists():
            if self.root.exists() and any(self.root.iterdir()):
                raise Problem(f"{self.root} is not empty and holds no back-ups. Please choose another folder.")
            self._objects.mkdir(parents=True)
            self._snapshots.mkdir()
            write_whole(self.root / "READ ME.txt", _READ_ME.encode())
            write_whole(mark, json.dumps({"format": _FORMAT}).encode())
        self.check()

    def check(self) -> None:
        """Raise `Problem` unless this folder holds back-ups that this version can read."""
        try:
            found = json.loads((self.root / "fernside-backup.json").read_bytes())["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise Problem(f"There are no back-ups in {self.root}.") from None
        if found != _FORMAT:
            raise Problem(f"The back-ups in {self.root} were made by a newer version. Please update this program.")

    def has(self, piece: str) -> bool:
        """Whether a piece is here (not whether it is still good)."""
        return self._path(piece).exists()

    def add(self, content: bytes) -> tuple[str, bool]:
        """Keep a piece; return its name and whether it is new."""
        piece = hashlib.sha256(content).hexdigest()
        path = self._path(piece)
        if path.exists():
            return piece, False
        path.parent.mkdir(exist_ok=True)
        write_whole(path, content)
        return piece, True

    def get(self, piece: str) -> bytes:
        """Return a piece; raises `Problem` when it is gone or no longer what was written."""
        try:
            with self._path(piece).open("rb") as file:
                _forget_cached(file.fileno())
                content = file.read()
        except OSError as error:
            raise Problem(f"Piece {piece[:12]} cannot be read ({error.strerror}).") from None
        if hashlib.sha256(content).hexdigest() != piece:
            raise Problem(f"Piece {piece[:12]} is damaged.")
        return content

    def set_aside(self, piece: str) -> None:
        """Rename a bad piece, so that it no longer counts as being here."""
        with contextlib.suppress(FileNotFoundError):
            self._path(piece).replace(self._path(f"{piece}.bad"))

    def place(self, snapshot: Snapshot) -> str:
        """Write the list of a finished back-up; return its name, which sorts by time."""
        content = json.dumps(asdict(snapshot), sort_keys=True).encode("ascii")
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(snapshot.began))
        name = f"{stamp}{int(snapshot.began * 1e6) % 1_000_000:06}Z-{hashlib.sha256(content).hexdigest()[:16]}"
        write_whole(self._snapshots / f"{name}.json", content)
        return name

    def names(self) -> list[str]:
        """Return the names of all back-ups, oldest first."""
        return sorted(path.stem for path in self._snapshots.glob("*.json"))

    def load(self, name: str) -> Snapshot:
        """Read the list of a back-up; raises `Problem` when it is not there or damaged."""
        try:
            content = (self._snapshots / f"{name}.json").read_bytes()
        except OSError:
            raise Problem(f"There is no back-up called {name}. `list` shows those there are.") from None
        if hashlib.sha256(content).hexdigest()[:16] != name.rpartition("-")[2]:
            raise Problem(f"The list of back-up {name} is damaged. An older one may still be good.")
        raw = json.loads(content)
        entries = tuple(Entry(**{**entry, "pieces": tuple(entry["pieces"])}) for entry in raw.pop("entries"))
        return Snapshot(**{**raw, "entries": entries, "name": name})

    def each(self) -> Iterator[Snapshot]:
        """Read all back-ups, oldest first."""
        return (self.load(name) for name in self.names())

    def find_last(self, source: str | None = None) -> Snapshot | None:
        """Return the newest readable back-up (of a source folder), or None."""
        for name in reversed(self.names()):
            try:
                snapshot = self.load(name)
            except Problem:
                continue
            if source is None or snapshot.source == source:
                return snapshot
        return None

    def _path(self, piece: str) -> Path:
        return self._objects / piece[:2] / piece[2:]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that after a power cut it is there in full or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _forget_cached(handle: int) -> None:
    """Ask for the disk's own bytes rather than those that memory still holds."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
