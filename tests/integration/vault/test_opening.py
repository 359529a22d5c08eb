"""What was sealed opens for its purpose, in its role, in its place, while its basis stands; and leaves one leaf."""

from __future__ import annotations

import contextlib
import traceback

import pytest
from sqlalchemy import delete, func, select, update

from tests.integration.vault import declared
from tests.integration.vault.declared import ADA, BUYER, DELIVER, INVOICE, NEWS, TAXES, Buyer, seal_buyer, seal_invoice
from tests.support.store import START, Store
from troth.kernel.ids import new_id
from troth.kernel.work import UnitOfWork
from troth.policy.language import FieldRule, PartPolicy, Personal, Purpose, SealedRecord
from troth.vault import Sealed, audit, of, purpose
from troth.vault.errors import BasisEnded, KeyGone, NoPurpose, NotPermitted, Tampered, WrongPurpose
from troth.vault.policy import ACCOUNTABILITY, READING
from troth.vault.records import audit_leaf, list_leaves, person_key

PARTS = declared.PARTS
PERSON = "a" * 32


def sealed_buyer(store: Store, person: str = PERSON, buyer: Buyer = ADA) -> Sealed[Buyer]:
    with store.database.begin() as uow:
        return seal_buyer(uow, person, buyer)


def count_leaves(store: Store) -> int:
    with store.database.read() as uow:
        return uow.db.execute(select(func.count()).select_from(audit_leaf)).scalar_one()


def keys(store: Store) -> set[tuple[str, str]]:
    with store.vault_engine.connect() as db:
        return {(row.person, row.retention) for row in db.execute(select(person_key))}


def test_a_sealed_buyer_opens_in_a_later_unit_of_work(store: Store) -> None:
    sealed = sealed_buyer(store)
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        assert sealed.open() == ADA


def test_it_opens_in_the_unit_that_sealed_it(store: Store) -> None:
    with store.database.begin() as uow:
        sealed = seal_buyer(uow, PERSON)
        with purpose(uow, DELIVER, role="job"):
            assert sealed.open() == ADA


def test_a_purpose_ends_with_its_block(store: Store) -> None:
    sealed = sealed_buyer(store)
    with store.database.begin() as uow:
        with purpose(uow, DELIVER, role="job"):
            sealed.open()
            with pytest.raises(WrongPurpose), purpose(uow, NEWS, role="job"):
                sealed.open()
            sealed.open()
        with pytest.raises(NoPurpose):
            sealed.open()


@pytest.mark.parametrize("role", ["job", "maker"])
@pytest.mark.parametrize("why", [DELIVER, TAXES], ids=lambda why: why.name)
def test_declared_purposes_and_readers_may(sqlite_store: Store, why: Purpose, role: str) -> None:
    sealed = sealed_buyer(sqlite_store)
    with sqlite_store.database.begin() as uow, purpose(uow, why, role=role):
        assert sealed.open() == ADA


@pytest.mark.parametrize(("why", "role"), [(NEWS, "job"), (DELIVER, "buyer"), (DELIVER, ""), (ACCOUNTABILITY, "maker")])
def test_others_may_not_and_leave_nothing(store: Store, why: Purpose, role: str) -> None:
    sealed = sealed_buyer(store)
    with store.database.begin() as uow, pytest.raises(WrongPurpose), purpose(uow, why, role=role):
        sealed.open()
    assert count_leaves(store) == 0


def test_a_basis_that_has_ended_closes_what_is_there(store: Store) -> None:
    sealed = sealed_buyer(store)
    store.ended.add((PERSON, DELIVER.name))
    with store.database.begin() as uow:
        with pytest.raises(BasisEnded), purpose(uow, DELIVER, role="job"):
            sealed.open()
        with purpose(uow, TAXES, role="job"):
            assert sealed.open() == ADA
    assert count_leaves(store) == 1


def test_a_unit_that_only_reads_cannot_open_because_it_writes_no_leaf(store: Store) -> None:
    sealed = sealed_buyer(store)
    with store.database.read() as uow, pytest.raises(NotPermitted), purpose(uow, DELIVER, role="job"):
        sealed.open()


