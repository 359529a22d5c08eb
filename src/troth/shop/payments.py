"""Payments: asking a provider, believing only what it says when asked, and writing every movement of money down once.

A redirect fulfils nothing and a webhook proves nothing: both only make us ask. What the provider then says is
compared with the order (live or test, amount, currency, order id) before anything is given out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from troth import consent, licences, vault
from troth.kernel.codec import canonical_json
from troth.kernel.errors import Refused
from troth.kernel.ids import new_id, new_token, token_index
from troth.kernel.jobs import enqueue
from troth.kernel.schema import to_micros
from troth.shop import letters, records, service
from troth.shop.errors import NoPayment, OrderUnknown, WrongState
from troth.shop.evidence import compare
from troth.shop.model import Attempt, Buyer, Invoice, Method, Order, Payment, State
from troth.shop.policy import BUYER, INVOICE, ORDER
from troth.shop.withdrawal import day_15

if TYPE_CHECKING:
    from troth.kernel.money import Money
    from troth.kernel.work import Database, UnitOfWork

BANK = "bank"


class Status(StrEnum):
    """What a provider says of one attempt."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Request:
    """What a provider gets: an amount, what stands on its page, and opaque ids; nothing of the buyer."""

    attempt: str
    order: str
    amount: Money
    description: str
    return_url: str
    cancel_url: str


@dataclass(frozen=True)
class Opened:
    """A page to pay on."""

    reference: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Truth:
    """What the provider says when asked.

    `payment` is its number for the money, `country` that of the card or account.
    """

    status: Status
    live: bool
    order: str
    amount: Money
    payment: str = ""
    country: str | None = None
    refunded: int = 0


@dataclass(frozen=True)
class Notice:
    """What we keep of a webhook: that something happened to an object of the provider's, nothing else."""

    event: str
    type: str
    object: str
    at: datetime


@dataclass(frozen=True)
class Movement:
    """Money that moved: in whose books, under which number there, how much, and from which country if known."""

    provider: str
    reference: str
    amount: Money
    country: str | None = None


class Forged(Refused):
    """This message was not signed by the payment provider. It was not believed."""


class Provider(Protocol):
    """A payment provider; adapters implement it. Every call may raise `ProviderDown`."""

    name: str
    live: bool

    def open_payment(self, request: Request) -> Opened:
        """Make a page to pay on; asking twice for the same attempt gives the same page."""
        ...

    def look_up(self, reference: str) -> Truth:
        """Ask for the truth about an attempt."""
        ...

    def find_reference(self, notice: Notice) -> str | None:
        """Return the attempt a message is about, or None if it is about none of ours."""
        ...

    def refund(self, payment: str, amount: Money, *, once: str) -> str:
        """Give money back, once per `once`; return the provider's number of the refund."""
        ...

    def read_webhook(self, body: bytes, signature: str, now: datetime) -> Notice:
        """Check and read a message; raises `Forged`."""
        ...


@dataclass(frozen=True)
class Providers:
    """The providers of a store, by name."""

    by_name: Mapping[str, Provider] = field(default_factory=dict)

    def get(self, name: str) -> Provider:
        """Return a provider; raises `NoPayment`."""
        found = self.by_name.get(name)
        if found is None:
            raise NoPayment
        return found


# -- paying ----------------------------------------------------------------------------------------------------------


def open_payment(database: Database, token: str) -> str:
    """Return the provider's page for an order, opening one if there is none.

    The network call stands outside any transaction.

    Raises `OrderUnknown`, `WrongState` (nothing to pay), `NoPayment` or `ProviderDown`.
    """
    with database.begin() as uow:
        order = service.get_order_by_token(uow, token)
        if order.method is not Method.CARD or order.state not in {State.INITIATED, State.FAILED}:
            raise WrongState
        provider = database.port(Providers).get("stripe")
        usable = [one for one in records.list_attempts(uow.db, order=order.id) if _usable(one, uow.now)]
        if usable and usable[0].url:
            return usable[0].url
        back = new_token()
        attempt = new_id()
        records.add_attempt(
            uow.db,
            {
                "id": attempt,
                "order": order.id,
                "provider": provider.name,
                "return_index": token_index(back),
                "state": Status.OPEN.value,
                "created_at": uow.now,
            },
        )
        base = uow.settings.store.base_url
        request = Request(
            attempt=attempt,
            order=order.id,
            amount=order.sum.total,
            description=service.describe(uow, order),
            return_url=f"{base}/checkout/return/{back}",
            cancel_url=f"{base}/checkout/return/{back}?cancelled=1",
        )
    opened = provider.open_payment(request)
    with database.begin() as uow:
        records.change_attempt(
            uow.db, attempt, reference=opened.reference, url=opened.url, expires_at=opened.expires_at
        )
    return opened.url


