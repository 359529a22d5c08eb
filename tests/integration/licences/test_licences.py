"""A key is made from the address and the order line, opens the program, and is kept nowhere."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import select, update

from tests.support.scratch import scratch
from tests.support.selling import BUYER, Selling
from tests.support.store import Store, make_store
from troth import licences, vault
from troth.kernel.codec import to_json
from troth.kernel.ids import new_id
from troth.kernel.work import StoreRefused
from troth.licences import Grounds, LicenceKey, LicenceUnknown, State, Verdict, records
from troth.licences import policy as licences_policy
from troth.licences.key import KeyFacts, licence_index, make
from troth.licences.policy import LICENCE
from troth.people import policy as people_policy
from troth.vault import keyfile
from troth.vault import policy as vault_policy
from troth.vault.errors import KeyGone, WrongPurpose

PARTS = (vault_policy.POLICY, people_policy.POLICY, licences_policy.POLICY)


def grounds(**changes: Any) -> Grounds:
    made: dict[str, Any] = {
        "person": "c" * 32,
        "address": "mira@meadow.example",
        "product": "backup",
        "edition": "home",
        "line": f"{new_id()}-1",
        "tag": 3,
    }
    return Grounds(**made | changes)


def issue(store: Store, wanted: Grounds | None = None) -> tuple[Grounds, LicenceKey]:
    wanted = wanted or grounds()
    with store.database.begin() as uow:
        return wanted, licences.issue(uow, wanted)


def judge(store: Store | Selling, typed: str, product: str | None = None) -> Verdict:
    with store.database.read() as uow:
        return licences.judge(uow, typed, product)


def show(store: Store, line: str, role: str = "buyer") -> LicenceKey:
    with store.database.begin() as uow:
        return licences.show_key(uow, line, role=role)


def test_a_key_opens_its_program_and_no_other(store: Store) -> None:
    _, key = issue(store)
    assert judge(store, key.display) == Verdict(valid=True, code="VALID", detail="This key is good.")
    assert judge(store, key.text.lower(), "backup").valid
    assert judge(store, f" {key.display[:13]}\n{key.display[13:]} ").valid
    assert judge(store, key.display, "recover").code == "PRODUCT_MISMATCH"


def test_an_unreadable_and_an_unknown_key_get_the_same_answer(store: Store) -> None:
    wanted, key = issue(store)
    with store.database.begin() as uow:
        keys = vault.of(uow).keys
        facts = KeyFacts(keys.store_id, wanted.product, wanted.line, 2, salt=b"s" * 16, address=wanted.address)
        unknown = make(keys.licence[0], facts, epoch=0, tag=3)
        of_no_epoch = make(os.urandom(32), facts, epoch=7, tag=3)
    off_by_one = ("0" if key.text[-1] != "0" else "1") + key.text[1:]
    for typed in ("", "x", "hello world", off_by_one, key.text[:-1], unknown.display, of_no_epoch.text, "0" * 300):
        found = judge(store, typed)
        assert (found.valid, found.code, found.detail) == (False, "NOT_FOUND", "No licence has this key.")


def test_its_owner_is_shown_the_same_key_again(store: Store) -> None:
    wanted, key = issue(store)
    assert show(store, wanted.line) == key
    assert show(store, wanted.line, "maker") == key
    with pytest.raises(WrongPurpose):
        show(store, wanted.line, "visitor")
    with pytest.raises(LicenceUnknown):
        show(store, "nothing-1")


def test_a_licence_says_what_it_is_for(store: Store) -> None:
    wanted, key = issue(store)
    with store.database.read() as uow:
        found = licences.find_licence(uow, wanted.line)
        assert licences.find_licence(uow, "nothing-1") is None
    assert found is not None
    assert (found.product, found.edition, found.issue, found.epoch, found.tag) == ("backup", "home", 1, 0, 3)
    assert (found.state, found.issued_at) == (State.ACTIVE, store.clock.now())
    assert (key.tag, key.epoch) == (3, 0)


def test_a_second_issue_replaces_the_first(store: Store) -> None:
    wanted, first = issue(store)
    _, second = issue(store, wanted)
    assert first != second
    assert judge(store, first.text) == Verdict(
        valid=False, code="REPLACED", detail="This key was replaced by a newer one."
    )
    assert judge(store, second.text).valid
    assert show(store, wanted.line) == second
    with store.database.read() as uow:
        found = licences.find_licence(uow, wanted.line)
    assert found is not None
    assert found.issue == 2


def test_a_withdrawn_key_opens_nothing_and_is_not_shown(store: Store) -> None:
    wanted, key = issue(store)
    with store.database.begin() as uow:
        licences.revoke(uow, wanted.line)
    assert judge(store, key.text).code == "REVOKED"
    with pytest.raises(LicenceUnknown):
        show(store, wanted.line)


def test_a_withdrawn_key_does_not_bring_back_the_one_before(store: Store) -> None:
    wanted, first = issue(store)
    _, second = issue(store, wanted)
    with store.database.begin() as uow:
        licences.revoke(uow, wanted.line)
    assert [judge(store, one.text).code for one in (first, second)] == ["REPLACED", "REVOKED"]


def test_two_addresses_two_lines_and_two_salts_give_different_keys(store: Store) -> None:
    line = f"{new_id()}-1"
    made = {
        issue(store, grounds(line=line))[1].text,
        issue(store, grounds(line=line, address="mila@meadow.example"))[1].text,
        issue(store, grounds(line=line))[1].text,
        issue(store)[1].text,
    }
    assert len(made) == 4


def test_the_key_is_stored_nowhere(sqlite_store: Store) -> None:
    _, key = issue(sqlite_store)
    sqlite_store.database.engine.dispose()
    sqlite_store.access.engine.dispose()
    content = b"".join(one.read_bytes() for one in sqlite_store.folder.rglob("*") if one.is_file())
    for form in (key.text.encode(), key.display.encode(), key.data, key.text.lower().encode(), b"mira@meadow"):
        assert form not in content


def test_a_copy_of_the_index_recognises_no_key_without_the_master(store: Store) -> None:
    """The index stored under one master is not what another master computes for the same key."""
    _, key = issue(store)
    with store.database.begin() as uow:
        masters = vault.of(uow).keys.licence
        assert records.find_by_key(uow.db, licence_index(masters[0], key)) is not None
        assert records.find_by_key(uow.db, licence_index(os.urandom(32), key)) is None


def test_one_key_is_one_licence(store: Store) -> None:
    """The same mark twice would be two licences for one key; the table refuses it."""
    wanted, _ = issue(store)
    with store.database.read() as uow:
        row = dict(uow.db.execute(select(records.licence)).one()._mapping)
    with pytest.raises(StoreRefused), store.database.begin() as uow:
        records.add_licence(uow.db, row | {"id": new_id(), "line": f"{wanted.line}x"})


# -- after erasure ----------------------------------------------------------------------------------------------------


def test_a_key_works_on_after_its_owner_was_shredded_and_is_linked_to_nobody(shop: Selling) -> None:
    order = shop.buy()
    key = shop.key(order)
    with shop.database.begin() as uow:
        vault.of(uow).shred(order.person)
    assert judge(shop, key).valid
    with pytest.raises(KeyGone), shop.database.begin() as uow:
        licences.show_key(uow, order.line, role="buyer")


def test_a_severed_licence_is_judged_and_found_but_never_shown(store: Store) -> None:
    wanted, key = issue(store)
    with store.database.begin() as uow:
        uow.db.execute(update(records.licence).values(person=None, origin_sealed=None))
        found = licences.find_licence(uow, wanted.line)
    assert judge(store, key.text).valid
    assert found is not None
    assert (found.person, found.origin) == (None, None)
    with pytest.raises(LicenceUnknown):
        show(store, wanted.line)


# -- epochs -----------------------------------------------------------------------------------------------------------


def write_keys(folder: Path, **changes: Any) -> None:
    path = folder / "keys" / "store.key"
    path.write_bytes(to_json(replace(keyfile.load(path), **changes)))


def test_a_second_epoch_keeps_the_keys_of_the_first(tmp_path: Path) -> None:
    with make_store(tmp_path, parts=PARTS) as store:
        old_line, old = issue(store)
        masters = store.access.keys.licence
    write_keys(tmp_path, licence=masters | {1: os.urandom(32)})
    with make_store(tmp_path, parts=PARTS) as store:
        new_line, new = issue(store)
        assert (old.epoch, new.epoch) == (0, 1)
        assert judge(store, old.text).valid
        assert judge(store, new.text).valid
        assert show(store, old_line.line) == old
        assert show(store, new_line.line) == new
        _, again = issue(store, old_line)
        assert again.epoch == 1
        assert judge(store, old.text).code == "REPLACED"
    write_keys(tmp_path, licence={1: store.access.keys.licence[1]})
    with make_store(tmp_path, parts=PARTS) as store:
        assert judge(store, old.text).code == "NOT_FOUND"
        assert judge(store, new.text).valid
        assert judge(store, again.text).valid


def test_each_epoch_has_an_index_of_its_own(tmp_path: Path) -> None:
    """A key that claims another epoch is looked for under that epoch's index, where it is not."""
    with make_store(tmp_path, parts=PARTS) as store:
        wanted, key = issue(store)
        masters = {0: store.access.keys.licence[0], 1: store.access.keys.licence[0], 2: os.urandom(32)}
    write_keys(tmp_path, licence=masters)
    with make_store(tmp_path, parts=PARTS) as store:
        with store.database.begin() as uow, vault.purpose(uow, LICENCE, role="buyer"):
            found = records.find_by_line(uow.db, wanted.line)
            assert found is not None
            assert found.origin is not None
            origin = found.origin.open()
        facts = KeyFacts(store.access.keys.store_id, "backup", wanted.line, 1, salt=origin.salt, address=origin.address)
        assert make(masters[0], facts, epoch=0, tag=3) == key
        for epoch in (1, 2):
            assert judge(store, make(masters[epoch], facts, epoch=epoch, tag=3).text).code == "NOT_FOUND"
        assert judge(store, key.text).valid


