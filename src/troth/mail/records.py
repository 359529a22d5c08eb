"""The outbox: one row per mail; its body is sealed while it waits and gone once it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, func, select, update

from troth.kernel.schema import Instant, insert_or, metadata
from troth.mail.model import Mail, State, Written
from troth.mail.policy import LETTER
from troth.vault import Sealed, sealed_column

if TYPE_CHECKING:
    from sqlalchemy import Connection

mail = Table(
    "mail",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(32), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("message_id", String(320), nullable=False),
    Column("once", String(128), nullable=False, unique=True),
    Column("failure", String(64)),
    *sealed_column("body_sealed", nullable=True),
    CheckConstraint("state IN ('queued', 'sent', 'failed', 'dropped')", name="state"),
    CheckConstraint("(state = 'queued') = (body_sealed IS NOT NULL)", name="only_queued_has_a_body"),
    Index("ix_mail_state_queued_at", "state", "queued_at"),
)
_SHOWN = (
    mail.c.id, mail.c.kind, mail.c.purpose, mail.c.state, mail.c.tries, mail.c.queued_at, mail.c.sent_at,
    mail.c.message_id, mail.c.failure,
)  # fmt: skip


@dataclass(frozen=True)
class Queued:
    """A mail that waits, with its body still closed."""

    mail: Mail
    body: Sealed[Written]


def is_known(db: Connection, once: str) -> bool:
    """Whether a mail was ever queued under this name."""
    return db.execute(select(mail.c.id).where(mail.c.once == once)).first() is not None


def add(db: Connection, row: Mapping[str, Any]) -> bool:
    """Queue a mail; False if another one has its `once` name already."""
    statement = insert_or(db, mail).values(**row).on_conflict_do_nothing(index_elements=["once"]).returning(mail.c.id)
    return db.execute(statement).first() is not None


def find_queued(db: Connection, mail_id: str) -> Queued | None:
    """Return a mail that waits, or None if it is settled or its person was erased."""
    query = select(*_SHOWN, mail.c.person, mail.c.body_sealed)
    row = db.execute(query.where(mail.c.id == mail_id, mail.c.state == State.QUEUED)).first()
    if row is None:
        return None
    return Queued(_shown(row), Sealed(LETTER, row.person, row.id, bytes(row.body_sealed)))


def count_try(db: Connection, mail_id: str) -> None:
    """Write down that a delivery begins."""
    db.execute(update(mail).where(mail.c.id == mail_id).values(tries=mail.c.tries + 1))


def note_failure(db: Connection, mail_id: str, failure: str) -> None:
    """Keep why a mail still waits."""
    db.execute(update(mail).where(mail.c.id == mail_id, mail.c.state == State.QUEUED).values(failure=failure))


def settle(
    db: Connection, mail_id: str, state: State, *, sent_at: datetime | None = None, failure: str | None = None
) -> None:
    """End a mail's waiting and delete its body; one that is settled already stays as it is."""
    db.execute(
        update(mail)
        .where(mail.c.id == mail_id, mail.c.state == State.QUEUED)
        .values(state=state, sent_at=sent_at, failure=failure, body_sealed=None)
    )


def count_queued(db: Connection) -> int:
    """Return how many mails wait."""
    return int(db.execute(select(func.count()).select_from(mail).where(mail.c.state == State.QUEUED)).scalar_one())


def list_mail(db: Connection, *, state: State | None = None, limit: int = 100) -> list[Mail]:
    """Return the newest mails, of one state or of all."""
    query = select(*_SHOWN).order_by(mail.c.queued_at.desc(), mail.c.id).limit(limit)
    if state is not None:
        query = query.where(mail.c.state == state)
    return [_shown(row) for row in db.execute(query)]


def _shown(row: Any) -> Mail:  # noqa: ANN401 - a row of SQLAlchemy has no type of its own
    return Mail(
        id=row.id,
        kind=row.kind,
        purpose=row.purpose,
        state=State(row.state),
        tries=row.tries,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        message_id=row.message_id,
        failure=row.failure,
    )
