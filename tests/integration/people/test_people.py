"""A person is an address: found again however it is typed, sealed at rest, one person for one address."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.support.scratch import scratch
from tests.support.selling import BUYER, Selling
from tests.support.store import Store, make_store
from troth import people, vault
from troth.consent import policy as consent_policy
from troth.kernel.jobs import Later
from troth.kernel.work import StoreBusy
from troth.people import policy as people_policy
from troth.people import records, service
from troth.people.errors import PersonUnknown
from troth.people.jobs import tidy
from troth.people.model import PersonId
from troth.vault import policy as vault_policy
from troth.vault.errors import WrongPurpose
from troth.vault.records import list_leaves

PARTS = (vault_policy.POLICY, people_policy.POLICY, consent_policy.POLICY)


def add(store: Store, address: str) -> PersonId:
    with store.database.begin() as uow:
        return people.get_or_add_person(uow, address)


def count(store: Store) -> int:
    with store.database.read() as uow:
        return int(uow.db.execute(select(func.count()).select_from(records.person)).scalar_one())


@pytest.mark.parametrize(
    "typed", ["Mira@Meadow.example", " mira@meadow.example\n", "MIRA@MEADOW.EXAMPLE", "mira@meadow.example\u200b"]
)
def test_an_address_is_one_person_however_it_is_typed(store: Store, typed: str) -> None:
    person = add(store, "mira@meadow.example")
    assert add(store, typed) == person
    with store.database.begin() as uow:
        assert people.find_person(uow, typed) == person
        assert people.find_person(uow, "mila@meadow.example") is None
        assert people.get_address(uow, person, role="maker") == "mira@meadow.example"
    assert count(store) == 1


def test_two_addresses_are_two_people(store: Store) -> None:
    assert add(store, "mira@meadow.example") != add(store, "mila@meadow.example")


def test_what_is_no_address_adds_nobody(store: Store) -> None:
    with pytest.raises(people.AddressRefused):
        add(store, "mira")
    assert count(store) == 0


def test_an_unknown_person_has_no_address(store: Store) -> None:
    with pytest.raises(PersonUnknown), store.database.begin() as uow:
        people.get_address(uow, PersonId("0" * 32), role="maker")


def test_only_declared_roles_learn_an_address(store: Store) -> None:
    person = add(store, "mira@meadow.example")
    with pytest.raises(WrongPurpose), store.database.begin() as uow:
        people.get_address(uow, person, role="visitor")


def test_nothing_readable_is_stored(sqlite_store: Store) -> None:
    add(sqlite_store, "mira.unmistakable@meadow.example")
    sqlite_store.database.engine.dispose()
    for file in sqlite_store.folder.rglob("*"):
        assert not file.is_file() or b"unmistakable" not in file.read_bytes()


def test_a_look_up_leaves_a_leaf_and_a_miss_does_not(store: Store) -> None:
    person = add(store, "mira@meadow.example")
    with store.database.begin() as uow:
        assert people.find_person(uow, "mila@meadow.example", role="maker") is None
    with store.database.read() as uow:
        before = len(list_leaves(uow.db))
    with store.database.begin() as uow:
        assert people.find_person(uow, "mira@meadow.example", role="maker") == person
    with store.database.read() as uow:
        leaves = list_leaves(uow.db)
    assert len(leaves) == before + 1
    assert leaves[-1].person == person


def test_a_hit_of_the_index_is_compared_with_the_address(store: Store) -> None:
    """Should two addresses ever share an index, neither gets the other's things."""
    person = add(store, "mira@meadow.example")
    with store.database.begin() as uow:
        other = vault.of(uow).index("person", "mila@meadow.example")
        uow.db.execute(records.person.update().where(records.person.c.id == person).values(address_index=other))
    with store.database.begin() as uow:
        assert people.find_person(uow, "mila@meadow.example") is None


def test_two_at_once_are_one_person(store: Store) -> None:
    """Both look before either adds: the second finds what the first added."""
    found: list[PersonId] = []
    gate = threading.Barrier(4)

    def come() -> None:
        gate.wait()
        for _ in range(20):
            try:
                found.append(add(store, "mira@meadow.example"))
            except StoreBusy:
                continue
            return

    threads = [threading.Thread(target=come) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert count(store) == 1


# -- whose basis has ended --------------------------------------------------------------------------------------------


def test_who_never_paid_can_buy_when_coming_back_months_later(shop: Selling) -> None:
    first = shop.place()
    shop.wait(days=31)
    assert shop.order(first.order.id).state == "expired"
    again = shop.place()
    assert again.order.person == first.order.person
    assert shop.pay(again).state == "fulfilled"


def test_who_never_paid_is_not_found_any_more(shop: Selling) -> None:
    shop.place()
    with shop.database.begin() as uow:
        assert people.find_person(uow, BUYER, role="maker") is not None
    shop.wait(days=31)
    with shop.database.begin() as uow:
        assert people.find_person(uow, BUYER, role="maker") is None
    shop.place()
    with shop.database.begin() as uow:
        assert people.find_person(uow, BUYER, role="maker") is not None


# -- housekeeping -----------------------------------------------------------------------------------------------------


def test_tidying_drops_what_is_over_and_asks_to_be_called_again(shop: Selling) -> None:
    with shop.database.begin() as uow:
        token = people.grant(uow, None, "order", "a" * 32)
        people.make_link(uow, "order", "a" * 32, life=timedelta(minutes=15))
    with pytest.raises(Later) as later:
        tidy(shop.database, {})
    assert later.value.due_at == shop.clock.now() + timedelta(hours=1)
    with shop.database.begin() as uow:
        assert people.visitor(uow, token).find("order", "a" * 32) is not None
    shop.clock.advance(timedelta(days=31))
    with pytest.raises(Later):
        tidy(shop.database, {})
    with shop.database.read() as uow:
        for table in (records.session, records.session_grant, records.mail_link):
            assert uow.db.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_tidying_spares_every_key_of_somebody_known(shop: Selling) -> None:
    order = shop.buy()
    shop.clock.advance(timedelta(days=2))
    with pytest.raises(Later):
        tidy(shop.database, {})
    assert shop.key(order)


@given(typed=st.lists(st.sampled_from(["a@x.example", "A@X.example ", "b@x.example", "ä@x.example", "a@ä.example"])))
@settings(max_examples=25, deadline=None)
def test_as_many_people_as_addresses(typed: list[str]) -> None:
    with scratch() as folder, make_store(folder, parts=PARTS) as store:
        given_ids = {people.normalise(one): add(store, one) for one in typed}
        assert count(store) == len(given_ids) == len(set(given_ids.values()))
        for address, person in given_ids.items():
            with store.database.begin() as uow:
                assert service.get_address(uow, person, role="job") == address