# -- any history ------------------------------------------------------------------------------------------------------

MOVES = st.lists(st.tuples(st.sampled_from(["issue", "revoke"]), st.integers(0, 2)), max_size=12)


@given(moves=MOVES)
@settings(max_examples=30, deadline=None)
def test_of_every_line_only_the_newest_key_that_was_not_withdrawn_is_good(moves: list[tuple[str, int]]) -> None:
    with scratch() as folder, make_store(folder, parts=PARTS) as store:
        lines = [grounds() for _ in range(3)]
        made: dict[int, list[LicenceKey]] = {0: [], 1: [], 2: []}
        good: dict[int, LicenceKey | None] = {}
        for what, line in moves:
            if what == "issue":
                made[line].append(issue(store, lines[line])[1])
                good[line] = made[line][-1]
            else:
                with store.database.begin() as uow:
                    licences.revoke(uow, lines[line].line)
                good[line] = None
        for line, keys in made.items():
            assert [one for one in keys if judge(store, one.text).valid] == [
                one for one in keys if one is good.get(line)
            ]
        everything = [key for keys in made.values() for key in keys]
        assert len({one.text for one in everything}) == len(everything)


# -- the wrong address ------------------------------------------------------------------------------------------------


def test_a_licence_names_the_address_it_was_bought_with(shop: Selling) -> None:
    """The key is made again from the store's own records alone: store, product, line, issue, salt and address."""
    order = shop.buy()
    with shop.database.begin() as uow, vault.purpose(uow, LICENCE, role="maker"):
        found = licences.find_licence(uow, order.line)
        assert found is not None
        assert found.origin is not None
        origin, keys = found.origin.open(), vault.of(uow).keys
        facts = KeyFacts(keys.store_id, found.product, found.line, 1, salt=origin.salt, address=origin.address)
        again = make(keys.licence[found.epoch], facts, epoch=found.epoch, tag=found.tag)
    assert origin.address == BUYER.lower()
    assert again.display == shop.key(order)
    shop.clock.advance(timedelta(days=4000))
    assert judge(shop, again.text).valid
