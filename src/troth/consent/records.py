"""Receipts and bases: tables and every query on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, String, Table, bindparam, insert, select, update

from troth.consent.model import Receipt
from troth.consent.policy import RECEIPT
from troth.kernel.schema import Instant, insert_or, metadata
from troth.vault import Sealed, sealed_column

if TYPE_CHECKING:
    from sqlalchemy import Connection

receipt = Table(
    "receipt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(32), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Column("policy_revision", Integer, nullable=False),
    *sealed_column("receipt_sealed"),
)
basis = Table(
    "basis",
    metadata,
    Column("person", String(32), primary_key=True),
    Column("purpose", String(64), primary_key=True),
    Column("since_at", Instant, nullable=False),
    Column("until_at", Instant),
    Column("ended_at", Instant),
)

# Statements every order runs are built once: SQLAlchemy takes longer to build one than SQLite to run it.
_add_receipt = insert(receipt)
_alive = select(basis.c.person).where(
    basis.c.person == bindparam("subject"),
    basis.c.purpose == bindparam("why"),
    basis.c.ended_at.is_(None),
    basis.c.until_at.is_(None) | (basis.c.until_at > bindparam("now")),
)
_put_basis: dict[str, Any] = {}


def add_receipts(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store receipts."""
    db.execute(_add_receipt, list(rows))


def list_receipts(db: Connection, person: str) -> list[tuple[str, datetime, Sealed[Receipt]]]:
    """Return a person's receipts, oldest first: kind, instant, sealed content."""
    rows = db.execute(select(receipt).where(receipt.c.person == person).order_by(receipt.c.at))
    return [(row.kind, row.at, Sealed(RECEIPT, person, row.id, bytes(row.receipt_sealed))) for row in rows]


def put_bases(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Let bases stand; one that stood already is renewed and stands at least as long as before."""
    statement = _put_basis.get(db.dialect.name)
    if statement is None:
        fresh = insert_or(db, basis)
        later = fresh.excluded.until_at
        statement = _put_basis[db.dialect.name] = fresh.on_conflict_do_update(
            index_elements=["person", "purpose"],
            set_={"since_at": fresh.excluded.since_at, "until_at": later, "ended_at": None},
            where=(basis.c.ended_at.is_not(None)) | (later.is_(None)) | (basis.c.until_at < later),
        )
    db.execute(statement, list(rows))


def is_alive(db: Connection, person: str, purpose: str, now: datetime) -> bool:
    """Whether a basis stands now."""
    return db.execute(_alive, {"subject": person, "why": purpose, "now": now}).one_or_none() is not None


def end_bases(db: Connection, person: str, purposes: Collection[str], at: datetime) -> None:
    """End bases; from then on nothing opens for them."""
    standing = (basis.c.person == person) & basis.c.purpose.in_(purposes) & basis.c.ended_at.is_(None)
    db.execute(update(basis).where(standing).values(ended_at=at))


def shorten_basis(db: Connection, person: str, purpose: str, until: datetime) -> None:
    """Let a basis stand no longer than until then."""
    later = basis.c.until_at.is_(None) | (basis.c.until_at > until)
    one = (basis.c.person == person) & (basis.c.purpose == purpose)
    db.execute(update(basis).where(one, later).values(until_at=until))
