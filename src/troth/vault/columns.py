"""Columns for sealed bytes and blind indexes, with the checks that refuse an unsealed value put there by accident."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, LargeBinary
from sqlalchemy.schema import SchemaItem

from troth.vault.envelope import LEAST_BYTES

INDEX_BYTES = 17


def sealed_column(name: str, *, nullable: bool = False) -> tuple[SchemaItem, ...]:
    """Return a column for sealed records with its CHECK."""
    column: Column[Any] = Column(name, LargeBinary, nullable=nullable)
    return (column, *sealed_check(name))


def sealed_check(name: str) -> tuple[CheckConstraint, ...]:
    """Return the CHECK of a sealed column: a blob, long enough, with the format's first byte.

    It stops mistakes, not malice: anybody who can write to the database can write bytes of that shape.
    """
    return (
        CheckConstraint(
            f"typeof({name}) IN ('blob', 'null') AND coalesce(length({name}) >= {LEAST_BYTES} "
            f"AND substr({name}, 1, 1) = x'01', 1)",
            name=f"{name}_is_sealed",
        ).ddl_if(dialect="sqlite"),
        CheckConstraint(
            f"{name} IS NULL OR (octet_length({name}) >= {LEAST_BYTES} AND get_byte({name}, 0) = 1)",
            name=f"{name}_is_sealed",
        ).ddl_if(dialect="postgresql"),
    )


def index_column(name: str, *, nullable: bool = False, unique: bool = False) -> tuple[SchemaItem, ...]:
    """Return a column for blind indexes (version byte, 16 bytes of keyed BLAKE2b) with the same kind of CHECK."""
    column: Column[Any] = Column(name, LargeBinary, nullable=nullable, unique=unique, index=not unique)
    return (column, *index_check(name))


def index_check(name: str) -> tuple[CheckConstraint, ...]:
    """Return the CHECK of a blind-index column: a blob of its exact length with the format's first byte."""
    return (
        CheckConstraint(
            f"typeof({name}) IN ('blob', 'null') AND coalesce(length({name}) = {INDEX_BYTES} "
            f"AND substr({name}, 1, 1) = x'01', 1)",
            name=f"{name}_is_blind",
        ).ddl_if(dialect="sqlite"),
        CheckConstraint(
            f"{name} IS NULL OR (octet_length({name}) = {INDEX_BYTES} AND get_byte({name}, 0) = 1)",
            name=f"{name}_is_blind",
        ).ddl_if(dialect="postgresql"),
    )
