"""A crash between the two commits leaves keys of nobody, which are swept; never a row without its key."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select

from tests.integration.vault import declared
from tests.integration.vault.declared import ADA, DELIVER, Buyer, seal_buyer
from tests.support.postgres import Server
from tests.support.store import START, Store, make_store
from troth.kernel.clock import SetClock
from troth.kernel.ids import new_id
from troth.kernel.work import StoreBusy, UnitOfWork
from troth.vault import Sealed, Subjects, of, purpose
from troth.vault.records import list_leaves, person_key

PARTS = declared.PARTS
ROOT = Path(__file__).parents[3]


def keys(store: Store) -> set[tuple[str, str]]:
    with store.vault_engine.connect() as db:
        return {(row.person, row.retention) for row in db.execute(select(person_key))}


def test_the_key_of_somebody_who_never_came_to_be_is_swept_after_an_hour(tmp_path: Path) -> None:
    living, lost = new_id(), new_id()
    with make_store(tmp_path, parts=PARTS) as store, store.database.begin() as uow:
        sealed = seal_buyer(uow, living)
    command = [sys.executable, "-m", "tests.integration.vault.dying_store", str(tmp_path), lost]
    assert subprocess.run(command, check=False, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL

    clock = SetClock(START + timedelta(minutes=59))
    with make_store(tmp_path, parts=PARTS, clock=clock) as store:
        assert keys(store) == {(living, "order"), (lost, "order"), (lost, "audit")}
        asked: list[set[str]] = []

        def known(_db: Connection, people: set[str]) -> set[str]:
            asked.append(people)
            return people & {living}

        store.database.ports[Subjects] = known
        with store.database.begin() as uow:
            assert list_leaves(uow.db) == []
            assert of(uow).sweep_orphans() == 0
        assert asked == []
        clock.advance(timedelta(minutes=2))
        with store.database.begin() as uow:
            assert of(uow).sweep_orphans() == 1
        assert asked == [{living, lost}]
        assert keys(store) == {(living, "order")}
        with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
            assert sealed.open() == ADA


def test_a_sweep_asks_about_many_people_in_turns(sqlite_store: Store) -> None:
    people = {new_id() for _ in range(1201)}
    with sqlite_store.database.begin() as uow:
        for person in people:
            seal_buyer(uow, person)
    sqlite_store.clock.advance(timedelta(hours=2))
    lost = set(list(people)[:3])
    asked: list[set[str]] = []

    def known(_db: Connection, some: set[str]) -> set[str]:
        asked.append(some)
        return some - lost

    sqlite_store.database.ports[Subjects] = known
    with sqlite_store.database.begin() as uow:
        assert of(uow).sweep_orphans() == 3
    assert set().union(*asked) == people
    assert max(map(len, asked)) <= 500
    assert {person for person, _ in keys(sqlite_store)} == people - lost


def test_a_main_database_that_cannot_commit_leaves_only_an_orphan(sqlite_store: Store) -> None:
    class Fails:
        def before_commit(self) -> None:
            raise LookupError

        def close(self) -> None:
            pass

    def place(uow: UnitOfWork) -> None:
        seal_buyer(uow, person)
        uow.resource(Fails)

    sqlite_store.database.factories[Fails] = lambda _uow: Fails()
    person = new_id()
    with pytest.raises(LookupError), sqlite_store.database.begin() as uow:
        place(uow)
    assert keys(sqlite_store) == {(person, "order")}


def test_a_key_database_that_is_busy_stops_the_whole(sqlite_store: Store) -> None:
    @event.listens_for(sqlite_store.vault_engine, "checkout")
    def be_impatient(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    other = sqlite3.connect(sqlite_store.folder / "vault.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def place(uow: UnitOfWork) -> None:
        of(uow).write_down("payment", "r1", b"1" * 32)
        seal_buyer(uow, new_id())

    with pytest.raises(StoreBusy), sqlite_store.database.begin() as uow:
        place(uow)
    other.close()
    with sqlite_store.database.read() as uow:
        assert list_leaves(uow.db) == []
    assert keys(sqlite_store) == set()


def test_two_units_that_make_one_persons_first_key_at_once_do_not_both_win(
    postgres_server: Server, tmp_path: Path
) -> None:
    person = new_id()
    with make_store(tmp_path, parts=PARTS, server=postgres_server) as store:
        won: list[Sealed[Buyer]] = []

        def seal_late(late: UnitOfWork) -> None:
            seal_buyer(late, person)
            with store.database.begin() as early:
                won.append(seal_buyer(early, person))

        with pytest.raises(StoreBusy), store.database.begin() as late:
            seal_late(late)
        with store.database.begin() as uow:
            again = seal_buyer(uow, person)
            with purpose(uow, DELIVER, role="job"):
                assert won[0].open() == again.open() == ADA
