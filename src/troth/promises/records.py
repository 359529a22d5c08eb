"""What the proofs read from, and move about in, a twin's databases: raw SQL, as somebody with a copy of them would.

The live store is only ever read, and only its catalogue.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text

Row = dict[str, Any]
_CATALOGUE: Final = ("product", "release")
_BUSY_SECONDS: Final = 10.0


def database_values(data: bytes, wal: bytes = b"") -> list[bytes]:
    """Return every value of every table in the bytes of an SQLite file and its write-ahead log."""
    with tempfile.TemporaryDirectory(prefix="troth-look-") as scratch:
        path = Path(scratch, "copy.db")
        path.write_bytes(data)
        if wal:
            path.with_name("copy.db-wal").write_bytes(wal)
        with _connected(path) as connection:
            return list(_values(connection))


def _values(connection: sqlite3.Connection) -> Iterator[bytes]:
    # What a virtual table shows lies in ordinary tables beside it.
    listed = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    )
    connection.text_factory = bytes
    for (name,) in listed.fetchall():
        for row in connection.execute(f"SELECT * FROM {_quoted(name)}"):  # noqa: S608 - a name from the file's own schema
            for value in row:
                if isinstance(value, bytes):
                    yield value
                elif value is not None:
                    yield str(value).encode()


def rows_of(database: Path, table: str) -> list[Row]:
    """Return all rows of a table in the order they were stored."""
    with _connected(database) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(f"SELECT * FROM {_quoted(table)} ORDER BY rowid")  # noqa: S608 - our own names
        return [dict(row) for row in found]


def columns_of(database: Path) -> dict[str, tuple[str, ...]]:
    """Return the columns of every table of ours."""
    with _connected(database) as connection:
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = [name for (name,) in listed]
        return {
            name: tuple(column[1] for column in connection.execute(f"PRAGMA table_info({_quoted(name)})"))
            for name in names
        }


def swap(database: Path, table: str, column: str, *, key: str, pair: tuple[str, str]) -> None:
    """Exchange a column's values between the two rows whose `key` column holds the values of `pair`."""
    with _connected(database) as connection:
        connection.execute("BEGIN IMMEDIATE")
        read = f"SELECT {_quoted(column)} FROM {_quoted(table)} WHERE {_quoted(key)} = ?"  # noqa: S608 - our own names
        write = f"UPDATE {_quoted(table)} SET {_quoted(column)} = ? WHERE {_quoted(key)} = ?"  # noqa: S608 - our own names
        values = [connection.execute(read, (one,)).fetchone()[0] for one in pair]
        for one, value in zip(pair, reversed(values), strict=True):
            connection.execute(write, (value, one))
        connection.execute("COMMIT")


def delete(database: Path, table: str, column: str, value: str) -> int:
    """Delete the rows of a twin that hold a value in a column; return how many there were."""
    with _connected(database) as connection:
        statement = f"DELETE FROM {_quoted(table)} WHERE {_quoted(column)} = ?"  # noqa: S608 - our own names
        return connection.execute(statement, (value,)).rowcount


def read_catalogue(url: str) -> dict[str, list[Row]]:
    """Return the rows of what a store offers, from its live database; nothing of a person stands in them."""
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return {
                table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]  # noqa: S608
                for table in _CATALOGUE
            }
    finally:
        engine.dispose()


def write_catalogue(database: Path, catalogue: Mapping[str, list[Row]]) -> None:
    """Put rows into a twin's empty catalogue."""
    with _connected(database) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table, rows in catalogue.items():
            for row in rows:
                names, marks = ", ".join(map(_quoted, row)), ", ".join("?" * len(row))
                statement = f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
                connection.execute(statement, [_plain(value) for value in row.values()])
        connection.execute("COMMIT")


def _plain(value: object) -> object:
    """Return a value as SQLite keeps it: days as text, memory as bytes."""
    if isinstance(value, memoryview):
        return bytes(value)
    return value if isinstance(value, (str, bytes, int, float, type(None))) else str(value)


def _quoted(name: str | bytes) -> str:
    known = name.decode() if isinstance(name, bytes) else name
    return '"' + known.replace('"', '""') + '"'


@contextmanager
def _connected(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        yield connection
