"""The ledger: every movement of money once, in a chain of hashes that are leaves of the one audit log.

A row is never changed. What is held for an order, and what of it paid for nothing, follows from its rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from troth import vault
from troth.kernel.codec import canonical_json
from troth.kernel.ids import new_id
from troth.kernel.schema import to_micros
from troth.shop import records
from troth.shop.model import Order, Payment, State

if TYPE_CHECKING:
    from troth.kernel.money import Money
    from troth.kernel.work import UnitOfWork

PAYMENT, REFUND = "payment", "refund"


@dataclass(frozen=True)
class Movement:
    """Money that moved: in whose books, under which number there, how much, and from which country if known."""

    provider: str
    reference: str
    amount: Money
    country: str | None = None


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


def book(uow: UnitOfWork, order: str, kind: str, moved: Movement) -> bool:
    """Write a payment, or a refund (a negative row), once per provider's number; return False if it stands there."""
    if records.find_payment(uow.db, moved.provider, moved.reference, kind) is not None:
        return False
    last = records.last_payment(uow.db)
    number = 1 if last is None else last.number + 1
    minor = moved.amount.minor if kind == PAYMENT else -moved.amount.minor
    currency = moved.amount.currency
    row = Payment(number, new_id(), order, kind, moved.provider, moved.reference, minor, currency, uow.now, b"")
    row = replace(row, hash=row_hash(row, b"" if last is None else last.hash))
    records.add_payment(uow.db, row)
    vault.of(uow).write_down("payment", row.id, row.hash)
    return True


def find_own_payment(uow: UnitOfWork, order: Order) -> Payment | None:
    """Return the payment that an order was paid with, or None if it never was: the first one of its sum."""
    if order.paid_at is None:
        return None
    rows = records.list_payments(uow.db, order=order.id)
    due = order.sum.total
    return next(
        (row for row in rows if (row.kind, row.minor, row.currency) == (PAYMENT, due.minor, due.currency)), None
    )


def list_owed(uow: UnitOfWork, order: Order) -> list[Payment]:
    """Return the payments for an order that paid for nothing and were not given back."""
    rows = records.list_payments(uow.db, order=order.id)
    back = {(row.provider, row.reference) for row in rows if row.kind == REFUND}
    own = find_own_payment(uow, order) if order.state in {State.PAID, State.FULFILLED} else None
    return [
        row for row in rows if row.kind == PAYMENT and row != own and (row.provider, row.reference) not in back
    ]  # fmt: skip
