"""The two schemas (main database, key database) and the column types they share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, MetaData, TypeDecorator
from typing_extensions import override

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=_CONVENTION)
"""Every table of the main database; each part's `records.py` adds its own."""

vault_metadata = MetaData(naming_convention=_CONVENTION)
"""The key database: nothing but wrapped keys."""


def to_micros(instant: datetime) -> int:
    """Return microseconds since 1970 in UTC, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant, exactly."""
    return _EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware instant stored as microseconds since 1970 (the same integer on SQLite and PostgreSQL)."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware instant into microseconds."""
        return None if value is None else to_micros(value)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn microseconds into an aware instant."""
        return None if value is None else from_micros(value)


def insert_or(db: Connection, table: Table) -> Any:  # noqa: ANN401 - the two dialects' inserts share no class
    """Return an INSERT with `on_conflict_do_nothing()` and `on_conflict_do_update(…)`, which both databases know.

    The dialect is loaded at the first call: a store on SQLite never loads PostgreSQL's.
    """
    if db.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415 - see above

        return postgresql_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415 - see above

    return sqlite_insert(table)


def add_new(db: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; return False if one with the same key stands there already."""
    statement = _new.get((table.name, db.dialect.name))
    if statement is None:
        # Told by what comes back: PostgreSQL's driver counts no rows of an INSERT.
        statement = insert_or(db, table).on_conflict_do_nothing().returning(*table.primary_key)
        _new[table.name, db.dialect.name] = statement
    return db.execute(statement, row).first() is not None


# Building a statement costs more than running it; these are asked for on every order.
_new: dict[tuple[str, str], Any] = {}
