"""Queueing: one sealed row and one job in the caller's transaction, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.support.letters import KEY, Kept, install, make_letter
from tests.support.store import Store
from troth import mail
from troth.kernel.ids import new_id
from troth.kernel.jobs import job
from troth.kernel.work import UnitOfWork
from troth.mail.errors import LetterRefused
from troth.mail.records import mail as mail_table
from troth.people.address import AddressRefused
from troth.policy.language import Basis, Purpose
from troth.vault import policy as vault_policy

PARTS = (vault_policy.POLICY, mail.POLICY)


def rows(store: Store) -> list[tuple[str | None, str, int]]:
    with store.database.read() as uow:
        return [tuple(row) for row in uow.db.execute(select(mail_table.c.id, mail_table.c.state, mail_table.c.tries))]


def jobs(store: Store) -> list[tuple[str, bytes]]:
    with store.database.read() as uow:
        return [(row.kind, row.payload) for row in uow.db.execute(select(job.c.kind, job.c.payload))]


def queue(store: Store, letter: mail.Letter) -> str | None:
    with store.database.begin() as uow:
        return mail.queue(uow, letter)


@pytest.fixture(autouse=True)
def _post(request: pytest.FixtureRequest) -> None:
    for name in {"store", "sqlite_store"} & set(request.fixturenames):
        install(request.getfixturevalue(name), Kept())


def test_a_letter_is_a_row_and_a_job(store: Store) -> None:
    mail_id = queue(store, make_letter())
    assert rows(store) == [(mail_id, "queued", 0)]
    assert jobs(store) == [("mail.send", f'{{"mail":"{mail_id}"}}'.encode())]


def test_the_same_name_is_queued_once(store: Store) -> None:
    first = queue(store, make_letter(once="key:1"))
    assert queue(store, make_letter(once="key:1")) is None
    assert queue(store, make_letter(once="key:2")) not in {None, first}
    assert len(rows(store)) == len(jobs(store)) == 2


def test_two_transactions_cannot_both_queue_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the second sees when the first has not committed yet: nothing. The unique column decides then.
    monkeypatch.setattr("troth.mail.records.is_known", lambda _db, _once: False)
    assert queue(store, make_letter(once="key:1"))
    assert queue(store, make_letter(once="key:1")) is None
    assert len(rows(store)) == len(jobs(store)) == 1


def test_what_is_undone_leaves_neither_row_nor_job(store: Store) -> None:
    def place(uow: UnitOfWork) -> None:
        mail.queue(uow, make_letter())
        raise LookupError

    with pytest.raises(LookupError), store.database.begin() as uow:
        place(uow)
    assert rows(store) == []
    assert jobs(store) == []


def test_a_copy_of_the_store_shows_nothing_of_a_waiting_letter(sqlite_store: Store) -> None:
    queue(sqlite_store, make_letter())
    found = b"".join(path.read_bytes() for path in sqlite_store.folder.rglob("*") if path.is_file())
    assert b"queued" in found
    for secret in (b"Ada", b"Lovelace", b"example.com", KEY.encode(), KEY.replace("-", "").encode(), b"Your key"):
        assert secret not in found


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"to": "ada@example.com, eve@example.com"}, AddressRefused),
        ({"template": "empty"}, LetterRefused),
        ({"kind": "A"}, LetterRefused),
        ({"purpose": Purpose("news", Basis.CONSENT, "to tell you what is new")}, LetterRefused),
    ],
)
def test_a_letter_that_cannot_be_sent_is_not_queued(
    sqlite_store: Store, change: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        queue(sqlite_store, make_letter(**change))
    assert rows(sqlite_store) == []


def test_lists_name_nobody(store: Store) -> None:
    mail_id = queue(store, make_letter(kind="receipt"))
    with store.database.read() as uow:
        assert mail.count_queued(uow) == 1
        assert mail.list_mail(uow, state=mail.State.SENT) == []
        (listed,) = mail.list_mail(uow)
    assert (listed.id, listed.kind, listed.purpose, listed.state) == (mail_id, "receipt", "service mail", "queued")
    assert listed.message_id == f"<{mail_id}@localhost>"
    assert "Ada" not in repr(listed)


def test_a_list_has_the_newest_first_and_an_end(store: Store) -> None:
    made = []
    for _ in range(3):
        made.append(queue(store, make_letter(person=new_id())))
        store.clock.advance(timedelta(minutes=1))
    with store.database.read() as uow:
        assert [one.id for one in mail.list_mail(uow, limit=2)] == made[:0:-1]
