"""Sending: delivered once, retried with growing pauses, never after a refusal, a stop or an erasure."""

from __future__ import annotations

import email
import logging
import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, event, select

from tests.support.letters import Kept, install, make_letter
from tests.support.store import START, Store
from troth import mail
from troth.kernel.ids import new_id
from troth.kernel.jobs import Later, Runner, job
from troth.kernel.work import StoreBusy
from troth.mail.errors import DeliveryDelayed, DeliveryRefused, RelayDown
from troth.mail.jobs import GIVE_UP, send
from troth.mail.records import mail as mail_table
from troth.vault import of as vault_of
from troth.vault import policy as vault_policy
from troth.vault.records import audit_leaf, person_key

PARTS = (vault_policy.POLICY, mail.POLICY)


def queue(store: Store, **changes: object) -> str:
    with store.database.begin() as uow:
        mail_id = mail.queue(uow, make_letter(**changes))
    assert mail_id
    return mail_id


def listed(store: Store) -> mail.Mail:
    with store.database.read() as uow:
        (one,) = mail.list_mail(uow)
    return one


def bodies(store: Store) -> list[bytes | None]:
    with store.database.read() as uow:
        return list(uow.db.execute(select(mail_table.c.body_sealed)).scalars())


def count(store: Store, table: Table = job) -> int:
    with store.database.read() as uow:
        return len(uow.db.execute(select(table)).all())


def refuse(error: Exception) -> Callable[[], None]:
    def raise_it() -> None:
        raise error

    return raise_it


def test_a_sent_mail_keeps_no_body_and_leaves_one_leaf(store: Store) -> None:
    kept = Kept()
    runner = install(store, kept)
    mail_id = queue(store)
    store.clock.advance(timedelta(seconds=5))
    assert runner.run_due() == 1
    ((message, sender, recipient, delivered_id),) = kept.messages
    read = email.message_from_bytes(message)
    assert (sender, recipient, delivered_id) == ("shop@localhost", "Ada.Lovelace@example.com", mail_id)
    assert (read["To"], read["Subject"]) == ("Ada.Lovelace@example.com", "Your key for Fernside Backup")
    assert read["Message-ID"] == f"<{mail_id}@localhost>"
    sent = listed(store)
    assert (sent.state, sent.tries, sent.sent_at) == ("sent", 1, START + timedelta(seconds=5))
    assert bodies(store) == [None]
    assert count(store, audit_leaf) == 1
    assert count(store) == 0


def test_a_settled_mail_is_not_sent_again(store: Store) -> None:
    kept = Kept()
    install(store, kept)
    mail_id = queue(store)
    for _ in range(3):
        send(store.database, {"mail": mail_id})
    assert len(kept.messages) == 1


def test_a_mail_that_is_not_there_any_more_is_no_fault(store: Store) -> None:
    install(store, Kept())
    send(store.database, {"mail": new_id()})


