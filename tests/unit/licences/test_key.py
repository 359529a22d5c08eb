"""The store's half of the key format, held to the vectors and to the SDK that reads it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel.errors import Refused
from troth.licences.key import ALPHABET, KeyFacts, KeyRefused, licence_index, make, parse
from troth_licence import key as sdk

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs/formats/licence-key.vectors.json").read_text())
MASTER = bytes(range(32))
FACTS = KeyFacts("store", "product", "line", 1, bytes(16), "ada@example.com")


def facts_of(vector: dict[str, Any]) -> KeyFacts:
    return KeyFacts(
        store=vector["store"],
        product=vector["product"],
        line=vector["line"],
        issue=vector["issue"],
        salt=bytes.fromhex(vector["salt"]),
        address=vector["address"],
    )


@pytest.mark.parametrize("vector", VECTORS["encoding"], ids=lambda vector: vector["name"])
def test_the_encoding_vectors(vector: dict[str, Any]) -> None:
    master = bytes.fromhex(vector["master"])
    key = make(master, facts_of(vector), epoch=vector["epoch"], tag=vector["tag"])
    assert (key.text, key.display) == (vector["key"], vector["display"])
    assert key.data.hex() == vector["data"]
    assert (key.epoch, key.tag, key.last5) == (vector["epoch"], vector["tag"], vector["key"][20:])


@pytest.mark.parametrize("vector", VECTORS["correction"], ids=lambda vector: vector["name"])
def test_the_store_reads_what_is_exact_and_corrects_nothing(vector: dict[str, Any]) -> None:
    if vector["result"] == "exact":
        assert parse(vector["typed"]).text == vector["key"]
    else:
        with pytest.raises(KeyRefused) as caught:
            parse(vector["typed"])
        assert caught.value.field == "key"
        assert isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    "changed",
    [
        replace(FACTS, store="store2"),
        replace(FACTS, product="product2"),
        replace(FACTS, line="line2"),
        replace(FACTS, issue=2),
        replace(FACTS, salt=b"\1" * 16),
        replace(FACTS, address="bob@example.com"),
    ],
)
def test_every_fact_changes_the_key(changed: KeyFacts) -> None:
    first = make(MASTER, FACTS, epoch=0, tag=0)
    assert make(MASTER, FACTS, epoch=0, tag=0) == first
    assert make(MASTER, changed, epoch=0, tag=0) != first
    assert make(bytes(32), FACTS, epoch=0, tag=0).text[2:20] != first.text[2:20]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FACTS, store=""),
        replace(FACTS, product="x" * 65),
        replace(FACTS, line="\u00e9" * 33),
        replace(FACTS, issue=0),
        replace(FACTS, issue=1 << 32),
        replace(FACTS, salt=bytes(15)),
        replace(FACTS, address=""),
    ],
)
def test_facts_out_of_bounds_are_a_fault_of_the_caller(wrong: KeyFacts) -> None:
    with pytest.raises(ValueError, match=r"octets each|out of bounds"):
        make(MASTER, wrong, epoch=0, tag=0)


@pytest.mark.parametrize(
    ("master", "epoch", "tag"),
    [(bytes(31), 0, 0), (bytes(33), 0, 0), (MASTER, 8, 0), (MASTER, -1, 0), (MASTER, 0, 16), (MASTER, 0, -1)],
)
def test_header_fields_out_of_bounds_are_a_fault_of_the_caller(master: bytes, epoch: int, tag: int) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        make(master, FACTS, epoch=epoch, tag=tag)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 7), st.integers(0, 15), st.integers(1, 2**32 - 1))
def test_the_sdk_reads_what_the_store_makes(master: bytes, epoch: int, tag: int, issue: int) -> None:
    key = make(master, replace(FACTS, issue=issue), epoch=epoch, tag=tag)
    assert sdk.read(key.display.lower()) == sdk.Exact(sdk.Key(key.text))
    read = sdk.parse(key.text)
    assert (read.epoch, read.tag) == (key.epoch, key.tag) == (epoch, tag)
    assert parse(f" {key.display} ") == key


def test_neither_key_nor_facts_show_what_is_secret() -> None:
    key = make(MASTER, FACTS, epoch=0, tag=0)
    assert repr(key) == "LicenceKey()"
    assert "ada" not in repr(FACTS)
    assert "salt" not in repr(FACTS)


def test_the_index_hangs_on_the_key_and_the_master_alone() -> None:
    key = make(MASTER, FACTS, epoch=0, tag=0)
    other = make(MASTER, replace(FACTS, issue=2), epoch=0, tag=0)
    index = licence_index(MASTER, key)
    assert (len(index), index[0]) == (33, 1)
    assert licence_index(MASTER, parse(key.display)) == index
    assert licence_index(MASTER, other) != index
    assert licence_index(bytes(32), key)[1:] != index[1:]


def check_typos(count: int, seed: int) -> dict[str, int]:
    """Type issued keys wrongly `count` times; return how often each thing happened."""
    source = random.Random(seed)
    issued = [make(MASTER, replace(FACTS, issue=number), epoch=0, tag=0) for number in range(1, 501)]
    indexes = {licence_index(MASTER, key): key for key in issued}
    tally = {"corrected": 0, "refused": 0, "nobody's": 0}
    for _ in range(count):
        meant = source.choice(issued)
        typed, within_promise = misspell(meant.text, source)
        reading = sdk.read(typed)
        if isinstance(reading, sdk.Refused):
            # A missing or extra character may leave two keys that fit, once in some 40,000 times: never guessed.
            assert not within_promise or (reading.reason == "ambiguous" and len(typed) != 25), typed
            tally["refused"] += 1
            continue
        assert isinstance(reading, sdk.Exact | sdk.Corrected)
        owner = indexes.get(licence_index(MASTER, parse(reading.key.text)))
        # The store accepts a key by its index alone: it is the one that was meant, or it is nobody's.
        assert owner in (meant, None), typed
        assert not within_promise or owner == meant, typed
        tally["corrected" if owner else "nobody's"] += 1
    return tally


def misspell(text: str, source: random.Random) -> tuple[str, bool]:
    """Return a slip of the pen, and whether it is one the format promises to correct."""
    symbols = list(text)
    kind = source.randrange(8)
    if kind <= 2:
        wrong = source.choice((1, 2))
    elif kind <= 4:
        wrong = source.randrange(3, 9)
    else:
        wrong = 0
    for position in source.sample(range(25), wrong):
        symbols[position] = source.choice([symbol for symbol in ALPHABET + "U" if symbol != symbols[position]])
    if kind == 5:
        at = source.randrange(24)
        symbols[at], symbols[at + 1] = symbols[at + 1], symbols[at]
    elif kind == 6:
        del symbols[source.randrange(25)]
    elif kind == 7:
        symbols.insert(source.randrange(26), source.choice(ALPHABET))
    return "".join(symbols), wrong <= 2


def test_two_thousand_typos() -> None:
    tally = check_typos(2_000, 1)
    assert tally["corrected"] > 1_000
    assert tally["refused"] > 300


@pytest.mark.soak
def test_two_hundred_thousand_typos() -> None:
    tally = check_typos(200_000, 2)
    print(tally)
    assert tally["corrected"] > 100_000
    assert tally["refused"] > 30_000