def test_after_a_unit_has_settled_it_opens_nothing_and_makes_no_key(sqlite_store: Store) -> None:
    sealed = sealed_buyer(sqlite_store)
    with contextlib.ExitStack() as late, sqlite_store.database.begin() as uow:
        late.enter_context(purpose(uow, DELIVER, role="job"))
        of(uow).before_commit()
        with pytest.raises(NotPermitted):
            sealed.open()
        with pytest.raises(NotPermitted):
            seal_buyer(uow, new_id())
    assert count_leaves(sqlite_store) == 0


# -- places ----------------------------------------------------------------------------------------------------------


def test_a_row_that_was_moved_refuses_to_open(store: Store) -> None:
    other = "b" * 32
    mine, theirs = sealed_buyer(store), sealed_buyer(store, other, Buyer("eve@example.com"))
    with store.database.begin() as uow, purpose(uow, TAXES, role="maker"):
        invoice = seal_invoice(uow, PERSON)
        for moved in (
            Sealed(BUYER, PERSON, theirs.row, mine.blob),
            Sealed(BUYER, other, mine.row, mine.blob),
            Sealed(BUYER, PERSON, mine.row, theirs.blob),
            Sealed(BUYER, other, theirs.row, mine.blob),
            Sealed(BUYER, PERSON, invoice.row, invoice.blob),
            Sealed(INVOICE, PERSON, mine.row, mine.blob),
        ):
            with pytest.raises(Tampered):
                moved.open()
        assert (mine.open().email, theirs.open().email) == ("ada@example.com", "eve@example.com")


def test_what_does_not_fit_its_record_is_not_shown(sqlite_store: Store) -> None:
    class Other(Personal, frozen=True):
        email: int

    wrong: SealedRecord[Other] = SealedRecord("order.buyer", Other, BUYER.retention, BUYER.purposes, BUYER.readers, {})
    mine = sealed_buyer(sqlite_store)
    with sqlite_store.database.begin() as uow, pytest.raises(Tampered) as caught, purpose(uow, DELIVER, role="job"):
        Sealed(wrong, PERSON, mine.row, mine.blob).open()
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "ada" not in told
    assert "Lovelace" not in told
    assert caught.value.__context__ is None


def test_a_wrapped_key_that_was_moved_opens_nothing(store: Store) -> None:
    other = "b" * 32
    mine, _ = sealed_buyer(store), sealed_buyer(store, other)
    with store.vault_engine.begin() as db:
        stolen = select(person_key.c.wrapped).where(person_key.c.person == other).scalar_subquery()
        db.execute(update(person_key).where(person_key.c.person == PERSON).values(wrapped=stolen))
    with store.database.begin() as uow, pytest.raises(Tampered), purpose(uow, DELIVER, role="job"):
        mine.open()


# -- revisions -------------------------------------------------------------------------------------------------------


def test_an_old_row_stays_bound_to_the_purposes_it_was_collected_for(store: Store) -> None:
    old = sealed_buyer(store)
    grown = with_purposes(BUYER, purposes=(*BUYER.purposes, NEWS))
    store.rules.revise((PARTS[0], PartPolicy("test", records=(grown, INVOICE))))
    with store.database.begin() as uow:
        new = seal_buyer(uow, PERSON)
        with purpose(uow, NEWS, role="job"):
            assert new.open() == ADA
            with pytest.raises(WrongPurpose):
                old.open()
        with purpose(uow, DELIVER, role="job"):
            assert old.open() == new.open() == ADA


def test_a_purpose_that_was_given_up_closes_old_rows_too(store: Store) -> None:
    old = sealed_buyer(store)
    store.rules.revise((PARTS[0], PartPolicy("test", records=(with_purposes(BUYER, purposes=(TAXES,)), INVOICE))))
    with store.database.begin() as uow, pytest.raises(WrongPurpose), purpose(uow, DELIVER, role="job"):
        old.open()


