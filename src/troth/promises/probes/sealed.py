"""Reads sealed rows with the key file, by the lock and the description of the format alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from troth.policy.archive import REVISIONS, Archive
from troth.promises import records
from troth.promises.formats import DoesNotOpen, Keys, Seat, revision_of

if TYPE_CHECKING:
    from pathlib import Path

    from troth.policy.lock import Lock


class Reader:
    """An auditor with a copy of a store's folder and its key file."""

    def __init__(self, folder: Path, lock: Lock, keys: Keys) -> None:
        """Take the copy, the policy in force and the keys."""
        self._folder, self._lock, self._keys = folder, lock, keys
        self._archive = Archive(folder / REVISIONS)

    def rows(self) -> Iterator[tuple[str, str, records.Row]]:
        """Yield table, column and row of everything sealed."""
        for table, declared in sorted(self._lock.tables.items()):
            if declared.sealed:
                for row in records.rows_of(self._folder / "troth.db", table):
                    yield from ((table, column, row) for column in declared.sealed if row[column] is not None)

    def read_row(self, table: str, column: str, row: records.Row, *, at: str | None = None) -> dict[str, Any]:
        """Open one sealed value as the row `at` (its own if None); raises `DoesNotOpen`."""
        declared = self._lock.tables[table]
        person, blob = str(row[declared.subject or "person"]), bytes(row[column])
        seat = self._seat(declared.sealed[column], person, at or row_name(row), revision_of(blob))
        return seat.read(self._key(person, seat.retention), blob)

    @cached_property
    def person_keys(self) -> dict[tuple[str, str], bytes]:
        """Every person's keys, unwrapped."""
        rows = records.rows_of(self._folder / "vault.db", "person_key")
        return {
            (row["person"], row["retention"]): self._keys.unwrap(row["wrapped"], row["person"], row["retention"])
            for row in rows
        }

    def _key(self, person: str, retention: str) -> bytes:
        found = self.person_keys.get((person, retention))
        if found is None:
            raise DoesNotOpen(f"there is no key of class {retention}")
        return found

    def _seat(self, record: str, person: str, row: str, revision: int) -> Seat:
        declared = (self._lock if revision == self._lock.revision else self._archive.get(revision)).record(record)
        return Seat(self._keys.store, record, row, person, declared.retention, declared.schema_id)


def row_name(row: records.Row) -> str:
    """Return the random name of a row, which its sealed values are bound to."""
    return str(row["row"] if "row" in row else row["id"])
