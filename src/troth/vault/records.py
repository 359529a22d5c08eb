"""The vault's two tables: wrapped keys in the key database, audit leaves beside the rows they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, bindparam, delete, insert, select

from troth.kernel.schema import Instant, metadata, vault_metadata
from troth.vault.columns import sealed_column

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

person_key = Table(
    "person_key",
    vault_metadata,
    Column("person", String(32), primary_key=True),
    Column("retention", String(32), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
)

audit_leaf = Table(
    "audit_leaf",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("row", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("person", String(32), index=True),
    *sealed_column("readable_sealed", nullable=True),
    sqlite_autoincrement=True,
)

policy_stamp = Table(
    "policy_stamp",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

_find_key = select(person_key.c.wrapped).where(
    person_key.c.person == bindparam("of_person"), person_key.c.retention == bindparam("of_retention")
)
_add_keys, _add_leaves = insert(person_key), insert(audit_leaf)


def find_key(db: Connection, person: str, retention: str) -> bytes | None:
    """Return a person's wrapped key for a class, or None if there is none (any more)."""
    found = db.execute(_find_key, {"of_person": person, "of_retention": retention}).scalar_one_or_none()
    return None if found is None else bytes(found)


def add_keys(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store wrapped keys."""
    db.execute(_add_keys, rows)


def delete_keys(db: Connection, person: str, retentions: Iterable[str] | None) -> int:
    """Destroy a person's keys of the named classes (None: all); return how many there were."""
    statement = delete(person_key).where(person_key.c.person == person)
    if retentions is not None:
        statement = statement.where(person_key.c.retention.in_(list(retentions)))
    return db.execute(statement).rowcount


def empty_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log, in which a deleted key stands until then; other databases have none of ours."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def keys_before(db: Connection, instant: datetime) -> set[str]:
    """Return the people who have keys made before an instant."""
    rows = db.execute(select(person_key.c.person).where(person_key.c.made_at < instant).distinct())
    return {row.person for row in rows}


def add_leaves(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Append audit leaves; their numbers follow the order of insertion."""
    db.execute(_add_leaves, rows)


def list_leaves(db: Connection, *, person: str | None = None) -> list[Any]:
    """Return leaves in order, of one person or of all."""
    statement = select(audit_leaf).order_by(audit_leaf.c.number)
    if person is not None:
        statement = statement.where(audit_leaf.c.person == person)
    return list(db.execute(statement).all())


def find_stamp(db: Connection, revision: int) -> str | None:
    """Return the policy hash the database was stamped with for a revision, or None."""
    return db.execute(select(policy_stamp.c.hash).where(policy_stamp.c.revision == revision)).scalar_one_or_none()


def add_stamp(db: Connection, revision: int, policy_hash: str, at: datetime) -> None:
    """Stamp the database with the policy it is now written under."""
    db.execute(insert(policy_stamp).values(revision=revision, hash=policy_hash, at=at))