def test_an_old_row_opens_after_a_field_was_added(store: Store) -> None:
    class Grown(Personal, frozen=True):
        email: str
        name: str = ""
        phone: str = "none"

    old = sealed_buyer(store)
    fields = {**BUYER.fields, "phone": FieldRule("phone", "to call")}
    grown = SealedRecord(BUYER.name, Grown, BUYER.retention, BUYER.purposes, BUYER.readers, fields)
    store.rules.revise((PARTS[0], PartPolicy("test", records=(grown, INVOICE))))
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        opened = Sealed(grown, old.person, old.row, old.blob).open()
    assert (opened.email, opened.phone) == (ADA.email, "none")


def with_purposes(record: SealedRecord[Buyer], *, purposes: tuple[Purpose, ...]) -> SealedRecord[Buyer]:
    return SealedRecord(record.name, record.struct, record.retention, purposes, record.readers, record.fields)


# -- leaves ----------------------------------------------------------------------------------------------------------


def test_one_leaf_for_each_person_purpose_and_record_in_a_unit(store: Store) -> None:
    other = "b" * 32
    with store.database.begin() as uow:
        mine = [seal_buyer(uow, PERSON) for _ in range(5)]
        theirs, invoice = seal_buyer(uow, other), seal_invoice(uow, PERSON)
        with purpose(uow, DELIVER, role="job"):
            for sealed in (*mine, theirs, *mine):
                sealed.open()
        with purpose(uow, DELIVER, role="job"):
            mine[0].open()
        with purpose(uow, TAXES, role="maker"):
            mine[0].open()
            invoice.open()
    assert count_leaves(store) == 4
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        mine[0].open()
    assert count_leaves(store) == 5


def test_a_leaf_says_who_read_what_and_why_and_its_commitment_holds(store: Store) -> None:
    sealed = sealed_buyer(store)
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        sealed.open()
    with store.database.begin() as uow:
        (leaf,) = list_leaves(uow.db, person=PERSON)
        with purpose(uow, ACCOUNTABILITY, role="buyer"):
            reading = Sealed(READING, PERSON, leaf.row, leaf.readable_sealed).open()
    told = (reading.person, reading.record, reading.purpose, reading.role, reading.at)
    assert told == (PERSON, "order.buyer", "deliver", "job", START.isoformat())
    assert audit.commit(reading) == leaf.leaf
    assert leaf.kind == "open"


def test_a_unit_that_is_undone_leaves_neither_leaf_nor_key(store: Store) -> None:
    sealed = sealed_buyer(store)

    def open_and_fail(uow: UnitOfWork) -> None:
        seal_buyer(uow, "c" * 32)
        with purpose(uow, DELIVER, role="job"):
            sealed.open()
        raise LookupError

    with pytest.raises(LookupError), store.database.begin() as uow:
        open_and_fail(uow)
    assert count_leaves(store) == 0
    assert keys(store) == {(PERSON, "order")}


def test_leaves_made_elsewhere_stand_in_the_same_log_in_order(store: Store) -> None:
    sealed = sealed_buyer(store)
    with store.database.begin() as uow:
        of(uow).write_down("payment", "r1", b"1" * 32)
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        sealed.open()
    with store.database.begin() as uow:
        of(uow).write_down("payment", "r2", b"2" * 32)
    with store.database.read() as uow:
        found = list_leaves(uow.db)
    assert [leaf.kind for leaf in found] == ["payment", "open", "payment"]
    assert [leaf.leaf for leaf in found][::2] == [b"1" * 32, b"2" * 32]
    assert [leaf.number for leaf in found] == sorted(leaf.number for leaf in found)


# -- shredding -------------------------------------------------------------------------------------------------------


