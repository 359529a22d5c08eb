"""People, sessions and mail links: tables and every query on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Column, Index, LargeBinary, String, Table, bindparam, delete, insert, select, update

from troth.kernel.schema import Instant, add_new, metadata
from troth.people.model import Address, Grant, PersonId
from troth.people.policy import ADDRESS
from troth.vault import Sealed, index_column, sealed_column

if TYPE_CHECKING:
    from sqlalchemy import Connection

person = Table(
    "person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", Instant, nullable=False),
    *index_column("address_index", unique=True),
    *sealed_column("address_sealed"),
)
session = Table(
    "session",
    metadata,
    Column("token_index", LargeBinary, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)
session_grant = Table(
    "session_grant",
    metadata,
    Column("token_index", LargeBinary, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("thing", String(32), primary_key=True),
    Column("granted_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Index("ix_session_grant_kind_thing", "kind", "thing"),
)
mail_link = Table(
    "mail_link",
    metadata,
    Column("token_index", LargeBinary, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("thing", String(32), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)

# Statements every order runs are built once: SQLAlchemy takes longer to build one than SQLite to run it.
_person = select(person.c.id, person.c.address_sealed)
_by_index = _person.where(person.c.address_index == bindparam("index"))
_by_id = _person.where(person.c.id == bindparam("person"))
_add_session, _add_grant = insert(session), insert(session_grant)
_prolong_session = (
    update(session)
    .where(session.c.token_index == bindparam("token"), session.c.expires_at > bindparam("now"))
    .values(expires_at=bindparam("until"))
)
_drop_grant = delete(session_grant).where(
    session_grant.c.token_index == bindparam("token"),
    session_grant.c.kind == bindparam("of_kind"),
    session_grant.c.thing == bindparam("of_thing"),
)
_grants = select(session_grant).where(
    session_grant.c.token_index == bindparam("token"), session_grant.c.expires_at > bindparam("now")
)


def find_person(db: Connection, address_index: bytes) -> tuple[PersonId, Sealed[Address]] | None:
    """Return the person under a blind index with the sealed address to compare, or None."""
    row = db.execute(_by_index, {"index": address_index}).one_or_none()
    return None if row is None else (PersonId(row.id), Sealed(ADDRESS, row.id, row.id, bytes(row.address_sealed)))


def find_address(db: Connection, person_id: PersonId) -> Sealed[Address] | None:
    """Return a person's sealed address, or None if there is no such person."""
    row = db.execute(_by_id, {"person": person_id}).one_or_none()
    return None if row is None else Sealed(ADDRESS, row.id, row.id, bytes(row.address_sealed))


def add_person(
    db: Connection, person_id: PersonId, *, created_at: datetime, address_index: bytes, address_sealed: bytes
) -> bool:
    """Add a person; return False if somebody else added the same address in the meantime."""
    row = {
        "id": person_id,
        "created_at": created_at,
        "address_index": address_index,
        "address_sealed": address_sealed,
    }
    return add_new(db, person, row)


def add_session(db: Connection, token_index: bytes, *, created_at: datetime, expires_at: datetime) -> None:
    """Remember a browser by the mark of its token."""
    db.execute(_add_session, {"token_index": token_index, "created_at": created_at, "expires_at": expires_at})


def prolong_session(db: Connection, token_index: bytes, *, now: datetime, expires_at: datetime) -> bool:
    """Let a session that is known and not over last until then; return whether there is one."""
    return db.execute(_prolong_session, {"token": token_index, "now": now, "until": expires_at}).rowcount == 1


def add_grant(db: Connection, token_index: bytes, grant: Grant) -> None:
    """Let a session see a thing; a grant it has already is replaced."""
    db.execute(_drop_grant, {"token": token_index, "of_kind": grant.kind, "of_thing": grant.thing})
    db.execute(
        _add_grant,
        {
            "token_index": token_index,
            "kind": grant.kind,
            "thing": grant.thing,
            "granted_at": grant.granted_at,
            "expires_at": grant.expires_at,
        },
    )


def list_grants(db: Connection, token_index: bytes, now: datetime) -> tuple[Grant, ...]:
    """Return what a session may see now."""
    rows = db.execute(_grants, {"token": token_index, "now": now})
    return tuple(Grant(row.kind, row.thing, row.granted_at, row.expires_at) for row in rows)


def delete_grants(db: Connection, kind: str, thing: str) -> None:
    """Let no session see a thing any more."""
    db.execute(delete(session_grant).where(session_grant.c.kind == kind, session_grant.c.thing == thing))


def delete_links(db: Connection, kind: str, thing: str) -> None:
    """Let no link open a thing any more."""
    db.execute(delete(mail_link).where(mail_link.c.kind == kind, mail_link.c.thing == thing))


def add_link(db: Connection, token_index: bytes, grant: Grant) -> None:
    """Remember a single-use link by the mark of its token."""
    db.execute(
        insert(mail_link).values(
            token_index=token_index,
            kind=grant.kind,
            thing=grant.thing,
            made_at=grant.granted_at,
            expires_at=grant.expires_at,
        )
    )


def find_link(db: Connection, token_index: bytes, now: datetime) -> Grant | None:
    """Return what a link opens if it is fresh and unused."""
    row = db.execute(
        select(mail_link).where(
            mail_link.c.token_index == token_index,
            mail_link.c.expires_at > now,
            mail_link.c.used_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else Grant(row.kind, row.thing, row.made_at, row.expires_at)


def spend_link(db: Connection, token_index: bytes, now: datetime) -> Grant | None:
    """Use a link once; return what it opens, or None if it is unknown, used or too old."""
    row = db.execute(
        update(mail_link)
        .where(
            mail_link.c.token_index == token_index,
            mail_link.c.expires_at > now,
            mail_link.c.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(mail_link.c.kind, mail_link.c.thing, mail_link.c.made_at, mail_link.c.expires_at)
    ).one_or_none()
    return None if row is None else Grant(row.kind, row.thing, row.made_at, row.expires_at)


def delete_ended(db: Connection, now: datetime) -> None:
    """Drop sessions, grants and links that are over."""
    for table in (session, session_grant, mail_link):
        db.execute(delete(table).where(table.c.expires_at <= now))
