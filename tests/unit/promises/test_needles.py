"""A value is found in every encoding, wherever it begins, and nothing else is taken for one."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import quopri
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.promises.canary import Canary, new_marker
from troth.promises.search import Hit, KeyNeedles, Needles, Secret, layers

MARKER = new_marker()
ADA, BEN = Canary.hatch("A", MARKER), Canary.hatch("B", MARKER)
NEEDLES = Needles([*ADA.secrets(), *BEN.secrets(), Secret("A", "order link", "x7dPq0zzTT-_aaBBccDDee")], marker=MARKER)
AROUND = st.binary(max_size=80)
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 in lines": lambda text: base64.encodebytes(b"." * 50 + text.encode()),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "hexadecimal in capitals": lambda text: binascii.hexlify(text.encode()).upper(),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "percent": lambda text: quote(text).encode(),
    "percent, every character": lambda text: "".join(f"%{code:02X}" for code in text.encode()).encode(),
    "quoted-printable": lambda text: quopri.encodestring(("ä" * 21 + text).encode()),
    "JSON": lambda text: json.dumps(text).encode(),
    "JSON, every character": lambda text: "".join(f"\\u{ord(char):04X}" for char in text).encode(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@given(before=AROUND, after=AROUND, offset=st.integers(0, 5))
def test_a_value_is_found_in_every_encoding(
    encode: Callable[[str], bytes], before: bytes, after: bytes, offset: int
) -> None:
    data = before + b"\n" + encode("-" * offset + ADA.email + "-") + b"\n" + after
    assert {hit.secret.owner for hit in NEEDLES.find(data)} == {"A"}


@given(st.binary(max_size=4000))
def test_other_bytes_hold_no_value(data: bytes) -> None:
    assert NEEDLES.find(data) == set()


def test_a_value_is_told_from_another_persons() -> None:
    street = BEN.address.split()[1]
    assert NEEDLES.find(street.encode()) == {Hit(Secret("B", "street", street), "plain")}


def test_a_value_without_the_marker_is_found_too() -> None:
    found = NEEDLES.find(b"GET /orders/x7dPq0zzTT-_aaBBccDDee HTTP/1.1")
    assert [hit.secret.field for hit in found] == ["order link"]


def test_a_short_value_is_refused() -> None:
    with pytest.raises(ValueError, match="six"):
        Needles([Secret("A", "initials", "ab")]).find(b"anything")


@given(key=st.binary(min_size=32, max_size=32), before=st.binary(max_size=7))
def test_keys_are_found_raw_in_hexadecimal_and_in_base64(key: bytes, before: bytes) -> None:
    needles = KeyNeedles([key])
    for held in (key, key.hex().encode(), base64.b64encode(before + key), key.hex().upper().encode()):
        assert needles.count(b"k=" + held + b";") >= 1
    assert needles.count(bytes(reversed(key)) if key != key[::-1] else b"") == 0


WRAPPERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "two gzip members": lambda data: gzip.compress(b"first") + gzip.compress(data),
    "zlib": zlib.compress,
    "brotli": lambda data: bytes(brotli.compress(data)),
    "zip": lambda data: _zipped(data, b""),
    "zip behind a start line": lambda data: _zipped(data, b"#!/usr/bin/env python3\n"),
    "gzip in a zip": lambda data: _zipped(gzip.compress(data), b""),
}


def _zipped(data: bytes, before: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", data)
    return before + buffer.getvalue()


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_a_value_is_found_inside_of_archives(wrap: Callable[[bytes], bytes]) -> None:
    wrapped = wrap(b"something long enough to be compressed, and then " * 3 + ADA.email.encode())
    assert not NEEDLES.find(wrapped)
    assert any(NEEDLES.find(layer) for layer in layers(wrapped))
