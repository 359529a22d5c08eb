"""What must hold once all is quiet, however the day went: money, orders, licences, letters, keys, jobs.

`violations` compares a store's own files with what the payment provider knows (`GET /_paybox/state`) and returns a
sentence for each thing that is lost, doubled or impossible.
"""

from __future__ import annotations

import email
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from troth import licences
from troth.kernel.jobs import job
from troth.kernel.work import Database, UnitOfWork
from troth.licences.model import State as KeyState
from troth.licences.records import licence
from troth.mail.records import mail
from troth.people.records import person
from troth.shop import records, service
from troth.shop.ledger import first_bad_row
from troth.shop.model import TRANSITIONS, Flag, Method, Order, Payment, State
from troth.shop.payments import BANK
from troth.vault import VaultAccess
from troth.vault.records import audit_leaf, keys_before

UNPAID = {State.INITIATED, State.FAILED, State.CANCELLED, State.EXPIRED}


@dataclass(frozen=True)
class Taken:
    """Money that the provider took for a session."""

    order: str
    payment: str
    amount: int
    currency: str
    refunded: int


def taken(state: Mapping[str, Any]) -> list[Taken]:
    """Return what the provider took, payment by payment."""
    charges = {one["payment_intent"]: one for one in state["charges"] if one["paid"]}
    return [
        Taken(
            order=session["client_reference_id"],
            payment=session["payment_intent"],
            amount=charges[session["payment_intent"]]["amount"],
            currency=charges[session["payment_intent"]]["currency"].upper(),
            refunded=charges[session["payment_intent"]]["amount_refunded"],
        )
        for session in state["sessions"]
        if session["payment_status"] == "paid"
    ]


@dataclass
class Found:
    """Everything the store holds, read in one unit of work."""

    uow: UnitOfWork
    orders: list[Order]
    ledger: list[Payment]
    letters: list[Any]

    @classmethod
    def read(cls, uow: UnitOfWork) -> Found:
        """Read it all."""
        orders = records.list_orders(uow.db, limit=1_000_000)
        return cls(uow, orders, records.list_payments(uow.db), list(uow.db.execute(select(mail)).all()))

    def rows(self, order: str, kind: str) -> list[Payment]:
        """Return an order's rows of a kind in the ledger."""
        return [row for row in self.ledger if (row.order, row.kind) == (order, kind)]

    def reissues(self, order: str) -> int:
        """Return how often its key was made anew."""
        return [kind for kind, _, _ in records.list_events(self.uow.db, order)].count("reissued")

    def balance(self, order: str) -> int:
        """Return what the store holds for an order."""
        return sum(row.minor for row in self.ledger if row.order == order)


def violations(
    database: Database, access: VaultAccess, state: Mapping[str, Any], outbox: Path, *, crashes: int = 0
) -> list[str]:
    """Return everything that is wrong; the store must be at rest.

    Each crash of the last hour may have left the keys of somebody who never came to be.
    """
    with database.begin() as uow:
        found = Found.read(uow)
        wrong = [*_money(found, taken(state)), *_ledger(found)]
        for order in found.orders:
            wrong += [f"{order.number} ({order.state}): {words}" for words in _order(found, order)]
        return [*wrong, *_letters(found, outbox), *_jobs(uow), *_keys(uow, access, crashes)]


def _money(found: Found, truth: list[Taken]) -> Iterator[str]:
    """Every payment and refund of the provider's stands in the ledger exactly once, and nothing else does."""
    booked = Counter(
        (row.kind, row.order, row.reference, row.minor, row.currency) for row in found.ledger if row.provider != BANK
    )
    real = Counter(("payment", one.order, one.payment, one.amount, one.currency) for one in truth)
    real += Counter(
        ("refund", one.order, one.payment, -one.amount, one.currency) for one in truth if one.refunded == one.amount
    )
    yield from (f"LOST: {what} is not in the ledger" for what in real - booked)
    yield from (f"DOUBLED or made up: {what} in the ledger" for what in booked - real)


def _ledger(found: Found) -> Iterator[str]:
    if (number := first_bad_row(found.ledger)) is not None:
        yield f"the ledger does not verify at row {number}"
    leaves = found.uow.db.execute(select(audit_leaf.c.row, audit_leaf.c.leaf).where(audit_leaf.c.kind == "payment"))
    if [(row, bytes(leaf)) for row, leaf in leaves] != [(row.id, row.hash) for row in found.ledger]:
        yield "the audit log's leaves are not the ledger's rows"


def _order(found: Found, order: Order) -> Iterator[str]:
    yield from _held(found, order)
    yield from _history(found, order)
    yield from _record(found, order)
    yield from _licences(found, order)


def _held(found: Found, order: Order) -> Iterator[str]:
    """What is held for an order is what it cost, or the maker is told to give back what is too much."""
    balance, due = found.balance(order.id), order.sum.total.minor
    wanted = due if order.state in {State.PAID, State.FULFILLED} else 0
    if balance < wanted:
        yield f"holds {balance} of {wanted}"
    if balance > wanted and not any(words in order.flag for words in (Flag.AGAIN, Flag.SUM)):
        yield f"LOST: holds {balance} of {wanted} and nobody is told"
    own = next((row.reference for row in found.rows(order.id, "payment") if row.minor == due), "")
    back = own in {row.reference for row in found.rows(order.id, "refund")}
    if order.paid_at is not None and back is not (order.state is State.REFUNDED):
        yield f"LOST: the payment it was paid with is {'' if back else 'not '}given back"