def _usable(attempt: Attempt, now: datetime) -> bool:
    return (
        attempt.url is not None and attempt.expires_at is not None and attempt.expires_at > now + timedelta(minutes=2)
    )


def come_back(uow: UnitOfWork, back: str) -> Order:
    """Use the address a buyer comes back to, once, and have the provider asked; raises `OrderUnknown`."""
    order_id = records.spend_return(uow.db, token_index(back), uow.now)
    order = None if order_id is None else records.find_order(uow.db, order_id)
    if order is None:
        raise OrderUnknown
    for attempt in records.list_attempts(uow.db, order=order.id):
        ask(uow, attempt)
    return order


def ask(uow: UnitOfWork, attempt: Attempt) -> None:
    """Have the job process ask the provider about an attempt."""
    if attempt.reference is not None:
        enqueue(uow, "shop.check", {"provider": attempt.provider, "reference": attempt.reference})


def hear(uow: UnitOfWork, provider: str, notice: Notice) -> bool:
    """Keep that a message came, and have the provider asked; return False for one that is known."""
    row = {
        "provider": provider,
        "event": notice.event,
        "type": notice.type,
        "object": notice.object,
        "at": notice.at,
        "seen_at": uow.now,
    }
    fresh = records.add_webhook(uow.db, row)
    if fresh:
        payload = {"provider": provider, "event": notice.event, "type": notice.type, "object": notice.object}
        enqueue(uow, "shop.notice", payload | {"at": to_micros(notice.at)})
    return fresh


def settle(uow: UnitOfWork, attempt: Attempt, truth: Truth, provider: Provider) -> None:
    """Act on what the provider says of an attempt; saying it again changes nothing."""
    if truth.status is Status.OPEN:
        return
    records.change_attempt(uow.db, attempt.id, state=truth.status.value)
    order = records.find_order(uow.db, attempt.order, lock=True)
    if order is None:
        raise OrderUnknown
    if truth.status is Status.PAID:
        _settle_paid(uow, order, truth, provider)
        if truth.refunded >= order.sum.total.minor:
            record_refund(uow, order.id, Movement(provider.name, truth.payment, truth.amount))
    elif truth.status is Status.FAILED and records.move_order(uow.db, order.id, State.FAILED):
        records.add_event(uow.db, order.id, State.FAILED.value, uow.now)


def _settle_paid(uow: UnitOfWork, order: Order, truth: Truth, provider: Provider) -> None:
    if truth.live is not provider.live or truth.order != order.id:
        # Another mode's or another order's money: none of it may open this order, and none of it is ours to book here.
        _flag(uow, order, "payment of another mode or order")
        return
    record_payment(uow, order, Movement(provider.name, truth.payment, truth.amount, truth.country))


def record_payment(uow: UnitOfWork, order: Order, moved: Movement) -> None:
    """Write a payment down, once per provider's number, and give the order what it is paid for.

    A payment of another amount, or for an order that no longer waits for one, is written down and flagged, nothing
    given.
    """
    if records.find_payment(uow.db, moved.provider, moved.reference, "payment") is not None:
        return
    _book(uow, order.id, "payment", moved)
    if moved.amount != order.sum.total:
        _flag(uow, order, "paid another amount")
        return
    evidence = compare(order.country, moved.country)
    deliver_at = day_15(uow.now) if order.waits else uow.now
    came = records.move_order(
        uow.db,
        order.id,
        State.PAID,
        paid_at=uow.now,
        deliver_at=deliver_at,
        evidence_country=evidence.provider,
        flag="country differs" if evidence.flagged else order.flag,
    )
    if not came:
        _flag(uow, order, "paid twice or too late: refund it")
        return
    records.add_event(uow.db, order.id, State.PAID.value, uow.now)
    _keep_buyer(uow, order)
    if not service.fulfil(uow, order.id):
        enqueue(uow, "shop.fulfil", {"order": order.id}, due_at=deliver_at, key=f"fulfil:{order.id}")


