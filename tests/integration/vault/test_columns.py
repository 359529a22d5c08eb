"""The columns of both databases refuse what is not sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.integration.vault import declared
from tests.integration.vault.declared import seal_buyer
from tests.support.store import Store
from troth.vault import index_column, of, sealed_column
from troth.vault.envelope import LEAST_BYTES

PARTS = declared.PARTS
tables = MetaData()
thing = Table(
    "thing",
    tables,
    Column("id", Integer, primary_key=True),
    *sealed_column("value_sealed", nullable=True),
    *index_column("value_index", nullable=True, unique=True),
    *sealed_column("needed_sealed"),
)
SEALED = b"\x01" + b"s" * (LEAST_BYTES - 1)
BLIND = b"\x01" + b"i" * 16


@pytest.fixture
def db(store: Store) -> Iterator[Connection]:
    tables.create_all(store.database.engine)
    with store.database.engine.connect() as connection:
        yield connection


def put(db: Connection, **values: Any) -> None:
    with db.begin():
        db.execute(insert(thing).values({"needed_sealed": SEALED} | values))


def test_what_is_sealed_goes_in(store: Store, db: Connection) -> None:
    with store.database.begin() as uow:
        sealed, index = seal_buyer(uow, "a" * 32).blob, of(uow).index("thing", "ada@example.com")
    put(db, id=1, value_sealed=sealed, value_index=index)
    put(db, id=2, value_sealed=None, value_index=None)
    with db.begin():
        assert [tuple(row) for row in db.execute(select(thing.c.value_sealed, thing.c.value_index))] == [
            (sealed, index),
            (None, None),
        ]


@pytest.mark.parametrize(
    "values",
    [
        {"value_sealed": b"ada@example.com"},
        {"value_sealed": b"ada.lovelace.of.london@mail.example.com"},
        {"value_sealed": b"\x01short"},
        {"value_sealed": b""},
        {"value_sealed": b"\x02" + SEALED[1:]},
        {"needed_sealed": None},
        {"value_index": b"ada@example.co.uk"},
        {"value_index": b"\x01" + b"i" * 15},
        {"value_index": b"\x01" + b"i" * 17},
        {"value_index": b"\x02" + BLIND[1:]},
        {"value_index": b""},
    ],
    ids=str,
)
def test_what_is_not_is_refused(db: Connection, values: dict[str, Any]) -> None:
    with pytest.raises(DBAPIError):
        put(db, id=1, **values)
    put(db, id=1, value_index=BLIND)


@pytest.mark.parametrize("column", ["value_sealed", "value_index"])
def test_a_text_is_refused(db: Connection, column: str) -> None:
    texts = ["ada.lovelace.of.london@mail.example.com"]
    if db.dialect.name == "sqlite":
        # There a column takes any type; PostgreSQL reads a text as the octets it stands for.
        texts += ["\x01" + "x" * 16, "\x01" + "x" * 80]
    for value in texts:
        put_text = text(f"INSERT INTO thing (id, needed_sealed, {column}) VALUES (1, :sealed, :value)")  # noqa: S608 - our own names
        with pytest.raises(DBAPIError), db.begin():
            db.execute(put_text, {"sealed": SEALED, "value": value})


def test_the_refusal_names_the_rule(db: Connection) -> None:
    with pytest.raises(IntegrityError, match="value_sealed_is_sealed"):
        put(db, id=1, value_sealed=b"ada@example.com")
