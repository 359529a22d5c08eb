"""Payments: asking a provider, believing only what it says when asked, and giving money back.

A redirect fulfils nothing and a webhook proves nothing: both only make us ask. What the provider then says is
compared with the order (live or test, amount, currency, order id) before anything is given out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from troth import consent, licences, vault
from troth.kernel.errors import Refused
from troth.kernel.ids import new_id, token_index
from troth.kernel.jobs import enqueue
from troth.kernel.money import Money
from troth.kernel.schema import to_micros
from troth.shop import ledger, letters, records, service
from troth.shop.errors import NoPayment, OrderUnknown, ProviderRefused, WrongState
from troth.shop.evidence import compare
from troth.shop.ledger import Movement
from troth.shop.model import PAYABLE, Attempt, Buyer, Flag, Invoice, Method, Order, Payment, State
from troth.shop.policy import BUYER, INVOICE, ORDER
from troth.shop.withdrawal import day_15

if TYPE_CHECKING:
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


class Forged(Refused):
    """This message was not signed by the payment provider. It was not believed."""


class Provider(Protocol):
    """A payment provider; adapters implement it.

    Every call may raise `ProviderDown` (ask again later) or `ProviderRefused` (asking again gives the same).
    """

    name: str
    live: bool

    def open_payment(self, request: Request) -> Opened:
        """Make a page to pay on; asking twice for the same attempt gives the same page."""
        ...

    def look_up(self, reference: str) -> Truth:
        """Ask for the truth about an attempt; raises `NotThere` for one it does not know."""
        ...

    def find_reference(self, notice: Notice) -> str | None:
        """Return the attempt a message is about, or None if it is about none of ours."""
        ...

    def close_payment(self, reference: str) -> None:
        """Close a page that nobody is to pay on any more; raises `ProviderRefused` where it is paid or closed."""
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

    The network call stands outside any transaction. Whoever asks while a page is being opened, or after its answer was
    lost, asks for the same page.

    Raises `OrderUnknown`, `WrongState` (nothing to pay), `NoPayment`, `ProviderDown` or `ProviderRefused`.
    """
    with database.begin() as uow:
        order = service.get_order_by_token(uow, token)
        _require_payable(order)
        provider = database.port(Providers).get("stripe")
        attempt = _attempt_for(uow, order, provider)
        if attempt.url is not None:
            return attempt.url
        request = _request(uow, order, attempt)
    opened = provider.open_payment(request)
    with database.begin() as uow:
        records.change_attempt(
            uow.db, attempt.id, reference=opened.reference, url=opened.url, expires_at=opened.expires_at
        )
        now_payable = service.get_order(uow, order.id).state in PAYABLE
        if not now_payable:
            service.close_payments(uow, order.id)
    if not now_payable:
        raise WrongState
    return opened.url


def _require_payable(order: Order) -> None:
    if order.method is not Method.CARD or order.state not in PAYABLE:
        raise WrongState


def _attempt_for(uow: UnitOfWork, order: Order, provider: Provider) -> Attempt:
    """Return the attempt with a page to pay on, or the one under way, or a new one."""
    known = [one for one in records.list_attempts(uow.db, order=order.id) if one.provider == provider.name]
    for attempt in reversed(known):
        if attempt.is_usable(uow.now) or attempt.is_under_way(uow.now):
            return attempt
    fresh = Attempt(new_id(), order.id, provider.name, None, None, Status.OPEN.value, uow.now, None)
    records.add_attempt(
        uow.db,
        {
            "id": fresh.id,
            "order": fresh.order,
            "provider": fresh.provider,
            "return_index": token_index(_way_back(uow, fresh)),
            "state": fresh.state,
            "created_at": fresh.created_at,
        },
    )
    return fresh


