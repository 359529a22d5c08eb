"""Units of work: one transaction, one instant, and what belongs to it.

    with database.begin() as uow:      # BEGIN IMMEDIATE on SQLite
        place_order(uow, draft)
    # committed here, and only here: services never commit

Resources (the vault's session, for one) attach to a unit of work and are told before the commit, so that the key
database commits first and audit leaves are written with the rows they speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from sqlalchemy.exc import DBAPIError, OperationalError

from troth.kernel.clock import Clock
from troth.kernel.errors import TrothError, Unavailable
from troth.kernel.events import Events

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from troth.kernel.config import Settings

R = TypeVar("R")


class StoreBusy(Unavailable):
    """The store could not write just now: its disk is full or its database is busy.

    Nothing was lost; try again soon.
    """


class StoreRefused(TrothError):
    """The database refused a change that breaks one of its rules. Nothing was changed."""


class Resource(Protocol):
    """Something that takes part in a unit of work."""

    def before_commit(self) -> None:
        """Make everything durable that must be so before the main database commits."""
        ...

    def close(self) -> None:
        """Release what is held; called whether the unit committed or not."""
        ...


class UnitOfWork:
    """One transaction in the main database, with the instant at which it happens."""

    def __init__(self, database: Database, db: Connection, now: datetime, *, writing: bool) -> None:
        """Wrap an open transaction; `Database.begin` makes these."""
        self.database = database
        self.writing = writing
        self.settings = database.settings
        self.db = db
        self.now = now
        self._resources: dict[type, Resource] = {}
        self._after: list[Callable[[], None]] = []

    def publish(self, event: object) -> None:
        """Tell those who listen, in this transaction."""
        self.database.events.publish(self, event)

    def resource(self, kind: type[R]) -> R:
        """Return this unit's one resource of a kind, made on first use by the factory registered for it."""
        found = self._resources.get(kind)
        if found is None:
            found = self._resources[kind] = self.database.factories[kind](self)
        return cast("R", found)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction is durable."""
        self._after.append(action)

    def settle(self) -> None:
        """Let every resource make its part durable; called by `Database` right before the commit."""
        settled: set[type] = set()
        while waiting := [kind for kind in self._resources if kind not in settled]:
            for kind in waiting:
                self._resources[kind].before_commit()
            settled.update(waiting)

    def finish(self, *, committed: bool) -> None:
        """Release every resource and, after a commit, run what waited for it."""
        for resource in self._resources.values():
            resource.close()
        if committed:
            for action in self._after:
                action()


@dataclass
class Database:
    """The main database as the edges see it: a maker of units of work."""

    engine: Engine
    settings: Settings
    clock: Clock
    events: Events = field(default_factory=Events)
    factories: dict[type, Callable[[UnitOfWork], Any]] = field(default_factory=dict)
    ports: dict[type, Any] = field(default_factory=dict)

    def port(self, kind: type[R]) -> R:
        """Return what app.py plugged in for a Protocol (a payment provider, a renderer): the same for every unit."""
        return cast("R", self.ports[kind])

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Open a writing unit of work; commit when the block ends well, roll back when it raises.

        Raises `StoreBusy` when the database cannot be written (locked, disk full); nothing is then changed.
        """
        with self._open(writing=True) as uow:
            yield uow

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """Open a unit of work that only reads; it ends without a commit."""
        with self._open(writing=False) as uow:
            yield uow

    @contextmanager
    def _open(self, *, writing: bool) -> Iterator[UnitOfWork]:
        committed = False
        uow: UnitOfWork | None = None
        try:
            with self.engine.connect() as db:
                db.execution_options(troth_writing=writing)
                with db.begin() as transaction:
                    uow = UnitOfWork(self, db, self.clock.now(), writing=writing)
                    yield uow
                    if writing:
                        uow.settle()
                        transaction.commit()
                        committed = True
                    else:
                        transaction.rollback()
        except DBAPIError as error:
            # The driver's text may name values (PostgreSQL prints the row a CHECK refused); only its kind travels on.
            kind = StoreBusy if isinstance(error, OperationalError) else StoreRefused
            raise kind(f"{kind.__doc__} ({type(error.orig).__name__})") from None
        finally:
            if uow is not None:
                uow.finish(committed=committed)
