"""The real tables as the policy's compiler sees them: it knows no SQL."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String

from troth.kernel.schema import Instant
from troth.policy.compiler import ColumnFacts, ColumnKind


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
