"""Holds declared tables to the real ones: every column has one class, every sealed row leads to its person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from troth.policy.declared import Declared, Owned
from troth.policy.errors import Contradiction, Incomplete, Missing, Problem, Undeclared, spot
from troth.policy.language import OnErase, Table


class ColumnKind(StrEnum):
    """What a column holds, as far as the policy cares."""

    TEXT = "text"
    INTEGER = "integer"
    BLOB = "blob"
    INSTANT = "instant"
    OTHER = "other"


@dataclass(frozen=True)
class ColumnFacts:
    """One real column."""

    kind: ColumnKind
    nullable: bool = False


Schema = Mapping[str, Mapping[str, ColumnFacts]]
"""The real tables of both databases and their columns, by name."""


def check_tables(declared: Declared, schema: Schema) -> Iterator[Problem]:
    """Yield what exists undeclared, what is declared and does not exist, and what is declared wrongly."""
    for name in sorted(set(schema) - set(declared.tables)):
        columns = ", ".join(f"{column!r}: …" for column in schema[name])
        mend = f"Write Table({name!r}, plain={{{columns}}}) in the policy.py of the part that owns it."
        yield spot("schema", f"table {name}")(Undeclared, "exists, and no part declares it", mend)
    for name, one in declared.tables.items():
        if name in schema:
            yield from _check_columns(one, schema[name])
        else:
            mend = "Add it to the part's records.py with a migration, or remove the Table."
            yield spot(one.part, f"table {name}")(Missing, "is declared, but does not exist", mend)
        yield from _check_ownership(one, schema.get(name, {}))
        yield from _check_names(one, declared)


def _check_columns(one: Owned[Table], columns: Mapping[str, ColumnFacts]) -> Iterator[Problem]:
    table = one.thing
    classed = Counter([*table.plain, *table.sealed, *table.indexed])
    if table.subject is not None:
        # The subject may say in `plain` that it is a random number; that is not a second class.
        classed[table.subject] = classed[table.subject] or 1
    for column in sorted(set(columns) - set(classed)):
        at = spot(one.part, f"table {table.name}, column {column}")
        mend = f"Write plain={{{column!r}: 'why it names nobody'}}, or seal it."
        yield at(Undeclared, "exists, and is not declared", mend)
    for column, times in sorted(classed.items()):
        at = spot(one.part, f"table {table.name}, column {column}")
        if column not in columns:
            yield at(Missing, "is declared, but does not exist", "Add it with a migration, or remove it here.")
        elif column not in table.plain and column != table.subject and columns[column].kind != ColumnKind.BLOB:
            mend = "Use sealed_column or index_column of troth.vault in the part's records.py."
            yield at(Contradiction, f"holds {columns[column].kind}, not sealed bytes", mend)
        if times > 1:
            yield at(Contradiction, "stands in two classes", "Keep one of plain, sealed and indexed.")
        if column in table.plain and not table.plain[column].strip():
            yield at(Incomplete, "stands unsealed without a reason", "Write in plain= why it names nobody.")


def _check_ownership(one: Owned[Table], columns: Mapping[str, ColumnFacts]) -> Iterator[Problem]:
    table, at = one.thing, spot(one.part, f"table {one.thing.name}")
    if table.sealed and table.subject is None:
        mend = "Write subject= with the column that holds the PersonId; without it no erasure finds the row."
        yield at(Incomplete, "holds sealed records, but no column leads to their person", mend)
    if table.on_erase != OnErase.DELETE and not table.because.strip():
        mend = f"Write because= with why its rows are not deleted (on_erase={table.on_erase})."
        yield at(Incomplete, "outlives an erasure without a reason", mend)
    facts = columns.get(table.subject) if table.subject is not None else None
    if table.on_erase == OnErase.SEVER and facts is not None and not facts.nullable:
        mend = f"Make {table.subject} nullable, or write on_erase=OnErase.DELETE."
        yield at(Contradiction, "is to be severed from its person, but its subject cannot be empty", mend)


def _check_names(one: Owned[Table], declared: Declared) -> Iterator[Problem]:
    for column, record in one.thing.sealed.items():
        known = declared.records.get(record.name)
        if known is None or known.thing != record:
            at = spot(one.part, f"table {one.thing.name}, column {column}")
            mend = "Put it in the records= of the part's PartPolicy and name that one here."
            yield at(Undeclared, f"holds the record {record.name}, which no part declares", mend)
    for column, target in one.thing.indexed.items():
        if not declared.has_field(target):
            at = spot(one.part, f"table {one.thing.name}, column {column}")
            mend = f"Write indexed={{{column!r}: 'record.field'}} with a declared record and field."
            yield at(Undeclared, f"finds {target}, which no record holds", mend)