def _way_back(uow: UnitOfWork, attempt: Attempt) -> str:
    """Return the token of the address a buyer comes back to: hard to guess, but the same each time."""
    secret = vault.of(uow).derive("way back from a payment v1")
    digest = hashlib.blake2b(attempt.id.encode(), key=secret, digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _request(uow: UnitOfWork, order: Order, attempt: Attempt) -> Request:
    back = f"{uow.settings.store.base_url}/checkout/return/{_way_back(uow, attempt)}"
    return Request(
        attempt=attempt.id,
        order=order.id,
        amount=order.sum.total,
        description=service.describe(uow, order),
        return_url=back,
        cancel_url=f"{back}?cancelled=1",
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
    elif truth.status is Status.FAILED and records.move_order(uow.db, order.id, State.FAILED):
        records.add_event(uow.db, order.id, State.FAILED.value, uow.now)


def _settle_paid(uow: UnitOfWork, order: Order, truth: Truth, provider: Provider) -> None:
    if truth.live is not provider.live or truth.order != order.id:
        # Another mode's or another order's money: none of it may open this order, and none of it is ours to book here.
        records.flag_order(uow.db, order.id, Flag.FOREIGN, uow.now)
        return
    moved = Movement(provider.name, truth.payment, truth.amount, truth.country)
    record_payment(uow, order, moved)
    if truth.refunded >= truth.amount.minor:
        record_refund(uow, order.id, moved)
    elif truth.refunded:
        records.flag_order(uow.db, order.id, Flag.PART, uow.now)


def record_payment(uow: UnitOfWork, order: Order, moved: Movement) -> None:
    """Write a payment down, once per provider's number, and give the order what it is paid for.

    A payment of another amount, or for an order that no longer waits for one, is written down and flagged, nothing
    given.
    """
    if not ledger.book(uow, order.id, ledger.PAYMENT, moved):
        return
    if moved.amount != order.sum.total:
        records.flag_order(uow.db, order.id, Flag.SUM, uow.now)
        return
    if order.expires_at <= uow.now:
        # What was typed may no longer be opened: it is forgotten now and not within the hour.
        service.expire(uow, order.id)
    evidence = compare(order.country, moved.country)
    deliver_at = day_15(uow.now) if order.waits else uow.now
    facts = {"paid_at": uow.now, "deliver_at": deliver_at, "evidence_country": evidence.provider}
    if not records.move_order(uow.db, order.id, State.PAID, **facts):
        records.flag_order(uow.db, order.id, Flag.AGAIN, uow.now)
        return
    records.add_event(uow.db, order.id, State.PAID.value, uow.now)
    if evidence.flagged:
        records.flag_order(uow.db, order.id, Flag.COUNTRY, uow.now)
    service.close_payments(uow, order.id)
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
    now = records.find_order(uow.db, order.id, lock=True)
    if now is None or now.method is not Method.BANK or now.state not in PAYABLE or now.expires_at <= uow.now:
        raise WrongState
    record_payment(uow, now, Movement(BANK, now.number, now.sum.total, country))


# -- giving back -----------------------------------------------------------------------------------------------------


def ask_refund(uow: UnitOfWork, order: Order) -> None:
    """Have a paid order's money given back; raises `WrongState`. A transfer is given back by hand and recorded here."""
    if order.state not in {State.PAID, State.FULFILLED}:
        raise WrongState
    records.add_event(uow.db, order.id, "refund asked", uow.now)
    enqueue(uow, "shop.refund", {"order": order.id}, key=f"refund:{order.id}")


def ask_repayment(uow: UnitOfWork, order: Order) -> None:
    """Have given back what was paid twice, too late or in another sum; the order and its key stay as they are.

    Raises `WrongState` if there is nothing of that kind.
    """
    owed = ledger.list_owed(uow, order)
    if not owed:
        raise WrongState
    records.add_event(uow.db, order.id, "repayment asked", uow.now)
    for row in owed:
        payload: dict[str, str | int] = {"order": order.id, "payment": row.number}
        enqueue(uow, "shop.repay", payload, key=f"repay:{row.number}")


def refund(database: Database, order_id: str) -> None:
    """Give an order's money back through its provider and record it; safe to repeat."""
    with database.read() as uow:
        order = service.get_order(uow, order_id)
        own = ledger.find_own_payment(uow, order)
    if own is not None and order.state is not State.REFUNDED:
        _give_back(database, own, once=order_id)


def repay(database: Database, order_id: str, number: int) -> None:
    """Give one payment back that paid for nothing, and record it; safe to repeat."""
    with database.read() as uow:
        owed = ledger.list_owed(uow, service.get_order(uow, order_id))
    for row in owed:
        if row.number == number:
            _give_back(database, row, once=f"{order_id}-{number}")


def _give_back(database: Database, payment: Payment, *, once: str) -> None:
    amount = Money(payment.minor, payment.currency)
    if payment.provider != BANK:
        try:
            database.port(Providers).get(payment.provider).refund(payment.reference, amount, once=once)
        except ProviderRefused:
            _look_into(database, payment)
            return
    with database.begin() as uow:
        record_refund(uow, payment.order, Movement(payment.provider, payment.reference, amount))


def _look_into(database: Database, payment: Payment) -> None:
    """Tell the maker that the provider gave nothing back, and have it asked: perhaps it did so before."""
    with database.begin() as uow:
        records.flag_order(uow.db, payment.order, Flag.REFUSED, uow.now)
        for attempt in records.list_attempts(uow.db, order=payment.order, state=Status.PAID.value):
            ask(uow, attempt)


def record_refund(uow: UnitOfWork, order_id: str, moved: Movement) -> None:
    """Write a full refund down, once; if it was the order's own payment withdraw the key and tell the buyer."""
    order = records.find_order(uow.db, order_id, lock=True)
    if order is None:
        raise OrderUnknown
    own = ledger.find_own_payment(uow, order)
    if not ledger.book(uow, order_id, ledger.REFUND, moved):
        return
    is_own = own is not None and (own.provider, own.reference) == (moved.provider, moved.reference)
    if is_own and records.move_order(uow.db, order_id, State.REFUNDED, refunded_at=uow.now):
        records.add_event(uow.db, order_id, State.REFUNDED.value, uow.now)
        licences.revoke(uow, order.line)
        buyer = service.open_buyer(uow, order, role="job")
        if isinstance(buyer, Buyer):
            letters.write_refund(uow, order, buyer, moved.amount, revoked=order.state is State.FULFILLED)
    else:
        records.add_event(uow.db, order_id, "repaid", uow.now)
    records.unflag_order(uow.db, order_id, Flag.REFUSED, Flag.PART)
    if not ledger.list_owed(uow, service.get_order(uow, order_id)):
        records.unflag_order(uow.db, order_id, Flag.AGAIN, Flag.SUM)