def _keep_buyer(uow: UnitOfWork, order: Order) -> None:
    """Move what the buyer typed from its 30 days to the classes a paid order is kept under, and write the receipt."""
    if order.draft is None:
        raise OrderUnknown
    with vault.purpose(uow, ORDER, role="job"):
        draft = order.draft.open()
    session = vault.of(uow)
    buyer = Buyer(draft.email, draft.token)
    invoice = Invoice(draft.name, draft.address, draft.vat_id) if order.business else None
    records.change_order(
        uow.db,
        order.id,
        draft_sealed=None,
        buyer_sealed=session.seal(BUYER, order.person, order.id, buyer),
        invoice_sealed=None if invoice is None else session.seal(INVOICE, order.person, order.id, invoice),
    )
    consent.allow(uow, order.person, dict.fromkeys(service.CONTRACT))
    consent.prolong(uow, order.person, consent.SIMILAR)
    paid = service.get_order(uow, order.id)
    letters.write_receipt(uow, paid, buyer, invoice)
    if paid.waits:
        letters.write_later(uow, paid, buyer)


def confirm_transfer(uow: UnitOfWork, order: Order, *, country: str | None = None) -> None:
    """Record that a bank transfer has arrived, as the maker saw it; raises `WrongState`."""
    if order.method is not Method.BANK or order.state not in {State.INITIATED, State.FAILED}:
        raise WrongState
    record_payment(uow, order, Movement(BANK, order.number, order.sum.total, country))


# -- giving back -----------------------------------------------------------------------------------------------------


def ask_refund(uow: UnitOfWork, order: Order) -> None:
    """Have a paid order's money given back; raises `WrongState`. A transfer is given back by hand and recorded here."""
    if order.state not in {State.PAID, State.FULFILLED}:
        raise WrongState
    records.add_event(uow.db, order.id, "refund asked", uow.now)
    enqueue(uow, "shop.refund", {"order": order.id}, key=f"refund:{order.id}")


def refund(database: Database, order_id: str) -> None:
    """Give an order's money back through its provider and record it; safe to repeat."""
    with database.begin() as uow:
        paid = [row for row in records.list_payments(uow.db, order=order_id) if row.kind == "payment"]
        order = service.get_order(uow, order_id)
    if not paid or order.state is State.REFUNDED:
        return
    payment = paid[0]
    if payment.provider != BANK:
        database.port(Providers).get(payment.provider).refund(payment.reference, order.sum.total, once=order_id)
    with database.begin() as uow:
        record_refund(uow, order_id, Movement(payment.provider, payment.reference, order.sum.total))


def record_refund(uow: UnitOfWork, order_id: str, moved: Movement) -> None:
    """Write a full refund down, once, withdraw the key and tell the buyer."""
    if records.find_payment(uow.db, moved.provider, moved.reference, "refund") is not None:
        return
    order = service.get_order(uow, order_id)
    _book(uow, order_id, "refund", replace(moved, amount=-moved.amount))
    if not records.move_order(uow.db, order_id, State.REFUNDED, refunded_at=uow.now):
        return
    records.add_event(uow.db, order_id, State.REFUNDED.value, uow.now)
    licences.revoke(uow, order.line)
    buyer = service.open_buyer(uow, order, role="job")
    if isinstance(buyer, Buyer):
        letters.write_refund(uow, order, buyer, moved.amount, revoked=order.state is State.FULFILLED)


# -- the ledger ------------------------------------------------------------------------------------------------------


def row_hash(row: Payment, before: bytes) -> bytes:
    """Return a ledger row's hash: SHA-256 over the row before's hash and this row as canonical JSON."""
    facts = {
        "number": row.number, "id": row.id, "order": row.order, "kind": row.kind, "provider": row.provider,
        "reference": row.reference, "minor": row.minor, "currency": row.currency, "at": to_micros(row.at),
    }  # fmt: skip
    return hashlib.sha256(before + canonical_json(facts)).digest()


def first_bad_row(rows: list[Payment]) -> int | None:
    """Return the number of the first ledger row that is missing or altered, or None if all is well."""
    before = b""
    for expected, row in enumerate(rows, start=1):
        if row.number != expected or row.hash != row_hash(row, before):
            return expected
        before = row.hash
    return None


def _book(uow: UnitOfWork, order: str, kind: str, moved: Movement) -> None:
    last = records.last_payment(uow.db)
    number = 1 if last is None else last.number + 1
    amount = moved.amount
    row = Payment(
        number, new_id(), order, kind, moved.provider, moved.reference, amount.minor, amount.currency, uow.now, b""
    )
    row = replace(row, hash=row_hash(row, b"" if last is None else last.hash))
    records.add_payment(uow.db, row)
    vault.of(uow).write_down("payment", row.id, row.hash)


def _flag(uow: UnitOfWork, order: Order, words: str) -> None:
    records.change_order(uow.db, order.id, flag=words)
    records.add_event(uow.db, order.id, "flagged", uow.now, words)
