"""`promises.json` in a store's folder: what the last proofs found, and what the maker says to a failure.

Counts and checksums only: never a cookie, a token, a key or anything a person typed. A sentence once proven keeps that
mark over later runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from troth import __version__
from troth.kernel.codec import canonical_json, from_json
from troth.kernel.errors import Conflict, Refused
from troth.policy.lock import Lock, write_whole
from troth.policy.promised import Evidence, Status

FILE: Final = "promises.json"
TWIN: Final = "twin"
FRESH: Final = timedelta(days=31)
"""How long a proof counts; an older one is stale."""
GRACE: Final = timedelta(hours=24)
"""How long a sentence that was proven stands as it stood, while its maker looks at a red proof."""


class EvidenceDamaged(Conflict):
    """The file promises.json cannot be read. Nothing else was touched; remove it and run `troth promises` again."""


class Proof(msgspec.Struct, frozen=True):
    """What one probe found; `missing` is the command that installs what it lacks, then it proves nothing."""

    probe: str
    green: bool
    at: datetime
    seconds: float
    tries: int = 1
    counts: Mapping[str, int] = {}
    digests: Mapping[str, str] = {}
    faults: tuple[str, ...] = ()
    missing: str = ""


class Record(msgspec.Struct, frozen=True):
    """What is known of one sentence; `failing_since` is None while its proofs are green."""

    proofs: tuple[Proof, ...]
    policy: str
    program: str
    proven_at: datetime | None = None
    failing_since: datetime | None = None
    where: str = TWIN

    @property
    def missing(self) -> str:
        """The command that installs what a proof lacks, or an empty text."""
        return next((proof.missing for proof in self.proofs if proof.missing), "")

    @property
    def green(self) -> bool:
        """Whether every proof of the last run was."""
        return all(proof.green for proof in self.proofs)


class Book(msgspec.Struct, frozen=True):
    """The whole file: sentences by number, and the maker's notes to them."""

    run_at: datetime | None = None
    sentences: Mapping[str, Record] = {}
    notes: Mapping[str, str] = {}
    format: int = 1

    def find(self, number: int) -> Record | None:
        """Return what is known of a sentence, or None."""
        return self.sentences.get(str(number))

    def note(self, number: int) -> str:
        """Return what the maker says to a failure, or an empty text."""
        return self.notes.get(str(number), "")

    def with_note(self, number: int, text: str) -> Book:
        """Return the book with the maker's note to a sentence; an empty text takes it away."""
        notes = {**self.notes, str(number): text}
        return msgspec.structs.replace(self, notes={name: one for name, one in notes.items() if one})

    def after(self, run: Mapping[int, Iterable[Proof]], *, policy: str, at: datetime) -> Book:
        """Return the book after a run, which gives the proofs of each sentence it was about."""
        sentences = dict(self.sentences)
        for number, proofs in run.items():
            sentences[str(number)] = _after(self.find(number), tuple(proofs), policy, at)
        return msgspec.structs.replace(self, run_at=at, sentences=sentences)


def _after(known: Record | None, proofs: tuple[Proof, ...], policy: str, at: datetime) -> Record:
    fresh = Record(proofs, policy, __version__)
    proven_at = None if known is None else known.proven_at
    since = None if known is None else known.failing_since
    if fresh.missing:
        return msgspec.structs.replace(fresh, proven_at=proven_at, failing_since=since)
    if fresh.green:
        return msgspec.structs.replace(fresh, proven_at=at)
    return msgspec.structs.replace(fresh, proven_at=proven_at, failing_since=since or at)


def read_book(folder: Path) -> Book:
    """Return what is known of a store's sentences; empty before the first run. Raises `EvidenceDamaged`."""
    try:
        data = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return Book()
    try:
        return from_json(data, Book)
    except Refused as error:
        raise EvidenceDamaged from error


def write_book(folder: Path, book: Book) -> None:
    """Replace the file in one step."""
    write_whole(folder / FILE, msgspec.json.format(canonical_json(book), indent=1) + b"\n")


def evidence_of(book: Book, lock: Lock, now: datetime, *, grace: timedelta = timedelta()) -> list[Evidence]:
    """Return what the proofs say of each sentence now; within `grace` one that was proven stands though it failed."""
    return [
        Evidence(
            number=int(number),
            status=_status(record, lock, now, grace),
            where=record.where,
            proven_at=record.proven_at,
            ever_proven=record.proven_at is not None,
        )
        for number, record in sorted(book.sentences.items())
    ]


def _status(record: Record, lock: Lock, now: datetime, grace: timedelta) -> Status:
    if record.missing:
        return Status.UNPUBLISHED
    failing = record.failing_since is not None and (record.proven_at is None or now - record.failing_since >= grace)
    if failing:
        return Status.FAILED
    proven = record.proven_at
    if proven is None:
        return Status.UNPUBLISHED
    current = record.policy == lock.hash and record.program == __version__
    return Status.PROVEN if current and now - proven <= FRESH else Status.STALE
