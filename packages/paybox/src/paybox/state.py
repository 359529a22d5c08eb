"""The state in one JSON file, replaced as a whole: a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from paybox.idempotency import Kept, Replays
from paybox.ledger import Book
from paybox.objects import (
    Card,
    Cause,
    Charge,
    Event,
    Intent,
    IntentTerms,
    LineItem,
    Refund,
    Session,
    SessionTerms,
    Thing,
)

FORMAT = 1

Record: TypeAlias = "dict[str, Any]"


class WrongState(ValueError):
    """The state file is not one that this version wrote; it was left as it is."""


class Keeper:
    """Saves a book and its idempotency keys to a file, if there is one."""

    def __init__(self, book: Book, replays: Replays, file: Path | None) -> None:
        """Load what the file holds; raises `WrongState`."""
        self._book, self._replays, self._file = book, replays, file
        self._lock = threading.Lock()
        self._saved = -1
        if file is not None and file.exists():
            self._load(file)

    def save(self) -> None:
        """Make every change made before this call durable; calls that come together share one write."""
        if self._file is None:
            return
        wanted = self._revision()
        with self._lock:
            if self._saved >= wanted:
                return
            with self._book.lock:
                revision = self._revision()
                text = json.dumps(self._snapshot())
            _replace(self._file, text)
            self._saved = revision

    def _revision(self) -> int:
        return self._book.revision + self._replays.revision

    def _snapshot(self) -> Record:
        return {
            "format": FORMAT,
            "offset": self._book.offset(),
            "things": [[type(thing).__name__, asdict(thing)] for thing in self._book.everything()],
            "delivery": self._book.delivery,
            "keys": {key: asdict(kept) for key, kept in self._replays.finished().items()},
        }

    def _load(self, file: Path) -> None:
        try:
            state = json.loads(file.read_text())
            _check_format(state["format"])
            things = [READERS[name](record) for name, record in state["things"]]
            self._book.restore(things, delivery=state["delivery"], offset=state["offset"])
            self._replays.restore({key: Kept(**kept) for key, kept in state["keys"].items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WrongState(f"{file} is not a state file that this paybox can read: {error!r}") from error


def _check_format(found: object) -> None:
    if found != FORMAT:
        raise ValueError(f"it has format {found}, this paybox reads {FORMAT}")


def _session(record: Record) -> Session:
    terms = record["terms"]
    lines = tuple(LineItem(**line) for line in terms["lines"])
    return Session(**{**record, "terms": SessionTerms(**{**terms, "lines": lines})})


def _card(record: Record | None) -> Card | None:
    return None if record is None else Card(**record)


def _intent(record: Record) -> Intent:
    terms = record["terms"]
    whole = IntentTerms(**{**terms, "card": _card(terms["card"])})
    return Intent(**{**record, "terms": whole, "card": _card(record["card"])})


def _charge(record: Record) -> Charge:
    return Charge(**{**record, "card": Card(**record["card"])})


def _event(record: Record) -> Event:
    subjects: dict[str, Callable[[Record], Session | Intent | Charge]] = {
        "checkout": _session,
        "payment_intent": _intent,
        "charge": _charge,
    }
    subject = subjects[record["type"].partition(".")[0]](record["subject"])
    return Event(**{**record, "subject": subject, "cause": Cause(**record["cause"])})


READERS: dict[str, Callable[[Record], Thing | Event]] = {
    "Session": _session,
    "Intent": _intent,
    "Charge": _charge,
    "Refund": lambda record: Refund(**record),
    "Event": _event,
}


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(file.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