def test_nothing_is_locked_while_a_mail_is_delivered(sqlite_store: Store) -> None:
    def write() -> None:
        other = sqlite3.connect(sqlite_store.folder / "troth.db", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.close()
        key_database = sqlite3.connect(sqlite_store.folder / "vault.db", timeout=0, isolation_level=None)
        key_database.execute("BEGIN IMMEDIATE")
        key_database.close()

    kept = Kept(first=write)
    runner = install(sqlite_store, kept)
    queue(sqlite_store)
    runner.run_due()
    assert len(kept.messages) == 1


def test_what_is_not_taken_now_is_kept_and_tried_after_growing_pauses(store: Store) -> None:
    kept = Kept(first=refuse(DeliveryDelayed(code=451)))
    runner = install(store, kept)
    queue(store)
    pauses = []
    for _ in range(9):
        before = store.clock.now()
        while runner.run_due() == 0:
            store.clock.advance(timedelta(seconds=30))
        pauses.append(store.clock.now() - before)
        assert bodies(store) != [None]
    assert pauses[0] == timedelta(0)
    assert pauses[1:5] == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert pauses[-1] == timedelta(hours=1)
    waiting = listed(store)
    assert (waiting.state, waiting.tries, waiting.failure) == ("queued", 9, "DeliveryDelayed 451")
    kept.first = lambda: None
    store.clock.advance(timedelta(hours=1))
    runner.run_due()
    assert listed(store).state == "sent"
    assert listed(store).failure is None


def test_after_days_a_mail_is_given_up_and_its_body_deleted(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    runner = install(store, Kept(first=refuse(RelayDown())))
    queue(store)
    tried = 0
    while listed(store).state == "queued":
        tried += runner.run_due()
        store.clock.advance(timedelta(minutes=30))
        assert store.clock.now() - START < GIVE_UP + timedelta(hours=3)
    assert (listed(store).state, listed(store).failure) == ("failed", "RelayDown")
    assert bodies(store) == [None]
    assert count(store) == 0
    assert tried > 90
    assert "Ada" not in caplog.text
    assert "example.com" not in caplog.text


def test_what_is_refused_for_good_is_never_tried_again(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept(first=refuse(DeliveryRefused(code=550)))
    runner = install(store, kept)
    mail_id = queue(store)
    runner.run_due()
    store.clock.advance(timedelta(days=5))
    assert runner.run_due() == 0
    assert (listed(store).state, listed(store).failure, listed(store).tries) == ("failed", "DeliveryRefused 550", 1)
    assert bodies(store) == [None]
    (record,) = [one for one in caplog.records if one.name == "troth.mail"]
    assert (record.levelno, record.__dict__["mail"]) == (logging.WARNING, mail_id)


def test_a_mail_to_somebody_who_was_erased_is_dropped_and_makes_no_new_key(store: Store) -> None:
    kept = Kept()
    runner = install(store, kept)
    person = new_id()
    queue(store, person=person)
    with store.database.begin() as uow:
        vault_of(uow).shred(person)
    runner.run_due()
    assert kept.messages == []
    assert (listed(store).state, listed(store).failure) == ("dropped", "KeyGone")
    assert bodies(store) == [None]
    with store.vault_engine.connect() as db:
        assert db.execute(select(person_key)).all() == []


def test_a_mail_whose_basis_has_ended_is_dropped(store: Store) -> None:
    kept = Kept()
    runner = install(store, kept)
    person = new_id()
    queue(store, person=person)
    store.ended.add((person, "service mail"))
    runner.run_due()
    assert kept.messages == []
    assert (listed(store).state, listed(store).failure) == ("dropped", "BasisEnded")


def test_a_fault_of_our_own_keeps_the_mail(store: Store) -> None:
    kept = Kept(first=refuse(ZeroDivisionError()))
    runner = install(store, kept)
    queue(store)
    runner.run_due()
    assert listed(store).state == "queued"
    kept.first = lambda: None
    store.clock.advance(timedelta(seconds=10))
    runner.run_due()
    assert listed(store).state == "sent"


def test_a_busy_store_is_asked_again_before_the_outcome_is_given_up(sqlite_store: Store) -> None:
    held = hold_after_delivery(sqlite_store, seconds=0.3)
    runner = install(sqlite_store, Kept(first=held))
    queue(sqlite_store)
    runner.run_due()
    assert listed(sqlite_store).state == "sent"


def test_a_store_that_stays_busy_is_told_to_the_runner(sqlite_store: Store) -> None:
    held = hold_after_delivery(sqlite_store, seconds=3)
    install(sqlite_store, Kept(first=held))
    mail_id = queue(sqlite_store)
    with pytest.raises(StoreBusy):
        send(sqlite_store.database, {"mail": mail_id})


def test_later_is_no_failure_of_the_job(sqlite_store: Store) -> None:
    install(sqlite_store, Kept(first=refuse(RelayDown())))
    mail_id = queue(sqlite_store)
    with pytest.raises(Later) as later:
        send(sqlite_store.database, {"mail": mail_id})
    assert later.value.due_at == START + timedelta(seconds=30)
    Runner(sqlite_store.database, {"mail.send": send}).run_due()
    with sqlite_store.database.read() as uow:
        assert uow.db.execute(select(job.c.state, job.c.failure)).one() == ("ready", None)


def hold_after_delivery(store: Store, *, seconds: float) -> Callable[[], None]:
    """Return what locks the database from outside for a while; our own connections wait 100 ms for it."""

    @event.listens_for(store.database.engine, "checkout")
    def be_impatient(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=100")

    def hold(path: Path, locked: threading.Event) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        locked.set()
        threading.Event().wait(seconds)
        other.close()

    def begin() -> None:
        locked = threading.Event()
        threading.Thread(target=hold, args=(store.folder / "troth.db", locked)).start()
        locked.wait()

    return begin
