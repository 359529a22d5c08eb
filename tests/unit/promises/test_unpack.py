"""What lies inside of bytes is looked into; what cannot be is said, and a bomb ends the search, not the machine."""

from __future__ import annotations

import base64
import gzip
import sqlite3
import zlib
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path

import pytest

from troth.promises.search import (
    KeyNeedles,
    Needles,
    Place,
    Secret,
    Unsearchable,
    count_keys,
    layers,
    look,
    places_of,
    unpack,
)

WORD = "k7mqzword42secret"
NEEDLES = Needles([Secret("A", "word", WORD)])


def test_every_value_of_a_database_is_looked_at_and_what_is_wrapped_in_it(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE thing (a TEXT, b BLOB)")
        # Longer than a page: in the file it lies in pieces on several ones.
        connection.execute("INSERT INTO thing VALUES (?, ?)", ("x" * 9000 + WORD, gzip.compress(WORD.encode())))
    connection.close()
    found = look(places_of(tmp_path), NEEDLES)
    assert found.places == 1
    assert found.hits.keys() == {"some.db"}
    assert sum(WORD.encode() in layer for layer in layers(path.read_bytes())) >= 2


def test_a_row_that_only_the_write_ahead_log_holds_is_found(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE thing (a TEXT)")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("INSERT INTO thing VALUES (?)", (WORD,))
    assert WORD.encode() not in path.read_bytes()
    assert set(look(places_of(tmp_path), NEEDLES).hits) == {"some.db", "some.db-wal"}
    connection.close()


def test_parts_and_headers_of_a_mail_are_decoded() -> None:
    encoded = base64.b64encode(f"ü{WORD}".encode()).decode()
    message = EmailMessage()
    message["Subject"] = "SUBJECT"
    message["From"] = "shop@example.org"
    message.set_content(f"ünder {WORD}", cte="base64")
    data = message.as_bytes().replace(b"SUBJECT", f"=?utf-8?b?{encoded}?=".encode())
    assert WORD.encode() not in data
    assert sum(WORD.encode() in layer for layer in layers(data)) == 2


def test_a_bomb_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_BYTES", 1_000_000)
    for bomb in (gzip.compress(bytes(2_000_000)), zlib.compress(bytes(2_000_000))):
        with pytest.raises(Unsearchable, match="came out of one place"):
            list(layers(bomb))


@pytest.mark.skipif(find_spec("zstandard") is not None, reason="the library is here, so it can be opened")
def test_what_cannot_be_opened_is_not_taken_for_clean() -> None:
    with pytest.raises(Unsearchable, match="pip install zstandard"):
        list(layers(b"\x28\xb5\x2f\xfd" + bytes(20)))


def test_bytes_that_only_look_wrapped_are_taken_as_they_are() -> None:
    for data in (b"\x78\x9c not zlib at all", b"\x80\x81\x82 not brotli", b"", b"PK\x05\x06 no archive" + bytes(22)):
        assert next(layers(data)) == data
        assert list(layers(data))[1:] == []


def test_a_find_names_place_owner_and_encoding_and_never_the_value() -> None:
    found = look([Place("logs/today", WORD.encode().hex().encode())], NEEDLES)
    assert list(found.lines()) == ["logs/today: the word of A (hexadecimal)"]


def test_allowed_finds_do_not_count() -> None:
    place = Place("mail to A", WORD.encode())
    assert look([place], NEEDLES, allowed=lambda hit: hit.secret.owner == "A").count == 0


def test_files_are_found_at_any_depth_but_for_those_left_out(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"1")
    (tmp_path / "key").write_bytes(bytes(range(32)))
    (tmp_path / "link").symlink_to(tmp_path / "key")
    assert {place.name for place in places_of(tmp_path)} == {"a/b/file", "key"}
    assert {place.name for place in places_of(tmp_path, without=[tmp_path / "key"])} == {"a/b/file"}
    assert count_keys(places_of(tmp_path), KeyNeedles([bytes(range(32))])) == {"key": 1}
