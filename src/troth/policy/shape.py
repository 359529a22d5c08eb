"""The shape of a sealed record: its fields and their types as one text, and the eight bytes that name it."""

from __future__ import annotations

import hashlib
import types
from enum import Enum
from typing import Annotated, Literal, Union, get_args, get_origin

import msgspec

from troth.kernel.codec import canonical_json

SCHEMA_BYTES = 8


def schema_id(struct: type[msgspec.Struct]) -> str:
    """Return the first eight bytes of the SHA-256 of the struct's shape as 16 hexadecimal digits.

    The order of fields, their defaults and the struct's name do not count; a struct that is encoded as an array keeps
    its order in its shape, because its bytes depend on it.
    """
    return hashlib.sha256(shape_of(struct).encode()).hexdigest()[: 2 * SCHEMA_BYTES]


def shape_of(kind: object) -> str:
    """Return a type as text that does not depend on how it was spelled."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return shape_of(args[0])
    if origin in {Union, types.UnionType}:
        return "|".join(sorted(shape_of(one) for one in args))
    if origin is Literal:
        return _listed("literal", args)
    if origin is not None:
        return f"{_name(origin)}[{','.join(shape_of(one) for one in args)}]"
    return _plain(kind)


def _plain(kind: object) -> str:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _listed("enum", tuple(member.value for member in kind))
    return _name(kind)


def _struct(kind: type[msgspec.Struct]) -> str:
    fields = [f"{field.encode_name}:{shape_of(field.type)}" for field in msgspec.structs.fields(kind)]
    if kind.__struct_config__.array_like:
        return f"[{','.join(fields)}]"
    return f"{{{','.join(sorted(fields))}}}"


def _listed(word: str, values: tuple[object, ...]) -> str:
    return f"{word}({','.join(sorted(canonical_json(value).decode() for value in values))})"


def _name(kind: object) -> str:
    if kind is Ellipsis:
        return "..."
    if kind in {None, type(None)}:
        return "none"
    return kind.__qualname__ if isinstance(kind, type) else str(kind)
