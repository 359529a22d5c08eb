"""A key is read as it was meant, with two wrong characters, one missing or one too many; never by a guess."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth_licence.key import ALPHABET, Corrected, Exact, Key, Reading, Refused, parse, read

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs/formats/licence-key.vectors.json").read_text())
KEYS = [vector["key"] for vector in VECTORS["encoding"]]


def as_vector(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Exact):
        return {"result": "exact", "key": reading.key.text}
    if isinstance(reading, Corrected):
        positions = list(reading.positions)
        return {"result": "corrected", "key": reading.key.text, "kind": reading.kind, "positions": positions}
    assert isinstance(reading, Refused)
    return {"result": "refused", "reason": reading.reason}


@pytest.mark.parametrize("vector", VECTORS["correction"], ids=lambda vector: vector["name"])
def test_the_vectors(vector: dict[str, Any]) -> None:
    expected = {name: value for name, value in vector.items() if name not in {"name", "typed"}}
    assert as_vector(read(vector["typed"])) == expected


@pytest.mark.parametrize("vector", VECTORS["encoding"], ids=lambda vector: vector["name"])
def test_an_issued_key_shows_its_epoch_and_tag(vector: dict[str, Any]) -> None:
    key = parse(vector["display"])
    assert (key.text, key.display) == (vector["key"], vector["display"])
    assert (key.epoch, key.tag, key.last5) == (vector["epoch"], vector["tag"], vector["key"][20:])


def test_every_single_wrong_character_is_corrected() -> None:
    for position in range(25):
        for symbol in ALPHABET:
            typed = KEYS[0][:position] + symbol + KEYS[0][position + 1 :]
            reading = read(typed)
            if symbol == KEYS[0][position]:
                assert reading == Exact(Key(KEYS[0]))
            else:
                assert reading == Corrected(Key(KEYS[0]), "wrong", (position,))


def test_every_single_missing_character_is_found() -> None:
    for key in KEYS:
        for position in range(25):
            reading = read(key[:position] + key[position + 1 :])
            assert isinstance(reading, Corrected)
            assert (reading.key.text, reading.kind) == (key, "missing")


def test_every_single_extra_character_is_found() -> None:
    for position in range(26):
        for symbol in ALPHABET:
            reading = read(KEYS[1][:position] + symbol + KEYS[1][position:])
            assert isinstance(reading, Corrected)
            assert (reading.key.text, reading.kind) == (KEYS[1], "extra")


@given(
    st.sampled_from(KEYS),
    st.lists(st.tuples(st.integers(0, 24), st.sampled_from([*ALPHABET, "U", "\u00df", "\u4e2d"])), max_size=2),
)
def test_up_to_two_characters_of_any_kind(key: str, slips: list[tuple[int, str]]) -> None:
    typed = list(key)
    for position, symbol in slips:
        typed[position] = symbol
    reading = read("".join(typed))
    assert isinstance(reading, Exact | Corrected)
    assert reading.key.text == key


def test_three_wrong_characters_are_always_refused() -> None:
    source = random.Random(3)
    for _ in range(2_000):
        typed = list(KEYS[2])
        for position in source.sample(range(25), 3):
            typed[position] = source.choice([symbol for symbol in ALPHABET if symbol != typed[position]])
        assert read("".join(typed)).__class__ is Refused


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(typed: str) -> None:
    reading = read(typed)
    if isinstance(reading, Exact | Corrected):
        assert read(reading.key.display) == Exact(reading.key)
    else:
        assert isinstance(reading, Refused)
        assert reading.explain()


@given(st.text(ALPHABET + "OILoil -", min_size=23, max_size=27))
def test_text_that_looks_like_a_key_is_read_or_refused(typed: str) -> None:
    reading = read(typed)
    assert isinstance(reading, Refused) or read(reading.key.text) == Exact(reading.key)  # type: ignore[attr-defined]


def test_parse_takes_no_corrected_key() -> None:
    with pytest.raises(ValueError, match="as printed"):
        parse("Z" + KEYS[0][1:])


def test_a_key_does_not_show_itself() -> None:
    assert KEYS[0] not in repr(read(KEYS[0]))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (KEYS[0][:3] + "U" + KEYS[0][4:], "Character 4 did not fit."),
        (KEYS[0][:3] + "UU" + KEYS[0][5:], "Characters 4 and 5 did not fit."),
        (KEYS[0][1:], "Character 1 was missing."),
        (KEYS[0][:9] + "U" + KEYS[0][9:], "Character 10 was one too many."),
    ],
)
def test_a_correction_says_what_was_changed(typed: str, sentence: str) -> None:
    reading = read(typed)
    assert isinstance(reading, Corrected)
    assert reading.explain() == sentence
