"""Database engines: SQLite tuned for durability (WAL, synchronous=FULL, secure_delete), PostgreSQL by psycopg 3."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

BUSY_MS = 5_000
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MS}",
)


def open_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Return an engine for a store's database or key database; connects lazily.

    On SQLite a writing transaction begins with BEGIN IMMEDIATE, so that two writers queue instead of failing half-way.
    """
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_size=pool_size, max_overflow=2, pool_pre_ping=True, hide_parameters=True, query_cache_size=500
        )
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=2,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, deferred and late; SQLAlchemy's begin event does it instead.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    options: Any = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("troth_writing", True) else "BEGIN")