def test_shredding_one_class_leaves_the_others(store: Store) -> None:
    with store.database.begin() as uow:
        buyer, invoice = seal_buyer(uow, PERSON), seal_invoice(uow, PERSON)
        theirs = seal_buyer(uow, "b" * 32)
    with store.database.begin() as uow:
        assert of(uow).shred(PERSON, ["order"]) == 1
    with store.database.begin() as uow, purpose(uow, TAXES, role="maker"):
        with pytest.raises(KeyGone):
            buyer.open()
        assert invoice.open().address == "Kiel"
        assert theirs.open() == ADA


def test_after_shredding_all_nothing_of_the_person_opens_and_no_key_comes_back(store: Store) -> None:
    with store.database.begin() as uow:
        buyer, invoice = seal_buyer(uow, PERSON), seal_invoice(uow, PERSON)
        with purpose(uow, TAXES, role="maker"):
            buyer.open()
    assert keys(store) == {(PERSON, "order"), (PERSON, "tax"), (PERSON, "audit")}
    with store.database.begin() as uow:
        assert of(uow).shred(PERSON) == 3
    with store.database.begin() as uow, purpose(uow, TAXES, role="maker"):
        for sealed in (buyer, invoice):
            with pytest.raises(KeyGone):
                sealed.open()
    assert keys(store) == set()
    assert count_leaves(store) == 1


def test_shredding_counts_in_the_unit_that_does_it(store: Store) -> None:
    before = sealed_buyer(store)
    with store.database.begin() as uow:
        made_now = seal_invoice(uow, PERSON)
        with purpose(uow, TAXES, role="maker"):
            before.open()
            made_now.open()
            assert of(uow).shred(PERSON) == 2
            for sealed in (before, made_now):
                with pytest.raises(KeyGone):
                    sealed.open()
    assert keys(store) == set()
    with store.database.read() as uow:
        found = list_leaves(uow.db)
    assert [(leaf.kind, leaf.person, leaf.readable_sealed) for leaf in found] == [("open", None, None)] * 2


def test_a_shredding_that_is_undone_destroys_nothing(store: Store) -> None:
    sealed = sealed_buyer(store)

    def shred_and_fail(uow: UnitOfWork) -> None:
        of(uow).shred(PERSON)
        raise LookupError

    with pytest.raises(LookupError), store.database.begin() as uow:
        shred_and_fail(uow)
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        assert sealed.open() == ADA


def test_a_shredded_key_is_in_no_file_any_more(sqlite_store: Store) -> None:
    sealed_buyer(sqlite_store)
    with sqlite_store.vault_engine.connect() as db:
        wrapped = db.execute(select(person_key.c.wrapped)).scalar_one()

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in sqlite_store.folder.rglob("*") if path.is_file())

    assert wrapped[20:] in files()
    with sqlite_store.database.begin() as uow:
        of(uow).shred(PERSON)
    assert wrapped[20:] not in files()


def test_the_same_person_may_come_back_with_a_new_key(store: Store) -> None:
    gone = sealed_buyer(store)
    with store.database.begin() as uow:
        of(uow).shred(PERSON)
    back = sealed_buyer(store)
    with store.database.begin() as uow, purpose(uow, DELIVER, role="job"):
        assert back.open() == ADA
        with pytest.raises(Tampered):
            gone.open()


def test_a_row_of_the_key_database_alone_decides(store: Store) -> None:
    sealed = sealed_buyer(store)
    with store.vault_engine.begin() as db:
        db.execute(delete(person_key))
    with store.database.begin() as uow, pytest.raises(KeyGone), purpose(uow, DELIVER, role="job"):
        sealed.open()
    assert count_leaves(store) == 0
    assert keys(store) == set()


# -- finding ---------------------------------------------------------------------------------------------------------


def test_a_blind_index_is_the_same_for_equal_values_of_one_table_only(store: Store) -> None:
    with store.database.read() as uow:
        vault = of(uow)
        index = vault.index("person", "ada@example.com")
        assert vault.index("person", "ada@example.com") == index
        others = {vault.index("person", "eve@example.com"), vault.index("news", "ada@example.com")}
    assert index not in others
    assert len(others) == 2
    assert (len(index), index[:1]) == (17, b"\x01")
    assert b"ada" not in index
