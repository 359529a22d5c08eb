"""The book: every session, payment, refund and event, and the rules of what may follow what. Knows no HTTP.

Its promises, held by property tests: a session pays at most once; refunds never exceed the charge; every change
tells its events exactly once, in order; what was refused changed nothing (a declined card is no refusal here).
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TypeVar

from paybox import rules
from paybox.objects import (
    Card,
    Cause,
    Charge,
    Event,
    Ids,
    Intent,
    IntentTerms,
    LineItem,
    Refund,
    Session,
    SessionTerms,
    Thing,
)
from paybox.refusals import Refusal, no_such

KINDS: dict[type[Thing | Event], str] = {
    Session: "checkout.session",
    Intent: "payment_intent",
    Charge: "charge",
    Refund: "refund",
    Event: "event",
}
NOBODY = Cause()
CAUSE: ContextVar[Cause] = ContextVar("paybox_cause", default=NOBODY)
"""The API request being served, so that its events can name it."""

AnyThing = TypeVar("AnyThing", Session, Intent, Charge, Refund, Event)
Listener = Callable[[Sequence[Event]], None]


class Book:
    """A payment provider's memory, safe to use from many threads; `lock` may be held over several calls."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, seed: int | None = None, limit: int = 100_000
    ) -> None:
        """Start empty; a `seed` makes ids repeatable, `limit` bounds the objects and events held."""
        self.lock = threading.RLock()
        self.revision = 0
        self._clock = clock
        self._ids = Ids(seed)
        self._limit = limit
        self._listeners: list[Listener] = []
        self._fresh: list[Event] = []
        self._empty()

    def _empty(self) -> None:
        self._shelves: dict[type[Thing | Event], dict[str, Thing | Event]] = {kind: {} for kind in KINDS}
        self._due: list[tuple[int, str]] = []
        self._offset = 0
        self.delivery: dict[str, str] = {}

    # -- time -----------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the present second, moved by what `advance` was told."""
        return int(self._clock()) + self._offset

    def advance(self, seconds: int) -> list[str]:
        """Move the clock forward; return the ids of the sessions that expired."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        with self._change():
            self._offset += seconds
            return self._sweep()

    def sweep(self) -> list[str]:
        """Expire the sessions whose time is over; return their ids."""
        with self._change() as expired:
            return expired

    # -- reading --------------------------------------------------------------------------------------------

    def retrieve(self, name: str) -> Thing | Event:
        """Return whatever has that id, whichever kind it is; raises `Refusal` (404)."""
        with self._change():
            for shelf in self._shelves.values():
                if name in shelf:
                    return shelf[name]
        raise no_such("object", name)

    def get(self, kind: type[AnyThing], name: str, *, param: str = "id") -> AnyThing:
        """Return the object of that kind; raises `Refusal` (404) naming the parameter."""
        with self._change():
            return self._get(kind, name, param=param)

    def find(self, kind: type[AnyThing], name: str) -> AnyThing | None:
        """Return the object of that kind, or None."""
        with self._change():
            found = self._shelves[kind].get(name)
            return found if isinstance(found, kind) else None

    def listed(self, kind: type[AnyThing]) -> list[AnyThing]:
        """Return all objects of a kind, oldest first."""
        with self._change():
            return [found for found in self._shelves[kind].values() if isinstance(found, kind)]

    def everything(self) -> list[Thing | Event]:
        """Return all there is, kind by kind, oldest first."""
        with self._change():
            return [thing for shelf in self._shelves.values() for thing in shelf.values()]

    @property
    def events(self) -> list[Event]:
        """All events, oldest first."""
        return self.listed(Event)

    def find_charge(self, intent: str) -> Charge | None:
        """Return the charge that paid an intent, or None."""
        charge = self.get(Intent, intent, param="payment_intent").charge
        found = None if charge is None else self.get(Charge, charge)
        return found if found is not None and found.paid else None

    def count(self) -> int:
        """Return how many objects and events are held."""
        return sum(map(len, self._shelves.values()))

    # -- checkout sessions ----------------------------------------------------------------------------------

    def create_session(self, terms: SessionTerms) -> Session:
        """Open a Checkout Session; raises `Refusal` for a sum or an expiry that Stripe would not take."""
        with self._change():
            self._admit()
            rules.check_amount(terms.amount, terms.currency, param="line_items")
            now = self.now()
            ends = now + rules.DAY if terms.expires_at is None else terms.expires_at
            rules.check_expiry(ends - now)
            lines = tuple(self._with_ids(line) for line in terms.lines)
            session = Session(
                id=self._ids.new("cs_test_", 58),
                created=now,
                expires_at=ends,
                terms=replace(terms, lines=lines),
            )
            self._put(session)
            heapq.heappush(self._due, (ends, session.id))
            return session

    def pay(self, session_id: str, *, country: str = "DE") -> Session:
        """Pay as a person on the page does, with a card from `country`; raises `Refusal` unless it is open."""
        return self._try(session_id, Card(country=country))

    def decline(self, session_id: str, *, country: str = "DE", reason: str = "generic_decline") -> Session:
        """Try to pay with a card that says no; the session stays open."""
        return self._try(session_id, Card(country=country, decline=rules.known_decline(reason), last4="0002"))

    def expire(self, session_id: str) -> Session:
        """Close an open session; raises `Refusal` unless it is open."""
        with self._change():
            session = self._get(Session, session_id)
            rules.check_expirable(session)
            return self._close(session)

    def _try(self, session_id: str, card: Card) -> Session:
        with self._change():
            session = self._get(Session, session_id)
            rules.check_payable(session)
            self._admit()
            intent = self._settle(self._intent_of(session), card)
            session = replace(session, intent=intent.id)
            if intent.status == "succeeded":
                session = replace(session, status="complete", country=card.country)
                self._tell("checkout.session.completed", session)
            self._put(session)
            return session

    def _intent_of(self, session: Session) -> Intent:
        """Return the session's intent; like Stripe's, it is made at the first try to pay."""
        if session.intent is not None:
            return self._get(Intent, session.intent)
        terms = IntentTerms(
            amount=session.terms.amount,
            currency=session.terms.currency,
            description=session.terms.intent_description,
            metadata=session.terms.intent_metadata,
            echo=session.terms.intent_echo,
        )
        return self._new_intent(terms, session.id)

    def _close(self, session: Session) -> Session:
        session = replace(session, status="expired")
        self._put(session)
        if session.intent is not None:
            self._cancel(self._get(Intent, session.intent), "expired")
        self._tell("checkout.session.expired", session)
        return session

    # -- payment intents ------------------------------------------------------------------------------------

    def create_intent(self, terms: IntentTerms) -> Intent:
        """Ask for a sum; raises `Refusal` for one that Stripe would not take."""
        with self._change():
            self._admit()
            rules.check_amount(terms.amount, terms.currency, param="amount")
            return self._new_intent(terms, None)

    def confirm_intent(self, intent_id: str, card: Card | None = None) -> Intent:
        """Charge the card given or attached; the intent answers whether it paid (see its `decline`)."""
        with self._change():
            intent = self._own(intent_id)
            card = rules.check_confirmable(intent, card)
            self._admit()
            return self._settle(intent, card)

    def cancel_intent(self, intent_id: str, *, reason: str | None = None) -> Intent:
        """Give up an unpaid intent; raises `Refusal` for one that is paid, cancelled or a session's."""
        with self._change():
            intent = self._own(intent_id)
            rules.check_cancelable(intent)
            return self._cancel(intent, reason)

    def _own(self, intent_id: str) -> Intent:
        intent = self._get(Intent, intent_id, param="intent")
        rules.check_own(intent)
        return intent

    def _new_intent(self, terms: IntentTerms, session: str | None) -> Intent:
        card = None if terms.card is None else self._held(terms.card)
        intent = Intent(
            id=self._ids.new("pi_3", 23),
            created=self.now(),
            terms=terms,
            status="requires_payment_method" if card is None else "requires_confirmation",
            session=session,
            card=card,
        )
        self._put(intent)
        return intent

    def _settle(self, intent: Intent, card: Card) -> Intent:
        card = self._held(card)
        session = None if intent.session is None else self._get(Session, intent.session)
        charge = Charge(
            id=self._ids.new("ch_3", 23),
            created=self.now(),
            intent=intent.id,
            amount=intent.terms.amount,
            currency=intent.terms.currency,
            card=card,
            description=intent.terms.description,
            metadata=intent.terms.metadata,
            email=session.terms.customer_email if session else None,
        )
        self._put(charge)
        if charge.paid:
            intent = replace(intent, status="succeeded", charge=charge.id, card=card, decline=None)
            event = "payment_intent.succeeded"
        else:
            intent = replace(
                intent, status="requires_payment_method", charge=charge.id, card=None, decline=card.decline
            )
            event = "payment_intent.payment_failed"
        self._put(intent)
        self._tell(event, intent)
        return intent

    def _cancel(self, intent: Intent, reason: str | None) -> Intent:
        intent = replace(intent, status="canceled", canceled_at=self.now(), cancellation_reason=reason)
        self._put(intent)
        self._tell("payment_intent.canceled", intent)
        return intent

    def _held(self, card: Card) -> Card:
        return card if card.method else replace(card, method=self._ids.new("pm_1", 23))

    # -- refunds --------------------------------------------------------------------------------------------

    def refund(
        self,
        charge_id: str,
        *,
        amount: int | None = None,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Refund:
        """Give back `amount`, or all that is left; raises `Refusal` when that is more than is left."""
        with self._change():
            charge = self._get(Charge, charge_id, param="charge")
            amount = rules.refundable(charge, amount)
            self._admit()
            refund = Refund(
                id=self._ids.new("re_3", 23),
                created=self.now(),
                charge=charge.id,
                intent=charge.intent,
                amount=amount,
                currency=charge.currency,
                reason=reason,
                metadata=dict(metadata or {}),
            )
            self._put(refund)
            charge = replace(charge, refunded=charge.refunded + amount)
            self._put(charge)
            self._tell("charge.refunded", charge)
            return refund

    # -- events, listeners, housekeeping --------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the events of each change, in order, before the change returns; it must be quick."""
        self._listeners.append(listener)

    def mark(self, event_id: str, delivery: str) -> None:
        """Note how the delivery of an event stands (`waiting`, `delivered`, `lost`, …)."""
        with self.lock:
            if event_id in self._shelves[Event]:
                self.delivery[event_id] = delivery
                self.revision += 1

    def reset(self) -> None:
        """Forget everything, the moved clock included."""
        with self.lock:
            self._empty()
            self.revision += 1

    def offset(self) -> int:
        """Return by how many seconds `advance` moved the clock."""
        return self._offset

    def restore(self, things: Sequence[Thing | Event], *, delivery: Mapping[str, str], offset: int) -> None:
        """Take over what an earlier book held, in its order, without telling any event again."""
        with self.lock:
            self._empty()
            self._ids = Ids()  # a repeated seed would give out names already taken
            for thing in things:
                self._put(thing)
                if isinstance(thing, Session):
                    heapq.heappush(self._due, (thing.expires_at, thing.id))
            self.delivery = dict(delivery)
            self._offset = offset

    def _get(self, kind: type[AnyThing], name: str, *, param: str = "id") -> AnyThing:
        found = self._shelves[kind].get(name)
        if not isinstance(found, kind):
            raise no_such(KINDS[kind], name, param=param)
        return found

    @contextmanager
    def _change(self) -> Iterator[list[str]]:
        """Hold the lock, expire what is due, and tell the events when the outermost change ends."""
        with self.lock:
            expired = self._sweep()
            try:
                yield expired
            finally:
                if self._fresh:
                    fresh, self._fresh = self._fresh, []
                    for listener in self._listeners:
                        listener(fresh)

    def _sweep(self) -> list[str]:
        expired: list[str] = []
        while self._due and self._due[0][0] <= self.now():
            _, name = heapq.heappop(self._due)
            session = self._shelves[Session].get(name)
            if isinstance(session, Session) and session.status == "open":
                cause = CAUSE.set(NOBODY)  # the clock did it, whoever happens to be asking
                expired.append(self._close(session).id)
                CAUSE.reset(cause)
        return expired

    def _put(self, thing: Thing | Event) -> None:
        self._shelves[type(thing)][thing.id] = thing
        self.revision += 1

    def _tell(self, name: str, subject: Session | Intent | Charge) -> None:
        event = Event(self._ids.new("evt_1", 23), self.now(), name, subject, CAUSE.get())
        self._put(event)
        self.delivery[event.id] = "none"
        self._fresh.append(event)

    def _with_ids(self, line: LineItem) -> LineItem:
        return replace(
            line,
            id=self._ids.new("li_1", 23),
            price=self._ids.new("price_1", 23),
            product=self._ids.new("prod_", 14),
        )

    def _admit(self) -> None:
        if self.count() >= self._limit:
            raise Refusal(
                f"paybox holds {self._limit} objects, its limit; reset it or start it with a higher one.",
                status=429,
                code="rate_limit",
            )
