"""Orders through everything that can happen to them, in any order, on real databases with a set clock.

Buyers, the maker, the provider and time are the rules; what must always hold are the invariants. When an example ends
all is settled, and the store's books are compared with the provider's.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from typing_extensions import override

from paybox import Refusal, Request
from paybox.objects import Event, Session
from paybox.signature import sign
from tests.support.scratch import scratch
from tests.support.selling import SECRET, Selling, Template, opened
from troth import licences
from troth.consent import Standing
from troth.kernel.errors import Conflict
from troth.kernel.ids import new_token
from troth.kernel.jobs import job
from troth.licences import LicenceUnknown
from troth.mail.records import mail
from troth.shop import ledger, payments, records, service
from troth.shop.ledger import first_bad_row
from troth.shop.model import TRANSITIONS, Checkout, Method, Order, State
from troth.shop.policy import ORDER
from troth.shop.withdrawal import day_15

ADDRESSES = ("ada@example.org", "bea@example.org", "cyd@example.org")
FOR_EVER = datetime.max.replace(tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
OPEN = {State.INITIATED, State.FAILED}
EVER_PAID = {State.PAID, State.FULFILLED, State.REFUNDED}

CHECKOUTS = st.fixed_dictionaries(
    {
        "email": st.sampled_from(ADDRESSES),
        "country": st.sampled_from(["DE", "GB", "US"]),
        "method": st.sampled_from([Method.CARD, Method.CARD, Method.BANK]),
        "deliver_now": st.booleans(),
        "waiver": st.booleans(),
        "business": st.booleans(),
    }
)
STEPS = st.sampled_from([timedelta(minutes=2), timedelta(hours=23), timedelta(days=3), timedelta(days=16)])


@dataclass
class Line:
    """What a machine knows of one order: what was asked, its pages at the provider, and every key it ever had."""

    checkout: Checkout
    token: str
    sessions: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    resent: int = 0
    reissued: int = 0


class Orders(RuleBasedStateMachine):
    """Up to a handful of orders of three people."""

    lines = Bundle("lines")
    events = Bundle("events")

    def __init__(self, template: Template) -> None:
        super().__init__()
        self.held = ExitStack()
        folder = self.held.enter_context(scratch())
        self.shop: Selling = self.held.enter_context(opened(template.copy(folder / "store")))
        self.known: dict[str, Line] = {}
        self.told: list[Event] = []
        self.shop.box.book.listen(self.told.extend)
        self.until: dict[str, datetime] = {}

    @override
    def teardown(self) -> None:
        try:
            self.settle_everything()
        finally:
            self.held.close()

    @property
    def now(self) -> datetime:
        return self.shop.clock.now()

    def order(self, order_id: str) -> Order:
        return self.shop.order(order_id)

    # -- buyers ------------------------------------------------------------------------------------------------------

    @initialize(target=lines, typed=CHECKOUTS)
    def first_order(self, typed: dict[str, Any]) -> str:
        return self.place(typed)

    @rule(target=lines, typed=CHECKOUTS)
    def another_order(self, typed: dict[str, Any]) -> Any:
        return self.place(typed) if len(self.known) < 4 else multiple()

    def place(self, typed: dict[str, Any]) -> str:
        more = {"name": "Meadow GmbH", "address": "Am Kanal 12"} if typed["business"] else {}
        checkout = Checkout("fernside-backup", "home", currency="EUR", once=new_token(), **typed | more)
        with self.shop.database.begin() as uow:
            placed = service.place_order(uow, checkout)
        self.known[placed.order.id] = Line(checkout, placed.token)
        self.allow(placed.order.person, self.now + timedelta(days=30))
        return placed.order.id

    @rule(order=lines)
    def press_the_button_twice(self, order: str) -> None:
        if self.order(order).state not in OPEN or self.order(order).expires_at <= self.now:
            return
        with self.shop.database.begin() as uow:
            again = service.place_order(uow, self.known[order].checkout)
        assert (again.order.id, again.token) == (order, self.known[order].token)

    @rule(order=lines)
    def go_to_the_payment(self, order: str) -> None:
        line, before = self.known[order], self.order(order)
        payable = before.method is Method.CARD and before.state in OPEN
        try:
            url = payments.open_payment(self.shop.database, line.token)
        except Conflict:
            assert not payable
        else:
            assert payable
            line.sessions.append(url.rpartition("/")[2])

    @rule(order=lines, outcome=st.sampled_from(["pay", "pay", "decline"]), country=st.sampled_from(["DE", "FR"]))
    def use_the_page(self, order: str, outcome: str, country: str) -> None:
        for session in self.known[order].sessions[-1:]:
            with suppress(Refusal):
                getattr(self.shop.box, outcome)(session, country=country)

    @rule(order=lines)
    def come_back(self, order: str) -> None:
        with self.shop.database.begin() as uow:
            for attempt in records.list_attempts(uow.db, order=order):
                payments.ask(uow, attempt)

    @rule(order=lines)
    def cancel(self, order: str) -> None:
        self.try_to(service.cancel, order, allowed=self.order(order).state in OPEN)

    @rule(order=lines, email=st.sampled_from(ADDRESSES))
    def put_the_address_right(self, order: str, email: str) -> None:
        before = self.order(order)
        with self.shop.database.begin() as uow:
            buyer = service.open_buyer(uow, before, role="buyer") if before.state is State.FULFILLED else None
        allowed = buyer is not None and buyer.email != email
        if not self.try_to(service.reissue, order, email, allowed=allowed, role="buyer"):
            return
        self.known[order].reissued += 1
        after = self.order(order)
        assert after.person != before.person
        self.allow(after.person, FOR_EVER)
        if not any(one.person == before.person and (one.draft or one.buyer) for one in self.all_orders()):
            self.until.pop(before.person)

    # -- the maker ---------------------------------------------------------------------------------------------------

    @rule(order=lines)
    def confirm_the_transfer(self, order: str) -> None:
        before = self.order(order)
        allowed = before.method is Method.BANK and before.state in OPEN and before.expires_at > self.now
        self.try_to(payments.confirm_transfer, order, allowed=allowed)

    @rule(order=lines)
    def refund(self, order: str) -> None:
        self.try_to(payments.ask_refund, order, allowed=self.order(order).state in {State.PAID, State.FULFILLED})

    @rule(order=lines)
    def resend(self, order: str) -> None:
        allowed = self.order(order).state is State.FULFILLED
        self.known[order].resent += self.try_to(service.resend, order, allowed=allowed, role="maker")

    @rule(order=lines)
    def pay_back_what_is_owed(self, order: str) -> None:
        with self.shop.database.read() as uow:
            owed = ledger.list_owed(uow, service.get_order(uow, order))
        self.try_to(payments.ask_repayment, order, allowed=bool(owed))

    def try_to(self, action: Any, order: str, *args: Any, allowed: bool, **more: Any) -> bool:
        """Do it; what the order's state forbids is refused and changes nothing."""
        before = self.order(order)
        try:
            with self.shop.database.begin() as uow:
                action(uow, service.get_order(uow, order), *args, **more)
        except Conflict:
            assert not allowed, f"{action.__name__} was refused"
            assert self.order(order).state is before.state
            return False
        assert allowed, f"{action.__name__} was not refused"
        return True

    # -- the provider ------------------------------------------------------------------------------------------------

    @rule(target=events)
    def the_provider_writes(self) -> Any:
        told, self.told[:] = list(self.told), []
        return multiple(*told)

    @rule(event=events)
    def a_message_comes_perhaps_again(self, event: Event) -> None:
        self.hear(event)

    @rule(event=consumes(events))
    def a_message_is_lost(self, event: Event) -> None:
        """Nothing is done: the reconciler must find out."""

    @rule(order=lines)
    def the_provider_gives_money_back_by_hand(self, order: str) -> None:
        for session in self.known[order].sessions:
            intent = self.shop.box.book.get(Session, session).intent
            charge = self.shop.box.book.find_charge(intent) if intent else None
            if charge is not None:
                with suppress(Refusal):
                    self.shop.box.book.refund(charge.id)

    def hear(self, event: Event) -> None:
        body, _ = self.shop.box.letter(event.id)
        signature = sign(body, SECRET, at=int(self.now.timestamp()))
        notice = self.shop.provider.read_webhook(body, signature, self.now)
        with self.shop.database.begin() as uow:
            payments.hear(uow, "stripe", notice)

    # -- time --------------------------------------------------------------------------------------------------------

    @rule(step=STEPS)
    def time_passes(self, step: timedelta) -> None:
        self.shop.clock.advance(step)

    @rule()
    def the_job_process_runs(self) -> None:
        self.shop.jobs()

    @rule(order=lines)
    def day_15_comes(self, order: str) -> None:
        self.shop.jobs()
        before = self.order(order)
        if before.state is not State.PAID or before.deliver_at is None or before.deliver_at <= self.now + MOMENT:
            return
        self.shop.clock.advance(before.deliver_at - MOMENT - self.now)
        self.shop.jobs()
        assert self.order(order).state is State.PAID
        self.shop.clock.advance(MOMENT)
        self.shop.jobs()
        assert self.order(order).fulfilled_at == before.deliver_at == self.now

    # -- what always holds -------------------------------------------------------------------------------------------

    def all_orders(self) -> list[Order]:
        return [self.order(one) for one in self.known]

    def allow(self, person: str, until: datetime) -> None:
        self.until[person] = max(until, self.until.get(person, until))

    @invariant()
    def every_order_went_only_where_the_table_leads(self) -> None:
        with self.shop.database.read() as uow:
            for order in self.all_orders():
                told = [State(kind) for kind, _, _ in records.list_events(uow.db, order.id) if kind in set(State)]
                assert told[0] is State.INITIATED
                assert told[-1] is order.state
                assert all(after in TRANSITIONS[before] for before, after in pairwise(told))
                assert len(set(told)) == len(told)

    @invariant()
    def what_was_typed_is_kept_only_as_long_as_it_is_needed(self) -> None:
        for order in self.all_orders():
            assert (order.draft is not None) is (order.state in OPEN)
            assert (order.buyer is not None) is (order.state in EVER_PAID) is (order.paid_at is not None)
            assert (order.invoice is not None) is (order.business and order.state in EVER_PAID)

    @invariant()
    def delivery_is_due_to_the_instant(self) -> None:
        for order in self.all_orders():
            agreed = order.asked and self.known[order.id].checkout.deliver_now and self.known[order.id].checkout.waiver
            assert order.waits is (order.asked and not agreed)
            if order.paid_at is None:
                continue
            assert order.deliver_at == (day_15(order.paid_at) if order.waits else order.paid_at)
            assert order.fulfilled_at is None or order.fulfilled_at >= order.deliver_at

    @invariant()
    def the_key_opens_the_program_exactly_while_the_order_stands(self) -> None:
        with self.shop.database.begin() as uow:
            for order in self.all_orders():
                keys = self.known[order.id].keys
                try:
                    shown = licences.show_key(uow, order.line, role="buyer").text
                except LicenceUnknown:
                    assert order.state is not State.FULFILLED
                else:
                    assert order.state is State.FULFILLED
                    keys += [shown] if shown not in keys else []
                    assert keys[-1] == shown
                codes = [licences.judge(uow, key, order.product).code for key in keys]
                last = "VALID" if order.state is State.FULFILLED else "REVOKED"
                assert codes == [*["REPLACED"] * (len(keys) - 1), *[last] * bool(keys)]

    @invariant()
    def every_letter_was_written_once_for_its_occasion(self) -> None:
        expected: Counter[tuple[str, str]] = Counter()
        for order in self.all_orders():
            line = self.known[order.id]
            times = {
                "initiated": order.method is Method.BANK,
                "receipt": order.paid_at is not None,
                "later": order.paid_at is not None and order.waits,
                "key": (order.fulfilled_at is not None) + line.resent,
                "reissued": 2 * line.reissued,
                "refund": order.state is State.REFUNDED,
            }
            expected += Counter({(kind, order.id): int(count) for kind, count in times.items()})
        with self.shop.database.read() as uow:
            written = uow.db.execute(select(mail.c.kind, mail.c.once)).all()
        assert Counter((row.kind, row.once.split(":")[1]) for row in written) == expected

    @invariant()
    def a_basis_stands_while_there_is_a_contract(self) -> None:
        standing = Standing([])
        orders = self.all_orders()
        with self.shop.database.read() as uow:
            for person in {one.person for one in orders} | set(self.until):
                if any(one.person == person and one.paid_at is not None for one in orders):
                    self.allow(person, FOR_EVER)
                alive = self.until.get(person, self.now) > self.now
                assert standing(uow, person, ORDER.name) is alive

    @invariant()
    def the_ledger_verifies(self) -> None:
        with self.shop.database.read() as uow:
            assert first_bad_row(records.list_payments(uow.db)) is None

    # -- in the end --------------------------------------------------------------------------------------------------

    def settle_everything(self) -> None:
        """Let every message come and the reconciler ask; then both sides must have the same books."""
        for _ in range(3):
            for event in self.shop.box.book.events:
                self.hear(event)
            self.shop.jobs()
            self.shop.clock.advance(timedelta(hours=2))
        self.shop.jobs()
        state: Any = self.shop.box.answer(Request.to("/_paybox/state")).json()
        charges = [one for one in state["charges"] if one["paid"]]
        theirs = Counter(("payment", one["payment_intent"], one["amount"]) for one in charges)
        theirs += Counter(("refund", one["payment_intent"], -one["amount"]) for one in charges if one["refunded"])
        with self.shop.database.read() as uow:
            rows = records.list_payments(uow.db)
            waiting = [row for row in uow.db.execute(select(job)) if row.due_at <= self.now]
        assert Counter((row.kind, row.reference, row.minor) for row in rows if row.provider == "stripe") == theirs
        assert [(row.kind, row.state, row.failure) for row in waiting] == []
        for order in self.all_orders():
            balance = sum(row.minor for row in rows if row.order == order.id)
            due = order.sum.total.minor if order.state in {State.PAID, State.FULFILLED} else 0
            assert balance == due or "refund it" in order.flag
        files = {one.stem for one in (self.shop.folder / "outbox").glob("*.eml")}
        with self.shop.database.read() as uow:
            sent = {row.id: row.state for row in uow.db.execute(select(mail.c.id, mail.c.state))}
        assert files == {one for one, state in sent.items() if state == "sent"}
        # Dropped is what waited, with no job process running, until the order it was about was forgotten.
        assert set(sent.values()) <= {"sent", "dropped"}


def play(template: Template, *, examples: int, steps: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call,unused-ignore]
        partial(Orders, template),  # type: ignore[arg-type]  # it asks for no more than something that makes one
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            # A history of some thirty steps is read as it is; to shorten it takes longer than to understand it.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_orders_survive_any_history(sqlite_template: Template) -> None:
    play(sqlite_template, examples=15, steps=30)


def test_orders_survive_any_history_on_postgresql(postgres_template: Template) -> None:
    play(postgres_template, examples=3, steps=20)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_orders_survive_any_history_at_length(sqlite_template: Template) -> None:
    play(sqlite_template, examples=500, steps=60)
