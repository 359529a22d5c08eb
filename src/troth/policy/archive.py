"""The store's accepted policies, one file per revision, never changed and never removed.

`policy/revisions/NNNN-<first 12 digits of the hash>.json` holds the instant of acceptance and the whole lock. Sealed
records name the revision they were collected under, so old rows open as they were promised for as long as they exist.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from troth.kernel.codec import canonical_json, from_json
from troth.kernel.errors import Refused
from troth.policy.diff import diff
from troth.policy.difference import Difference
from troth.policy.errors import LockDamaged, NoSuchRevision
from troth.policy.lock import LOCK_FILE, Lock, parse_lock, stamped, write_lock, write_whole

REVISIONS = Path("policy", "revisions")
_SHOWN = 12


class _Stored(msgspec.Struct, frozen=True):
    accepted_at: datetime
    lock: msgspec.Raw


@dataclass(frozen=True)
class Accepted:
    """One accepted policy: since when, and what it changed against the one before (the first: against nothing)."""

    lock: Lock
    accepted_at: datetime
    difference: Difference

    @property
    def revision(self) -> int:
        """Its number, from 1."""
        return self.lock.revision

    @property
    def hash(self) -> str:
        """SHA-256 of its content."""
        return self.lock.hash


class Archive:
    """The revisions in one folder."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder; it is made when the first revision is added."""
        self._folder = folder

    def current(self) -> Lock | None:
        """Return the newest revision, or None if nothing was accepted yet; raises `LockDamaged`."""
        paths = self._paths()
        return self.get(max(paths)) if paths else None

    def get(self, revision: int) -> Lock:
        """Return the policy accepted under a number; raises `NoSuchRevision` or `LockDamaged`."""
        return self._read(revision)[1]

    def add(self, lock: Lock, *, now: datetime) -> Lock:
        """Return the lock under its revision: the newest one if nothing changed, else the next number.

        After a crash the new file is there whole or not at all; no existing file is ever written to.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder):
            newest = self.current()
            if newest is not None and newest.hash == lock.hash:
                return newest
            added = stamped(lock, revision=1 if newest is None else newest.revision + 1)
            stored = canonical_json(_Stored(now, msgspec.Raw(canonical_json(added))))
            path = self._folder / f"{added.revision:04d}-{added.hash[:_SHOWN]}.json"
            write_whole(path, msgspec.json.format(stored, indent=2) + b"\n")
            return added

    def history(self) -> list[Accepted]:
        """Return every revision from the first, each with what it changed; raises `LockDamaged`."""
        found: list[Accepted] = []
        before: Lock | None = None
        for revision in sorted(self._paths()):
            accepted_at, lock = self._read(revision)
            found.append(Accepted(lock, accepted_at, diff(before, lock)))
            before = lock
        return found

    def _paths(self) -> dict[int, Path]:
        found: dict[int, Path] = {}
        for path in sorted(self._folder.glob("[0-9]*-*.json")):
            number = int(path.name.partition("-")[0])
            if number in found:
                raise LockDamaged(f"{self._folder} holds two policies under the number {number}.")
            found[number] = path
        return found

    def _read(self, revision: int) -> tuple[datetime, Lock]:
        path = self._paths().get(revision)
        if path is None:
            raise NoSuchRevision(f"{self._folder}: {NoSuchRevision.__doc__}")
        try:
            stored = from_json(path.read_bytes(), _Stored)
        except Refused as error:
            raise LockDamaged(f"{path} cannot be read: {error.detail}.") from error
        lock = parse_lock(bytes(stored.lock), where=str(path))
        if path.name != f"{lock.revision:04d}-{lock.hash[:_SHOWN]}.json":
            raise LockDamaged(f"{path} does not hold the policy its name says.")
        return stored.accepted_at, lock


class Rules:
    """The policy in force together with every earlier one, as the vault asks for them (`troth.vault.Rules`)."""

    def __init__(self, lock: Lock, archive: Archive) -> None:
        """Take the accepted lock; earlier revisions are read when a row sealed under them is met."""
        self._archive = archive
        self._locks = {lock.revision: lock}
        self.revision, self.hash = lock.revision, lock.hash

    def may_open(self, revision: int, record: str, purpose: str, role: str) -> bool:
        """Whether a record sealed under a revision may be opened; raises `NoSuchRevision`."""
        return self._lock(revision).may_open(record, purpose, role)

    def schema_id(self, revision: int, record: str) -> bytes:
        """Return the eight bytes that name a record's fields in a revision; raises `NoSuchRevision`, `Undeclared`."""
        return self._lock(revision).record(record).schema_id

    def _lock(self, revision: int) -> Lock:
        found = self._locks.get(revision)
        if found is None:
            found = self._locks[revision] = self._archive.get(revision)
        return found


def accept_lock(folder: Path, compiled: Lock, *, now: datetime) -> Lock:
    """Accept a compiled policy for the store in `folder`: archive it, then write its lock file; return it numbered.

    The archive comes first: a crash between the two leaves a store that asks to be accepted again, and loses nothing.
    """
    lock = Archive(folder / REVISIONS).add(compiled, now=now)
    write_lock(folder / LOCK_FILE, lock)
    return lock


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time add to the folder (flock(2) on the folder itself)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
