"""Encoding and decoding, in one place so that the library behind it can be exchanged."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from troth.kernel.errors import Refused

T = TypeVar("T")


def to_json(value: object) -> bytes:
    """Encode structs and plain values as JSON (RFC 8259), UTF-8."""
    return msgspec.json.encode(value)


def canonical_json(value: object) -> bytes:
    """Encode as JSON with sorted keys and no spaces: equal values give equal bytes, fit to be hashed."""
    return msgspec.json.encode(value, order="sorted")


def from_json(data: bytes | str, kind: type[T]) -> T:
    """Decode and check JSON against a type; raises `Refused` with the path of what does not fit."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(str(error)) from error


def convert(value: Any, kind: type[T]) -> T:  # noqa: ANN401 - whatever a decoder gave
    """Check plain values (strings, lists, dicts) against a type; raises `Refused`."""
    try:
        return msgspec.convert(value, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error
