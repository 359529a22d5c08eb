"""The two sealed formats are what docs/formats/sealed-record.md says, and open nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from troth.vault import envelope
from troth.vault.envelope import Place
from troth.vault.errors import Tampered

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs/formats/sealed-record.vectors.json").read_text(encoding="utf-8")
)
KEY = VECTORS["key"]
RECORD = VECTORS["record"]

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
places = st.builds(
    Place,
    store=names,
    record=names,
    row=names,
    person=names,
    retention=names,
    schema=st.binary(min_size=8, max_size=8),
    revision=st.integers(0, 2**32 - 1),
)


def place(**changes: Any) -> Place:
    made = RECORD["place"] | changes
    return Place(**made | {"schema": bytes.fromhex(made["schema"])})


def key() -> AESGCM:
    return AESGCM(bytes.fromhex(KEY["key"]))


def keks() -> dict[int, AESGCM]:
    return {KEY["kek_number"]: AESGCM(bytes.fromhex(KEY["kek"]))}


def test_the_sealed_record_of_the_format_opens() -> None:
    blob = bytes.fromhex(RECORD["blob"])
    assert place().aad().hex() == RECORD["associated_data"]
    assert envelope.revision_of(blob) == RECORD["place"]["revision"]
    plain = envelope.unseal(key(), place().aad(), blob)
    assert plain.hex() == RECORD["plain"]
    assert msgspec.msgpack.decode(plain) == RECORD["fields"]


def test_what_is_sealed_here_opens_by_the_format_alone() -> None:
    plain = bytes.fromhex(RECORD["plain"])
    blob = envelope.seal(key(), place(), plain)
    assert blob[:5] == b"\x01" + RECORD["place"]["revision"].to_bytes(4, "big")
    assert len(blob) == len(bytes.fromhex(RECORD["blob"]))
    assert key().decrypt(blob[5:17], blob[17:], bytes.fromhex(RECORD["associated_data"])) == plain


def test_no_two_seals_are_alike() -> None:
    assert len({envelope.seal(key(), place(), b"x") for _ in range(100)}) == 100


@pytest.mark.parametrize("vector", VECTORS["moved"], ids=lambda vector: vector["name"])
def test_a_record_that_was_moved_does_not_open(vector: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        envelope.unseal(key(), place(**vector["change"]).aad(), bytes.fromhex(RECORD["blob"]))


@pytest.mark.parametrize("vector", VECTORS["damaged"], ids=lambda vector: vector["name"])
def test_a_record_that_was_damaged_does_not_open(vector: dict[str, str]) -> None:
    blob = bytes.fromhex(vector["blob"])
    with pytest.raises(Tampered):
        envelope.unseal(key(), place(revision=envelope.revision_of(blob)).aad(), blob)


@pytest.mark.parametrize("length", range(40))
def test_a_short_blob_is_tampered_with_and_no_other_error(length: int) -> None:
    with pytest.raises(Tampered):
        envelope.unseal(key(), place().aad(), bytes.fromhex(RECORD["blob"])[:length])


def test_the_wrapped_key_of_the_format_opens() -> None:
    label = envelope.key_label(KEY["store"], KEY["person"], KEY["retention"])
    assert label.hex() == KEY["label"]
    assert envelope.unwrap(keks(), bytes.fromhex(KEY["wrapped"]), label).hex() == KEY["key"]
    wrapped = envelope.wrap(keks()[3], 3, b"k" * 32, label)
    assert wrapped[:3] == b"\x01\x00\x03"
    assert envelope.unwrap(keks(), wrapped, label) == b"k" * 32


@pytest.mark.parametrize("vector", VECTORS["damaged_keys"], ids=lambda vector: vector["name"])
def test_a_wrapped_key_that_was_damaged_does_not_open(vector: dict[str, str]) -> None:
    with pytest.raises(Tampered):
        envelope.unwrap(keks(), bytes.fromhex(vector["wrapped"]), bytes.fromhex(KEY["label"]))


@pytest.mark.parametrize("other", [("x", "p", "c"), ("s", "x", "c"), ("s", "p", "x"), ("sp", "", "c"), ("s", "pc", "")])
def test_a_wrapped_key_belongs_to_one_person_and_class(other: tuple[str, str, str]) -> None:
    wrapped = envelope.wrap(keks()[3], 3, b"k" * 32, envelope.key_label("s", "p", "c"))
    with pytest.raises(Tampered):
        envelope.unwrap(keks(), wrapped, envelope.key_label(*other))


@given(places, st.binary(max_size=300))
def test_whatever_is_sealed_opens_in_its_place(where: Place, plain: bytes) -> None:
    blob = envelope.seal(key(), where, plain)
    assert envelope.revision_of(blob) == where.revision
    assert envelope.unseal(key(), where.aad(), blob) == plain


@given(places, places)
def test_no_two_places_are_bound_alike(one: Place, other: Place) -> None:
    assert (one.aad() == other.aad()) == (one == other)


@given(st.lists(names, max_size=4), st.lists(names, max_size=4))
def test_joined_names_come_apart_in_one_way(one: list[str], other: list[str]) -> None:
    assert (envelope.prefixed(*one) == envelope.prefixed(*other)) == (one == other)


@given(st.integers(0, 96), st.integers(0, 7))
def test_no_bit_of_a_record_can_be_flipped(octet: int, bit: int) -> None:
    blob = bytearray.fromhex(RECORD["blob"])
    blob[octet] ^= 1 << bit
    with pytest.raises(Tampered):
        envelope.unseal(key(), place(revision=envelope.revision_of(bytes(blob))).aad(), bytes(blob))
