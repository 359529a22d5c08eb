"""Answers leave sealed proof; bases stand as long as they were let, to the instant, and open nothing afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select
from typing_extensions import override

from tests.support.scratch import scratch
from tests.support.selling import Selling
from tests.support.store import Store, make_store
from troth import consent, vault
from troth.consent import NEWS, SIMILAR, Given, Occasion, Standing, records
from troth.consent import policy as consent_policy
from troth.consent.policy import PROOF
from troth.kernel.ids import new_id
from troth.people.policy import FIND
from troth.policy.language import Purpose
from troth.shop.policy import ORDER
from troth.shop.service import CONTRACT
from troth.shop.withdrawal import DELIVER_NOW, WAIVER
from troth.shop.wording import NEWS_BOX, NO_SIMILAR_BOX, SIMILAR_NOTICE
from troth.vault import policy as vault_policy
from troth.vault.errors import BasisEnded

PARTS = (vault_policy.POLICY, consent_policy.POLICY)
FORM = Occasion("checkout", "0" * 32, "en")
MOMENT = timedelta(microseconds=1)
PERSON = "c" * 32


def stands(store: Store | Selling, person: str, purpose: Purpose) -> bool:
    with store.database.read() as uow:
        return Standing([PROOF, NEWS, SIMILAR])(uow, person, purpose.name)


def allow(store: Store, purpose: Purpose, until: datetime | None) -> None:
    with store.database.begin() as uow:
        consent.allow(uow, PERSON, {purpose: until})


def receipts(store: Store | Selling, person: str) -> list[dict[str, Any]]:
    with store.database.begin() as uow, vault.purpose(uow, PROOF, role="maker"):
        return [
            {"kind": kind, "at_row": at, **msgspec.structs.asdict(sealed.open())}
            for kind, at, sealed in records.list_receipts(uow.db, person)
        ]


# -- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_holds_what_proves_the_answer(store: Store) -> None:
    with store.database.begin() as uow:
        consent.record(uow, PERSON, [Given(NEWS, "box", NEWS_BOX, "given")], FORM)
        rules = vault.of(uow).rules
    (receipt,) = receipts(store, PERSON)
    assert receipt == {
        "kind": "box",
        "at_row": store.clock.now(),
        "purpose": "news",
        "basis": "consent",
        "shown": NEWS_BOX,
        "answer": "given",
        "method": "checkout",
        "language": "en",
        "thing": "0" * 32,
        "at": "2026-05-04T12:00:00+00:00",
        "policy": rules.hash,
    }
    with store.database.read() as uow:
        assert uow.db.execute(select(records.receipt.c.policy_revision)).scalar_one() == rules.revision


def test_a_receipt_alone_lets_nothing_stand(store: Store) -> None:
    with store.database.begin() as uow:
        consent.record(uow, PERSON, [Given(NEWS, "box", NEWS_BOX, "given")], FORM)
    assert not stands(store, PERSON, NEWS)


def test_no_answer_leaves_no_receipt(store: Store) -> None:
    with store.database.begin() as uow:
        consent.record(uow, PERSON, [], FORM)
        consent.allow(uow, PERSON, {})
    assert receipts(store, PERSON) == []


# -- bases ------------------------------------------------------------------------------------------------------------


def test_a_basis_stands_to_the_instant(store: Store) -> None:
    assert not stands(store, PERSON, NEWS)
    allow(store, NEWS, store.clock.now() + timedelta(days=30))
    assert stands(store, PERSON, NEWS)
    assert not stands(store, PERSON, SIMILAR)
    assert not stands(store, new_id(), NEWS)
    store.clock.advance(timedelta(days=30) - MOMENT)
    assert stands(store, PERSON, NEWS)
    store.clock.advance(MOMENT)
    assert not stands(store, PERSON, NEWS)


def test_the_law_needs_no_row(store: Store) -> None:
    assert stands(store, PERSON, PROOF)
    with store.database.read() as uow:
        assert uow.db.execute(select(func.count()).select_from(records.basis)).scalar_one() == 0


def test_what_was_ended_opens_nothing_until_it_is_let_again(store: Store) -> None:
    allow(store, NEWS, None)
    with store.database.begin() as uow:
        consent.end(uow, PERSON, [NEWS, SIMILAR])
    assert not stands(store, PERSON, NEWS)
    with store.database.begin() as uow:
        consent.prolong(uow, PERSON, NEWS)
    assert not stands(store, PERSON, NEWS)
    allow(store, NEWS, None)
    assert stands(store, PERSON, NEWS)


def test_what_stands_for_ever_is_not_shortened_by_a_second_order(store: Store) -> None:
    allow(store, NEWS, None)
    allow(store, NEWS, store.clock.now() + timedelta(days=30))
    store.clock.advance(timedelta(days=31))
    assert stands(store, PERSON, NEWS)


def test_shortening_never_lengthens(store: Store) -> None:
    allow(store, NEWS, store.clock.now() + timedelta(days=3))
    with store.database.begin() as uow:
        consent.shorten(uow, PERSON, NEWS, until=uow.now + timedelta(days=7))
    store.clock.advance(timedelta(days=3))
    assert not stands(store, PERSON, NEWS)
    allow(store, NEWS, None)
    with store.database.begin() as uow:
        consent.shorten(uow, PERSON, NEWS, until=uow.now + timedelta(days=7))
    store.clock.advance(timedelta(days=7) - MOMENT)
    assert stands(store, PERSON, NEWS)
    store.clock.advance(MOMENT)
    assert not stands(store, PERSON, NEWS)


class Bases(RuleBasedStateMachine):
    """One basis, let and ended in any order; `until` says when it should end (None: it does not stand)."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        self.store = self.held.enter_context(make_store(self.held.enter_context(scratch()), parts=PARTS))
        self.until: datetime | None = None

    @override
    def teardown(self) -> None:
        self.held.close()

    @property
    def alive(self) -> bool:
        return self.until is not None and self.until > self.store.clock.now()

    @rule(days=st.sampled_from([None, 1, 30]))
    def allow(self, days: int | None) -> None:
        end = None if days is None else self.store.clock.now() + timedelta(days=days)
        allow(self.store, NEWS, end)
        for_ever = datetime.max.replace(tzinfo=self.store.clock.now().tzinfo)
        self.until = max(self.until if self.until and self.alive else self.store.clock.now(), end or for_ever)

    @rule()
    def end(self) -> None:
        with self.store.database.begin() as uow:
            consent.end(uow, PERSON, [NEWS])
        self.until = None

    @rule()
    def prolong(self) -> None:
        with self.store.database.begin() as uow:
            consent.prolong(uow, PERSON, NEWS)
        if self.alive:
            self.until = datetime.max.replace(tzinfo=self.store.clock.now().tzinfo)

    @rule(days=st.sampled_from([1, 15, 31]))
    def wait(self, days: int) -> None:
        self.store.clock.advance(timedelta(days=days))

    @invariant()
    def it_stands_as_long_as_it_should(self) -> None:
        assert stands(self.store, PERSON, NEWS) is self.alive