def _history(found: Found, order: Order) -> Iterator[str]:
    """The event log is a path through the table of transitions, and ends where the order stands."""
    told = [State(kind) for kind, _, _ in records.list_events(found.uow.db, order.id) if kind in set(State)]
    if told[0] is not State.INITIATED or told[-1] is not order.state:
        yield f"its history is {told}"
    for before, after in itertools.pairwise(told):
        if after not in TRANSITIONS[before]:
            yield f"its history goes from {before} to {after}"


def _record(found: Found, order: Order) -> Iterator[str]:
    """What is kept fits the state, and opens."""
    ever_paid = order.paid_at is not None
    if (order.buyer is not None) is not ever_paid:
        yield "the buyer's record does not fit"
    if (order.draft is not None) is not (order.state in {State.INITIATED, State.FAILED}):
        yield "the draft does not fit"
    if ever_paid is not (order.state in {State.PAID, State.FULFILLED, State.REFUNDED}):
        yield f"paid at {order.paid_at}"
    if (order.fulfilled_at is not None) is not any(
        kind == "fulfilled" for kind, _, _ in records.list_events(found.uow.db, order.id)
    ):
        yield f"fulfilled at {order.fulfilled_at}"
    late = order.state is State.PAID and order.deliver_at is not None and order.deliver_at <= found.uow.now
    if late and not order.flag:
        yield "LOST: paid, due and not given"
    if order.buyer is not None or order.state is State.INITIATED:
        opened = service.open_buyer(found.uow, order, role="maker")
        if opened is None or not opened.email.endswith("@example.org"):
            yield "its record does not open"


def _licences(found: Found, order: Order) -> Iterator[str]:
    rows = found.uow.db.execute(select(licence).where(licence.c.line == order.line)).all()
    active = [row for row in rows if row.state == KeyState.ACTIVE]
    if len(rows) != (order.fulfilled_at is not None) + found.reissues(order.id) or len(active) > 1:
        yield f"DOUBLED: {len(rows)} licences, {len(active)} active"
    if (len(active) == 1) is not (order.state is State.FULFILLED):
        yield f"{len(active)} active licences"
    if active and licences.show_key(found.uow, order.line, role="maker").display.count("-") != 4:
        yield "its key does not open"


def _letters(found: Found, outbox: Path) -> Iterator[str]:
    """Exactly one mail for each occasion was delivered, each with words of its own."""
    expected = Counter(
        (kind, order.id)
        for order in found.orders
        for kind in (*_occasions(order), *["reissued"] * 2 * found.reissues(order.id))
    )
    queued = Counter((row.kind, row.once.split(":")[1]) for row in found.letters)
    yield from (f"LOST: no {what} mail" for what in expected - queued)
    yield from (f"DOUBLED or made up: a {what} mail" for what in queued - expected)
    files = {path.stem for path in outbox.glob("*.eml")}
    if files != {row.id for row in found.letters}:
        yield f"{len(files)} files in the outbox for {len(found.letters)} mails"
    yield from (f"mail {row.kind} is {row.state}" for row in found.letters if row.state != "sent")
    bodies = Counter(_body(path) for path in outbox.glob("*.eml"))
    yield from (f"DOUBLED: {times} equal letters" for times in bodies.values() if times > 1)


def _occasions(order: Order) -> Iterator[str]:
    if order.method is Method.BANK:
        yield "initiated"
    if order.paid_at is not None:
        yield "receipt"
        if order.waits:
            yield "later"
    if order.fulfilled_at is not None:
        yield "key"
    if order.state is State.REFUNDED:
        yield "refund"


def _body(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes())
    texts = [part.get_payload() for part in message.walk() if part.get_content_type() == "text/plain"]
    return f"{message['To']} {message['Subject']} {texts}"


def _jobs(uow: UnitOfWork) -> Iterator[str]:
    """Nothing is left but what always comes back and what is due later."""
    for row in uow.db.execute(select(job)):
        waits = row.state == "ready" and (row.once == row.kind or row.due_at > uow.now)
        if not waits:
            yield f"job {row.kind} is {row.state} ({row.failure})"


def _keys(uow: UnitOfWork, access: VaultAccess, crashes: int) -> Iterator[str]:
    """Every key belongs to somebody; what a crash between the two commits left is swept within hours."""
    people = set(uow.db.execute(select(person.c.id)).scalars())
    with access.engine.connect().execution_options(troth_writing=False) as vault:
        keyed = keys_before(vault, uow.now.replace(year=uow.now.year + 1))
    if len(keyed - people) > crashes:
        yield f"keys of nobody: {len(keyed - people)}"
    yield from (f"nobody's keys: {one}" for one in people - keyed)
