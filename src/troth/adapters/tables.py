"""The real tables: as the policy's compiler sees them, and whom their rows are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    bindparam,
    select,
    union,
)

from troth.kernel.schema import Instant, metadata
from troth.policy import Lock
from troth.policy.compiler import ColumnFacts, ColumnKind


class KnownSubjects:
    """Which people any row is about: every table of the main database that the lock says has a subject."""

    def __init__(self, lock: Lock) -> None:
        """Build one query per table, once."""
        columns = [
            metadata.tables[name].c[table.subject]
            for name, table in lock.tables.items()
            if table.subject is not None and name in metadata.tables
        ]
        ids: BindParameter[Any] = bindparam("ids", expanding=True)
        self._query = union(*(select(column).where(column.in_(ids)) for column in columns))

    def __call__(self, db: Connection, ids: set[str]) -> set[str]:
        """Return those ids that are somebody's."""
        return {row[0] for row in db.execute(self._query, {"ids": sorted(ids)})} if ids else set()


def schema_facts(tables: MetaData) -> dict[str, Mapping[str, ColumnFacts]]:
    """Describe every table of a schema and its columns."""
    return {
        table.name: {column.name: ColumnFacts(_kind(column.type), bool(column.nullable)) for column in table.columns}
        for table in tables.sorted_tables
    }


def _kind(of_type: object) -> ColumnKind:
    known: tuple[tuple[type, ColumnKind], ...] = (
        (Instant, ColumnKind.INSTANT),
        (LargeBinary, ColumnKind.BLOB),
        (String, ColumnKind.TEXT),
        (BigInteger, ColumnKind.INTEGER),
        (Integer, ColumnKind.INTEGER),
    )
    return next((kind for one, kind in known if isinstance(of_type, one)), ColumnKind.OTHER)