TestBases = Bases.TestCase
TestBases.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


# -- what an order leaves ---------------------------------------------------------------------------------------------


def standing(shop: Selling, person: str, among: Iterable[Purpose] = (*CONTRACT, NEWS, SIMILAR)) -> set[str]:
    return {one.name for one in among if stands(shop, person, one)}


CONTRACT_NAMES = {one.name for one in CONTRACT}


def test_an_order_that_is_not_paid_leaves_no_basis_after_its_30_days(shop: Selling) -> None:
    order = shop.place().order
    assert standing(shop, order.person) == CONTRACT_NAMES | {"similar products"}
    shop.clock.advance(timedelta(days=30) - MOMENT)
    assert standing(shop, order.person) == CONTRACT_NAMES | {"similar products"}
    shop.clock.advance(MOMENT)
    assert standing(shop, order.person) == set()


def test_a_paid_order_stands_on_its_contract(shop: Selling) -> None:
    order = shop.buy()
    shop.clock.advance(timedelta(days=4000))
    assert standing(shop, order.person) == CONTRACT_NAMES | {"similar products"}


def test_who_objects_is_not_written_to_about_similar_products(shop: Selling) -> None:
    order = shop.buy(no_similar=True)
    assert standing(shop, order.person) == CONTRACT_NAMES


def test_news_come_to_who_ticked_the_box_and_stay_asked_for(shop: Selling) -> None:
    order = shop.place(news=True, no_similar=True).order
    shop.wait(days=31)
    assert standing(shop, order.person) == {"news"}
    shop.place(no_similar=True)
    assert standing(shop, order.person) == CONTRACT_NAMES | {"news"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"news": True, "waiver": False},
            {
                (NEWS_BOX, "given"),
                (DELIVER_NOW.text, "given"),
                (WAIVER.text, "refused"),
                (SIMILAR_NOTICE, "notified"),
                ("", "contract"),
            },
        ),
        (
            {"no_similar": True, "country": "US", "deliver_now": False, "waiver": False},
            {(NEWS_BOX, "refused"), (NO_SIMILAR_BOX, "refused"), ("", "contract")},
        ),
    ],
)
def test_every_box_is_proven_as_it_stood(
    shop: Selling, changes: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    order = shop.place(**changes).order
    found = receipts(shop, order.person)
    assert {(one["shown"], one["answer"]) for one in found} == expected
    assert {one["thing"] for one in found} == {order.id}
    assert len(found) == len(expected)


def test_the_vault_opens_nothing_for_a_basis_that_ended(shop: Selling) -> None:
    order = shop.buy()
    with shop.database.begin() as uow:
        consent.end(uow, order.person, [ORDER, FIND])
    assert order.buyer is not None
    with pytest.raises(BasisEnded), shop.database.begin() as uow, vault.purpose(uow, ORDER, role="maker"):
        order.buyer.open()
