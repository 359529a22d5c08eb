"""Work that is done after the commit: one table, leases, at-least-once with idempotent handlers.

`ready → running → (row deleted)`; a failed attempt goes back to `ready` with a growing delay, after `MAX_ATTEMPTS` in
a row it rests as `dead` until somebody looks. Somebody else's outage (`Unavailable`) is waited for, however long. The
claim is one statement on SQLite and PostgreSQL (SKIP LOCKED there).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    select,
    update,
)

from troth.kernel.codec import from_json, to_json
from troth.kernel.errors import Unavailable
from troth.kernel.ids import new_id
from troth.kernel.schema import Instant, add_new, metadata
from troth.kernel.work import Database, UnitOfWork

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 20
_log = logging.getLogger("troth.jobs")

job = Table(
    "job",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("once", String(128), unique=True),
    Column("state", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("failure", String(128)),
    Index("ix_job_state_due_at", "state", "due_at"),
)

_due = (
    select(job.c.id)
    .where(
        ((job.c.state == "ready") & (job.c.due_at <= bindparam("now")))
        | ((job.c.state == "running") & (job.c.lease_until <= bindparam("now")))
    )
    .limit(1)
)
Payload = Mapping[str, str | int]
Handler = Callable[[Database, Payload], None]


@dataclass(frozen=True)
class Claimed:
    """A job this process holds until its lease ends; no two leases of a job end at the same instant."""

    id: str
    kind: str
    payload: Payload
    attempt: int
    lease_until: datetime


class Later(Exception):
    """Raised by a handler that is not done yet and says when to be called again; its failures so far are forgotten."""

    def __init__(self, due_at: datetime) -> None:
        """Keep the instant of the next call."""
        super().__init__(str(due_at))
        self.due_at = due_at


def enqueue(
    uow: UnitOfWork, kind: str, payload: Payload, *, due_at: datetime | None = None, key: str | None = None
) -> None:
    """Add a job in the caller's transaction; a second one with the same `key` is not added while the first exists.

    The payload holds ids and numbers only, never a personal value.
    """
    row = {
        "id": new_id(), "kind": kind, "payload": to_json(dict(payload)), "once": key, "state": "ready", "attempt": 0,
        "due_at": due_at or uow.now,
    }  # fmt: skip
    add_new(uow.db, job, row)


def _any_due(uow: UnitOfWork) -> bool:
    return uow.db.execute(_due, {"now": uow.now}).first() is not None


def claim(uow: UnitOfWork, *, limit: int = 20) -> list[Claimed]:
    """Take due jobs (and those whose lease ended) for this process."""
    due = (
        select(job.c.id)
        .where(
            ((job.c.state == "ready") & (job.c.due_at <= uow.now))
            | ((job.c.state == "running") & (job.c.lease_until <= uow.now))
        )
        .order_by(job.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(job)
        .where(job.c.id.in_(due.scalar_subquery()))
        .values(state="running", attempt=job.c.attempt + 1, lease_until=uow.now + LEASE)
        .returning(job.c.id, job.c.kind, job.c.payload, job.c.attempt, job.c.due_at, job.c.lease_until)
    )
    # What RETURNING gives has no order of its own.
    rows = sorted(uow.db.execute(taken).all(), key=lambda row: row.due_at)
    return [
        Claimed(row.id, row.kind, from_json(row.payload, dict[str, str | int]), row.attempt, row.lease_until)
        for row in rows
    ]


def begin_again(uow: UnitOfWork, periodic: Iterable[str]) -> None:
    """Do what a job process does first: take over what a dead one held, and see that periodic work is queued.

    Only the one job process of a store may call this. What died stays so, but for periodic work.
    """
    fresh = {"state": "ready", "due_at": uow.now, "lease_until": None}
    uow.db.execute(update(job).where(job.c.state == "running").values(fresh))
    for kind in periodic:
        uow.db.execute(update(job).where(job.c.once == kind, job.c.state == "dead").values(fresh | {"attempt": 0}))
        enqueue(uow, kind, {}, key=kind)


def next_due(uow: UnitOfWork) -> datetime | None:
    """Return when the next waiting job is due, or None."""
    found: Any = uow.db.execute(
        select(job.c.due_at).where(job.c.state == "ready").order_by(job.c.due_at).limit(1)
    ).scalar()
    return found if isinstance(found, datetime) else None


def count_dead(uow: UnitOfWork) -> int:
    """Return how many jobs gave up and wait for a person."""
    return len(uow.db.execute(select(job.c.id).where(job.c.state == "dead")).all())


def _place_of(error: BaseException) -> str:
    """Return file, line and function of where an error began; its message may hold a value and stays out of logs."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""


class Runner:
    """Runs due jobs one after the other; the store has exactly one running."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        """Keep the handlers by kind."""
        self._database = database
        self._handlers = handlers

    def run_due(self) -> int:
        """Claim and run what is due; return how many jobs were run. Never raises for a job's own failure."""
        with self._database.read() as uow:
            # A look takes no lock: most wake-ups find nothing to do.
            if not _any_due(uow):
                return 0
        with self._database.begin() as uow:
            claimed = claim(uow)
        for one in claimed:
            self._run(one)
        return len(claimed)

    def _run(self, one: Claimed) -> None:
        try:
            self._handlers[one.kind](self._database, one.payload)
        except Later as later:
            self._put_back(one, later.due_at, attempt=0)
        except Exception as error:  # noqa: BLE001 - a process boundary: one job's failure must not stop the others
            failure = type(error).__name__
            told = {"kind": one.kind, "attempt": one.attempt, "failure": failure, "place": _place_of(error)}
            _log.warning("job failed", extra=told)
            wait = timedelta(seconds=min(3600, 2 ** min(one.attempt, 12)))
            gave_up = one.attempt >= MAX_ATTEMPTS and not isinstance(error, Unavailable)
            state = "dead" if gave_up else "ready"
            self._put_back(one, self._database.clock.now() + wait, state=state, failure=failure)
        else:
            with self._database.begin() as uow:
                uow.db.execute(delete(job).where(_held(one)))

    def _put_back(self, one: Claimed, due_at: datetime, **values: object) -> None:
        rested = {"state": "ready", "due_at": due_at, "lease_until": None, "failure": None} | values
        with self._database.begin() as uow:
            uow.db.execute(update(job).where(_held(one)).values(rested))


def _held(one: Claimed) -> ColumnElement[bool]:
    """Whether a job is still ours: nobody claimed it after our lease ended."""
    return (job.c.id == one.id) & (job.c.lease_until == one.lease_until)
