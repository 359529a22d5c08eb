"""A session is nobody: it is a browser that may see single things, for a time. A link opens one thing, once."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from tests.support.scratch import scratch
from tests.support.store import Store, make_store
from troth import people
from troth.kernel.ids import new_token, token_index
from troth.people import policy as people_policy
from troth.people import records
from troth.people.errors import LinkSpent
from troth.people.model import INVITATION_LIFE, LINK_LIFE, OFFICE_LIFE, SESSION_LIFE
from troth.vault import policy as vault_policy

PARTS = (vault_policy.POLICY, people_policy.POLICY)
ORDER, OTHER = "a" * 32, "b" * 32
MOMENT = timedelta(microseconds=1)


def grant(store: Store, token: str | None, kind: str = "order", thing: str = ORDER, **more: Any) -> str:
    with store.database.begin() as uow:
        return people.grant(uow, token, kind, thing, **more)


def sees(store: Store, token: str | None, kind: str = "order", thing: str = ORDER) -> bool:
    with store.database.read() as uow:
        return people.visitor(uow, token).find(kind, thing) is not None


def link(store: Store, kind: str = "order", thing: str = ORDER, *, life: timedelta = LINK_LIFE) -> str:
    with store.database.begin() as uow:
        return people.make_link(uow, kind, thing, life=life)


def spend(store: Store, token: str) -> people.Grant:
    with store.database.begin() as uow:
        return people.spend_link(uow, token)


def test_the_lives_of_things_are_those_the_pages_tell() -> None:
    assert (timedelta(minutes=15), timedelta(minutes=10)) == (LINK_LIFE, INVITATION_LIFE)
    assert (timedelta(days=30), timedelta(hours=8)) == (SESSION_LIFE, OFFICE_LIFE)


def test_a_browser_sees_the_thing_it_was_granted_and_no_other(store: Store) -> None:
    token = grant(store, None)
    assert sees(store, token)
    assert not sees(store, token, thing=OTHER)
    assert not sees(store, token, kind="office")
    for stranger in (None, "", new_token(), token[::-1]):
        assert not sees(store, stranger)


def test_a_browser_keeps_its_token_and_an_unknown_one_is_not_adopted(store: Store) -> None:
    token = grant(store, None)
    assert grant(store, token, thing=OTHER) == token
    assert sees(store, token)
    chosen_by_somebody = new_token()
    made = grant(store, chosen_by_somebody)
    assert made != chosen_by_somebody
    assert not sees(store, chosen_by_somebody)


def test_a_grant_ends_to_the_instant(store: Store) -> None:
    token = grant(store, None, life=timedelta(hours=24))
    store.clock.advance(timedelta(hours=24) - MOMENT)
    assert sees(store, token)
    store.clock.advance(MOMENT)
    assert not sees(store, token)


def test_a_browser_that_comes_back_loses_nothing_it_was_granted_since(store: Store) -> None:
    """The session lasts as long as its newest thing, as the cookie does."""
    token = grant(store, None)
    store.clock.advance(timedelta(days=29))
    assert grant(store, token, thing=OTHER) == token
    store.clock.advance(timedelta(days=2))
    assert not sees(store, token)
    assert sees(store, token, thing=OTHER)
    assert grant(store, token) == token
    assert sees(store, token, thing=OTHER)


def test_a_second_grant_of_the_same_thing_prolongs_the_first(store: Store) -> None:
    token = grant(store, None)
    store.clock.advance(timedelta(days=20))
    grant(store, token)
    store.clock.advance(timedelta(days=20))
    assert sees(store, token)


def test_a_session_that_is_over_begins_anew(store: Store) -> None:
    token = grant(store, None)
    store.clock.advance(SESSION_LIFE)
    assert grant(store, token) != token


def test_what_is_withdrawn_no_browser_sees(store: Store) -> None:
    first, second = grant(store, None), grant(store, None)
    grant(store, first, thing=OTHER)
    spare, closed = link(store, thing=OTHER), link(store)
    with store.database.begin() as uow:
        people.withdraw_grants(uow, "order", ORDER)
        people.withdraw_links(uow, "order", ORDER)
    assert not sees(store, first)
    assert not sees(store, second)
    assert sees(store, first, thing=OTHER)
    assert spend(store, spare).thing == OTHER
    with pytest.raises(LinkSpent):
        spend(store, closed)


def test_a_link_opens_one_thing_once(store: Store) -> None:
    token = link(store)
    with store.database.read() as uow:
        for _ in range(3):
            assert people.check_link(uow, token).thing == ORDER
    assert spend(store, token).kind == "order"
    with pytest.raises(LinkSpent):
        spend(store, token)
    with pytest.raises(LinkSpent), store.database.read() as uow:
        people.check_link(uow, token)


def test_a_link_ends_to_the_instant(store: Store) -> None:
    early, late = link(store), link(store)
    store.clock.advance(LINK_LIFE - MOMENT)
    assert spend(store, early).thing == ORDER
    store.clock.advance(MOMENT)
    with pytest.raises(LinkSpent, match="Nothing is lost: ask for a new one"):
        spend(store, late)


def test_a_link_nobody_made_opens_nothing(store: Store) -> None:
    for guess in ("", "x", new_token()):
        with pytest.raises(LinkSpent):
            spend(store, guess)


def test_a_copy_of_the_tables_holds_no_token(sqlite_store: Store) -> None:
    tokens = [grant(sqlite_store, None), link(sqlite_store)]
    sqlite_store.database.engine.dispose()
    content = b"".join(one.read_bytes() for one in sqlite_store.folder.glob("troth.db*"))
    for token in tokens:
        assert token.encode() not in content
        assert token_index(token) in content


# -- any sequence -----------------------------------------------------------------------------------------------------

THINGS = st.sampled_from([("order", ORDER), ("order", OTHER), ("order-link", ORDER), ("office", "orders")])
LIVES = st.sampled_from([timedelta(minutes=15), timedelta(hours=8), timedelta(days=30)])
STEPS = st.sampled_from([MOMENT, timedelta(minutes=7), timedelta(minutes=8), timedelta(hours=8), timedelta(days=11)])


class Browsers(RuleBasedStateMachine):
    """Browsers, links and time, in any order; `granted` and `links` say what must be."""

    browsers = Bundle("browsers")
    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.granted: dict[str, dict[tuple[str, str], datetime]] = {}
        self.fresh: dict[str, tuple[tuple[str, str], datetime]] = {}

        self.held = ExitStack()
        folder = self.held.enter_context(scratch())
        self.store = self.held.enter_context(make_store(folder, parts=PARTS))

    @override
    def teardown(self) -> None:
        self.held.close()

    @property
    def now(self) -> datetime:
        return self.store.clock.now()

    @rule(target=browsers, thing=THINGS, life=LIVES)
    def first_grant(self, thing: tuple[str, str], life: timedelta) -> str:
        token = grant(self.store, None, *thing, life=life)
        assert token not in self.granted
        self.granted[token] = {thing: self.now + life}
        return token

    @rule(target=browsers, browser=browsers, thing=THINGS, life=LIVES)
    def grant_more(self, browser: str, thing: tuple[str, str], life: timedelta) -> str:
        token = grant(self.store, browser, *thing, life=life)
        if token != browser:
            assert not any(end > self.now for end in self.granted[browser].values()), "a living session was replaced"
        self.granted.setdefault(token, {})[thing] = self.now + life
        return token

    @rule(target=links, thing=THINGS)
    def make_link(self, thing: tuple[str, str]) -> str:
        token = link(self.store, *thing)
        self.fresh[token] = (thing, self.now + LINK_LIFE)
        return token

    @rule(token=links)
    def use_link(self, token: str) -> None:
        known = self.fresh.pop(token, None)
        if known is None or known[1] <= self.now:
            with pytest.raises(LinkSpent):
                spend(self.store, token)
        else:
            found = spend(self.store, token)
            assert (found.kind, found.thing) == known[0]

    @rule(thing=THINGS)
    def withdraw(self, thing: tuple[str, str]) -> None:
        with self.store.database.begin() as uow:
            people.withdraw_grants(uow, *thing)
            people.withdraw_links(uow, *thing)
        for things in self.granted.values():
            things.pop(thing, None)
        self.fresh = {token: known for token, known in self.fresh.items() if known[0] != thing}

    @rule(step=STEPS)
    def wait(self, step: timedelta) -> None:
        self.store.clock.advance(step)

    @rule()
    def tidy(self) -> None:
        with self.store.database.begin() as uow:
            records.delete_ended(uow.db, uow.now)

    @invariant()
    def every_browser_sees_exactly_what_it_was_granted(self) -> None:
        for token, things in self.granted.items():
            with self.store.database.read() as uow:
                seen = {(one.kind, one.thing) for one in people.visitor(uow, token).grants}
            assert seen == {thing for thing, end in things.items() if end > self.now}


TestBrowsers = Browsers.TestCase
TestBrowsers.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
