"""Jobs: what periodic work, long outages, a dead process and a lost race may not do to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.support.store import Store
from troth.kernel.errors import Conflict, Unavailable
from troth.kernel.jobs import LEASE, MAX_ATTEMPTS, Later, Payload, Runner, begin_again, claim, enqueue, job
from troth.kernel.work import Database

HOUR = timedelta(hours=1)


def raising(error: Exception) -> Callable[[Database, Payload], None]:
    def handler(_database: Database, _payload: Payload) -> None:
        raise error

    return handler


def add(store: Store, kind: str = "work", **changes: Any) -> None:
    with store.database.begin() as uow:
        enqueue(uow, kind, {}, **changes)


def only(store: Store) -> Any:
    with store.database.read() as uow:
        return uow.db.execute(select(job)).one()


def run(store: Store, handler: Callable[[Database, Payload], None], *, times: int = 1) -> None:
    for _ in range(times):
        Runner(store.database, {"work": handler}).run_due()
        store.clock.advance(HOUR)


def test_a_job_that_fails_for_good_rests_as_dead(store: Store) -> None:
    add(store)
    run(store, raising(Conflict()), times=MAX_ATTEMPTS + 1)
    assert (only(store).state, only(store).failure) == ("dead", "Conflict")


def test_work_that_comes_back_on_time_is_as_fresh_as_at_first(store: Store) -> None:
    def again(database: Database, _payload: Payload) -> None:
        raise Later(database.clock.now() + timedelta(minutes=1))

    add(store)
    run(store, again, times=2 * MAX_ATTEMPTS)
    Runner(store.database, {"work": raising(Conflict())}).run_due()
    row = only(store)
    assert (row.state, row.due_at) == ("ready", store.clock.now() + timedelta(seconds=2))


def test_an_outage_of_somebody_else_kills_no_job(store: Store) -> None:
    add(store)
    run(store, raising(Unavailable()), times=3 * MAX_ATTEMPTS)
    assert (only(store).state, only(store).failure) == ("ready", "Unavailable")


def test_what_a_dead_process_held_is_taken_over_at_the_next_start(store: Store) -> None:
    add(store)
    with store.database.begin() as uow:
        assert len(claim(uow)) == 1
    ran: list[Payload] = []
    runner = Runner(store.database, {"work": lambda _database, payload: ran.append(payload)})
    assert runner.run_due() == 0
    with store.database.begin() as uow:
        begin_again(uow, ())
    assert runner.run_due() == 1
    assert ran == [{}]


def test_a_start_brings_periodic_work_back_to_life(store: Store) -> None:
    add(store, key="work")
    run(store, raising(Conflict()), times=MAX_ATTEMPTS)
    assert only(store).state == "dead"
    with store.database.begin() as uow:
        begin_again(uow, ("work",))
    assert (only(store).state, only(store).attempt, only(store).due_at) == ("ready", 0, store.clock.now())


def test_other_dead_work_stays_for_somebody_to_look_at(store: Store) -> None:
    add(store)
    run(store, raising(Conflict()), times=MAX_ATTEMPTS)
    with store.database.begin() as uow:
        begin_again(uow, ("periodic",))
        states = uow.db.execute(select(job.c.kind, job.c.state).order_by(job.c.kind)).all()
    assert states == [("periodic", "ready"), ("work", "dead")]


def test_who_lost_its_lease_changes_nothing(store: Store) -> None:
    add(store)

    def slow(_database: Database, _payload: Payload) -> None:
        store.clock.advance(LEASE)
        with store.database.begin() as uow:
            assert len(claim(uow)) == 1

    Runner(store.database, {"work": slow}).run_due()
    assert only(store).state == "running"


def test_who_lost_its_lease_to_fresh_work_changes_nothing(store: Store) -> None:
    add(store)

    def slow(_database: Database, _payload: Payload) -> None:
        store.clock.advance(LEASE)
        Runner(store.database, {"work": raising(Later(store.clock.now()))}).run_due()
        with store.database.begin() as uow:
            assert len(claim(uow)) == 1

    Runner(store.database, {"work": slow}).run_due()
    assert only(store).state == "running"


def test_due_work_runs_in_its_order(store: Store) -> None:
    for seconds in range(10, 0, -1):
        with store.database.begin() as uow:
            enqueue(uow, "work", {"n": seconds}, due_at=uow.now + timedelta(seconds=seconds))
    store.clock.advance(HOUR)
    ran: list[int] = []
    Runner(store.database, {"work": lambda _database, payload: ran.append(int(payload["n"]))}).run_due()
    assert ran == list(range(1, 11))


@pytest.mark.parametrize("second", ["ready", "running", "dead"])
def test_one_key_is_one_job_while_it_is_there(store: Store, second: str) -> None:
    add(store, key="one")
    if second == "running":
        with store.database.begin() as uow:
            claim(uow)
    if second == "dead":
        run(store, raising(Conflict()), times=MAX_ATTEMPTS)
    add(store, key="one")
    assert only(store).state == second
