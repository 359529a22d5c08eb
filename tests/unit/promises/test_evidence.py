"""What a run leaves behind, and what follows from it: proven, failed, stale or unpublished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from troth.policy.lock import Lock, read_lock
from troth.policy.promised import Status
from troth.promises.evidence import (
    FILE,
    FRESH,
    GRACE,
    Book,
    EvidenceDamaged,
    Proof,
    evidence_of,
    read_book,
    write_book,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LOCK_FILE = Path(__file__).parents[3] / "src" / "troth" / "policy" / "default.lock.json"


@pytest.fixture(scope="module")
def lock() -> Lock:
    found = read_lock(LOCK_FILE)
    assert found is not None
    return found


def _proof(*, green: bool = True, missing: str = "") -> Proof:
    faults = () if green or missing else ("troth.db: the street of A (plain)",)
    return Proof(
        "copy_without_keys", green and not missing, NOW, 1.5, counts={"finds": 0}, faults=faults, missing=missing
    )


def _after(book: Book, lock: Lock, at: datetime, proof: Proof) -> Book:
    return book.after({8: [proof]}, policy=lock.hash, at=at)


def _status(book: Book, lock: Lock, now: datetime, grace: timedelta = timedelta()) -> Status:
    return evidence_of(book, lock, now, grace=grace)[0].status


def test_the_file_keeps_what_was_found(tmp_path: Path, lock: Lock) -> None:
    assert read_book(tmp_path) == Book()
    book = _after(Book(), lock, NOW, _proof()).with_note(8, "We look into it.")
    write_book(tmp_path, book)
    assert read_book(tmp_path) == book
    assert read_book(tmp_path).note(8) == "We look into it."
    assert book.with_note(8, "").notes == {}


def test_a_damaged_file_is_said_and_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(EvidenceDamaged):
        read_book(tmp_path)


def test_green_is_proven_until_it_is_old(lock: Lock) -> None:
    book = _after(Book(), lock, NOW, _proof())
    assert _status(book, lock, NOW + FRESH) is Status.PROVEN
    assert _status(book, lock, NOW + FRESH + timedelta(seconds=1)) is Status.STALE
    assert evidence_of(book, lock, NOW)[0].proven_at == NOW


def test_a_proof_of_another_policy_or_program_is_stale(lock: Lock) -> None:
    book = _after(Book(), lock, NOW, _proof())
    assert _status(book, msgspec.structs.replace(lock, hash="0" * 64), NOW) is Status.STALE
    record = book.sentences["8"]
    older = msgspec.structs.replace(book, sentences={"8": msgspec.structs.replace(record, program="1.0")})
    assert _status(older, lock, NOW) is Status.STALE


def test_red_is_failed_at_once_and_on_the_page_after_its_grace(lock: Lock) -> None:
    book = _after(_after(Book(), lock, NOW, _proof()), lock, NOW + timedelta(days=1), _proof(green=False))
    later = NOW + timedelta(days=1, hours=1)
    assert _status(book, lock, later) is Status.FAILED
    assert _status(book, lock, later, GRACE) is Status.PROVEN
    assert _status(book, lock, NOW + timedelta(days=1) + GRACE, GRACE) is Status.FAILED


def test_the_grace_counts_from_the_first_red_proof(lock: Lock) -> None:
    book = _after(Book(), lock, NOW, _proof())
    for hours in (1, 20, 30):
        book = _after(book, lock, NOW + timedelta(hours=hours), _proof(green=False))
    assert _status(book, lock, NOW + timedelta(hours=1) + GRACE, GRACE) is Status.FAILED
    mended = _after(book, lock, NOW + timedelta(hours=31), _proof())
    assert mended.sentences["8"].failing_since is None
    assert _status(mended, lock, NOW + timedelta(hours=31)) is Status.PROVEN


def test_what_was_never_proven_has_no_grace(lock: Lock) -> None:
    book = _after(Book(), lock, NOW, _proof(green=False))
    assert _status(book, lock, NOW, GRACE) is Status.FAILED
    assert not evidence_of(book, lock, NOW)[0].ever_proven


def test_a_missing_tool_proves_nothing_and_forgets_nothing(lock: Lock) -> None:
    missing = _proof(missing="pip install 'troth[demo]'")
    book = _after(_after(Book(), lock, NOW, _proof()), lock, NOW + timedelta(days=1), missing)
    assert _status(book, lock, NOW + timedelta(days=1)) is Status.UNPUBLISHED
    assert book.sentences["8"].missing == "pip install 'troth[demo]'"
    assert evidence_of(book, lock, NOW)[0].ever_proven


def test_a_run_of_some_sentences_leaves_the_others(lock: Lock) -> None:
    book = _after(Book(), lock, NOW, _proof())
    other = book.after({5: [msgspec.structs.replace(_proof(), probe="payments_recorded")]}, policy=lock.hash, at=NOW)
    assert set(other.sentences) == {"5", "8"}
