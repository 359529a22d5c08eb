"""The book's promises as properties: whatever is done in whatever order, money and events add up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from paybox import Book, LineItem, Refusal, SessionTerms
from paybox.objects import Card, Charge, Event, Intent, IntentTerms, Refund, Session

COUNTRIES = st.sampled_from(["DE", "FR", "US"])
AMOUNTS = st.integers(min_value=50, max_value=10**7)


def terms(amount: int = 4641, *, expires_at: int | None = None) -> SessionTerms:
    return SessionTerms(
        lines=(LineItem("Backup Home", amount),),
        currency="eur",
        success_url="http://localhost/",
        expires_at=expires_at,
    )


class Payments(RuleBasedStateMachine):
    """Anybody does anything at any time."""

    sessions: Bundle[str] = Bundle("sessions")
    intents: Bundle[str] = Bundle("intents")

    @initialize()
    def open_book(self) -> None:
        self.second = 1_000_000
        self.book = Book(clock=lambda: self.second, seed=1)
        self.told: list[Event] = []
        self.book.listen(self.told.extend)

    def tried(self, *does: object) -> None:
        """Do it; when it is refused, nothing may have changed."""
        do, *arguments = does
        before = self.book.everything()
        told = len(self.told)
        try:
            do(*arguments)  # type: ignore[operator]  # a method of the book
        except Refusal:
            assert self.book.everything() == before
            assert len(self.told) == told

    @rule(target=sessions, amount=AMOUNTS, minutes=st.integers(30, 1440))
    def create_session(self, amount: int, minutes: int) -> str:
        return self.book.create_session(terms(amount, expires_at=self.book.now() + 60 * minutes)).id

    @rule(session=sessions, country=COUNTRIES)
    def pay(self, session: str, country: str) -> None:
        self.tried(lambda: self.book.pay(session, country=country))

    @rule(session=sessions)
    def decline(self, session: str) -> None:
        self.tried(self.book.decline, session)

    @rule(session=sessions)
    def expire(self, session: str) -> None:
        self.tried(self.book.expire, session)

    @rule(minutes=st.integers(0, 700))
    def wait(self, minutes: int) -> None:
        self.second += 60 * minutes
        self.book.sweep()

    @rule(target=intents, amount=AMOUNTS)
    def create_intent(self, amount: int) -> str:
        return self.book.create_intent(IntentTerms(amount, "eur")).id

    @rule(intent=intents, decline=st.sampled_from([None, "generic_decline"]))
    def confirm(self, intent: str, decline: str | None) -> None:
        self.tried(self.book.confirm_intent, intent, Card(decline=decline))

    @rule(intent=intents)
    def cancel(self, intent: str) -> None:
        self.tried(self.book.cancel_intent, intent)

    @rule(data=st.data(), amount=st.none() | st.integers(-5, 10**7))
    def refund(self, data: st.DataObject, amount: int | None) -> None:
        charges = self.book.listed(Charge)
        if charges:
            charge = data.draw(st.sampled_from(charges)).id
            self.tried(lambda: self.book.refund(charge, amount=amount))

    @rule(data=st.data(), off=st.integers(-2, 2))
    def refund_about_what_is_left(self, data: st.DataObject, off: int) -> None:
        paid = [charge for charge in self.book.listed(Charge) if charge.paid]
        if paid:
            charge = data.draw(st.sampled_from(paid))
            self.tried(lambda: self.book.refund(charge.id, amount=charge.amount - charge.refunded + off))

    @invariant()
    def refunds_never_exceed_the_charge(self) -> None:
        given_back: Counter[str] = Counter()
        for refund in self.book.listed(Refund):
            assert refund.amount > 0
            given_back[refund.charge] += refund.amount
        for charge in self.book.listed(Charge):
            assert charge.refunded == given_back[charge.id] <= (charge.amount if charge.paid else 0)

    @invariant()
    def each_session_and_each_intent_pays_at_most_once(self) -> None:
        paid = Counter(charge.intent for charge in self.book.listed(Charge) if charge.paid)
        assert set(paid.values()) <= {1}
        by_session = Counter(intent.session for intent in self.book.listed(Intent) if intent.session)
        assert set(by_session.values()) <= {1}
        for intent in self.book.listed(Intent):
            assert (intent.status == "succeeded") == (paid[intent.id] == 1)

    @invariant()
    def a_session_is_complete_when_its_intent_paid_and_only_then(self) -> None:
        for session in self.book.listed(Session):
            intent = None if session.intent is None else self.book.get(Intent, session.intent)
            assert (session.status == "complete") == (intent is not None and intent.status == "succeeded")
            if intent is not None:
                assert (intent.session, intent.terms.amount) == (session.id, session.terms.amount)
            if session.expires_at <= self.book.now():
                assert session.status != "open"

    @invariant()
    def every_change_told_its_events_once_and_in_order(self) -> None:
        assert self.told == self.book.events
        counts = Counter((event.type, event.subject.id) for event in self.told)
        for session in self.book.listed(Session):
            assert counts["checkout.session.completed", session.id] == (session.status == "complete")
            assert counts["checkout.session.expired", session.id] == (session.status == "expired")
        for intent in self.book.listed(Intent):
            assert counts["payment_intent.succeeded", intent.id] == (intent.status == "succeeded")
            assert counts["payment_intent.canceled", intent.id] == (intent.status == "canceled")
        assert sum(event.type == "charge.refunded" for event in self.told) == len(self.book.listed(Refund))

    @invariant()
    def the_last_event_of_an_object_shows_it_as_it_is(self) -> None:
        last = {event.subject.id: event.subject for event in self.told}
        for charge in self.book.listed(Charge):
            assert last.get(charge.id, charge) == charge
        for intent in self.book.listed(Intent):
            assert last.get(intent.id, intent) == intent


TestPayments = Payments.TestCase
TestPayments.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_the_same_seed_gives_the_same_ids() -> None:
    first, second, other = (Book(seed=seed).create_session(terms()).id for seed in (7, 7, 8))
    assert first == second != other


def test_a_listener_hears_of_both_events_of_a_payment_at_once() -> None:
    book = Book()
    heard: list[list[str]] = []
    book.listen(lambda events: heard.append([event.type for event in events]))
    book.pay(book.create_session(terms()).id)
    assert heard == [["payment_intent.succeeded", "checkout.session.completed"]]


def test_retrieve_finds_whatever_has_the_id() -> None:
    book = Book()
    session = book.pay(book.create_session(terms()).id)
    charge = book.find_charge(str(session.intent))
    assert charge is not None
    assert [type(book.retrieve(name)) for name in (session.id, charge.id, book.events[0].id)] == [
        Session,
        Charge,
        Event,
    ]
    with pytest.raises(Refusal, match="No such object"):
        book.retrieve("nothing")


def test_a_full_book_refuses_with_429_and_keeps_what_it_has() -> None:
    book = Book(limit=3)
    for _ in range(3):
        session = book.create_session(terms())
    with pytest.raises(Refusal, match="its limit") as caught:
        book.create_session(terms())
    assert caught.value.status == 429
    with pytest.raises(Refusal, match="its limit"):
        book.pay(session.id)
    assert book.count() == 3


@given(st.lists(st.integers(1, 500), max_size=30))
def test_partial_refunds_add_up_to_what_was_paid_and_no_further(amounts: list[int]) -> None:
    book = Book()
    intent = str(book.pay(book.create_session(terms(1000)).id).intent)
    charge = book.find_charge(intent)
    assert charge is not None
    for amount in amounts:
        left = 1000 - book.get(Charge, charge.id).refunded
        if amount <= left:
            assert book.refund(charge.id, amount=amount).amount == amount
        else:
            with pytest.raises(Refusal):
                book.refund(charge.id, amount=amount)
    assert book.get(Charge, charge.id).refunded <= 1000


def test_time_never_goes_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        Book().advance(-1)
