"""A durable order over HTTP, against a bare script that writes the same sealed rows to the same two files.

The script has no server, no form, no tax, no policy and no check: it seals with `cryptography` and inserts with
`sqlite3`, both files with synchronous=FULL. The figure is its CPU time per order divided by ours.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.measure import Figure, Served, per_request, ratio, store_folder, troth_serving
from troth.kernel.ids import new_token

BATCH = 150
TABLES = ("person", "orders", "order_event", "receipt", "basis", "session", "session_grant")


def run() -> list[Figure]:
    """Return the ratio."""
    with store_folder() as folder, troth_serving(folder) as served:
        per_request(served, _orders(served, 20), b"303")
        rows = _rows_of_one_order(served)
        with tempfile.TemporaryDirectory(prefix="troth-bench-") as scratch:
            raw = RawScript(Path(scratch), folder, rows)
            a, b, found = ratio(lambda: per_request(served, _orders(served, BATCH), b"303"), raw.per_order)
    return [
        Figure("raw script / POST /checkout, durable", 1 / found, 0.2, most=False, note=f"({b:.0f} µs / {a:.0f} µs)")
    ]


def _orders(served: Served, count: int) -> list[bytes]:
    """Return orders of as many new buyers."""
    return [_order(served.port, f"bench-{os.urandom(8).hex()}@example.org") for _ in range(count)]


def _order(port: int, email: str) -> bytes:
    fields = {
        "edition": "home",
        "email": email,
        "country": "DE",
        "payment": "card",
        "total": "home:4641:EUR studio:10591:EUR",
        "currency": "EUR",
        "once": new_token(),
        "deliver_now": "yes",
        "waiver": "yes",
        "step": "order",
    }
    body = urlencode(fields).encode()
    head = (
        f"POST /checkout/fernside-backup HTTP/1.1\r\nHost: localhost:{port}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _rows_of_one_order(served: Served) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows one order adds, as the databases hold them."""
    before = _count(served.folder)
    per_request(served, _orders(served, 1), b"303")
    added = {}
    for name, rows in before.items():
        with _open(served.folder, name) as connection:
            listed = connection.execute(f"SELECT * FROM {name} ORDER BY rowid DESC LIMIT ?", (100,)).fetchall()  # noqa: S608
            total = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
        added[name] = listed[: total - rows]
    return added


def _count(folder: Path) -> dict[str, int]:
    counts = {}
    for name in (*TABLES, "person_key"):
        with _open(folder, name) as connection:
            counts[name] = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
    return counts


def _open(folder: Path, name: str) -> sqlite3.Connection:
    return sqlite3.connect(folder / ("vault.db" if name == "person_key" else "troth.db"))


class RawScript:
    """The peer: the same tables, the same sizes, freshly sealed each time."""

    def __init__(self, scratch: Path, folder: Path, rows: dict[str, list[tuple[object, ...]]]) -> None:
        """Make the two files with the store's own schema."""
        self._rows = rows
        self._files = {name: self._copy(scratch / name, folder / name) for name in ("troth.db", "vault.db")}
        self._kek = AESGCM(os.urandom(32))

    @staticmethod
    def _copy(target: Path, source: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(target, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        with sqlite3.connect(source) as original:
            for (statement,) in original.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC"
            ):
                connection.execute(statement)
        return connection

    def per_order(self) -> float:
        """Return the CPU microseconds of one order."""
        before = time.process_time()
        for _ in range(BATCH):
            self._order()
        return (time.process_time() - before) / BATCH * 1e6

    def _order(self) -> None:
        main, vault = self._files["troth.db"], self._files["vault.db"]
        keys = [AESGCM.generate_key(256) for _ in self._rows["person_key"]]
        ciphers = [AESGCM(key) for key in keys]
        vault.execute("BEGIN IMMEDIATE")
        for key, row in zip(keys, self._rows["person_key"], strict=True):
            wrapped = os.urandom(15) + self._kek.encrypt(os.urandom(12), key, b"label")
            self._insert(vault, "person_key", self._fresh(row, wrapped))
        vault.execute("COMMIT")
        main.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            for row in self._rows[table]:
                self._insert(main, table, self._sealed(row, ciphers[0]))
        main.execute("COMMIT")

    def _sealed(self, row: tuple[object, ...], cipher: AESGCM) -> tuple[object, ...]:
        """Return a row with new names, and with its sealed blobs sealed again."""
        return tuple(
            b"\x01" + os.urandom(4) + cipher.encrypt(os.urandom(12), value[33:], b"x" * 120)
            if isinstance(value, bytes) and len(value) > 40  # noqa: PLR2004 - longer than any index
            else self._new(value)
            for value in row
        )

    def _fresh(self, row: tuple[object, ...], wrapped: bytes) -> tuple[object, ...]:
        return tuple(wrapped if isinstance(value, bytes) else self._new(value) for value in row)

    @staticmethod
    def _new(value: object) -> object:
        """Return a new value of the same shape for what must be unique."""
        if isinstance(value, bytes):
            return os.urandom(len(value))
        if isinstance(value, str) and (len(value) == 32 or "-" in value):  # noqa: PLR2004 - our ids, order numbers
            return os.urandom(len(value)).hex()[: len(value)]
        return value

    @staticmethod
    def _insert(connection: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - our own names
