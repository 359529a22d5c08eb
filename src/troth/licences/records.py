"""The licence table and every query on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, LargeBinary, String, Table, insert, select, update

from troth.kernel.schema import Instant, metadata
from troth.licences.model import Licence, State
from troth.licences.policy import ORIGIN
from troth.vault import Sealed, sealed_column

if TYPE_CHECKING:
    from sqlalchemy import Connection

licence = Table(
    "licence",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key_index", LargeBinary, nullable=False, unique=True),
    Column("person", String(32), index=True),
    Column("product", String(64), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("line", String(40), nullable=False, index=True),
    Column("issue", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("tag", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("issued_at", Instant, nullable=False),
    *sealed_column("origin_sealed", nullable=True),
)

_by_key = select(licence.c.state, licence.c.product)


def add_licence(db: Connection, row: dict[str, Any]) -> None:
    """Store a licence."""
    db.execute(insert(licence).values(row))


def find_by_key(db: Connection, key_index: bytes) -> tuple[State, str] | None:
    """Return state and product of the licence with this key, or None."""
    row = db.execute(_by_key.where(licence.c.key_index == key_index)).one_or_none()
    return None if row is None else (State(row.state), row.product)


def find_by_line(db: Connection, line: str) -> Licence | None:
    """Return the newest licence of an order line, or None."""
    row = db.execute(
        select(licence).where(licence.c.line == line).order_by(licence.c.issue.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Licence(
        id=row.id, person=row.person, product=row.product, edition=row.edition, line=row.line, issue=row.issue,
        epoch=row.epoch, tag=row.tag, state=State(row.state), issued_at=row.issued_at,
        origin=None if row.origin_sealed is None else Sealed(ORIGIN, row.person, row.id, bytes(row.origin_sealed)),
    )  # fmt: skip


def move_state(db: Connection, line: str, *, to: State) -> int:
    """Take every active licence of a line out of force; return how many there were."""
    changed = update(licence).where(licence.c.line == line, licence.c.state == State.ACTIVE).values(state=to)
    return db.execute(changed).rowcount
