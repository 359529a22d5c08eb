"""A record's shape is named by its fields and their types, however they are written."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Literal, Optional, Union

import msgspec
import pytest

from troth.policy.language import Personal
from troth.policy.shape import schema_id, shape_of


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Inner(Personal, frozen=True):
    line: str


class One(Personal, frozen=True):
    a: str
    b: int | None = None


class SameOtherwise(msgspec.Struct):
    b: Optional[int]  # noqa: UP045 - the older spelling is the point
    a: Annotated[str, msgspec.Meta(max_length=3)]


class Other(Personal, frozen=True):
    a: str
    b: str | None = None


class AsArray(Personal, frozen=True, array_like=True):
    b: int | None
    a: str


class AsArrayTurned(Personal, frozen=True, array_like=True):
    a: str
    b: int | None


def test_the_same_fields_have_the_same_name() -> None:
    assert schema_id(One) == schema_id(SameOtherwise)
    assert len(bytes.fromhex(schema_id(One))) == 8


def test_other_types_have_another_name() -> None:
    assert schema_id(One) != schema_id(Other)


def test_the_order_counts_where_the_bytes_depend_on_it() -> None:
    assert schema_id(AsArray) != schema_id(AsArrayTurned)
    assert schema_id(AsArrayTurned) != schema_id(One)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (One, "{a:str,b:int|none}"),
        (AsArrayTurned, "[a:str,b:int|none]"),
        (Union[str, int, None], "int|none|str"),  # noqa: UP007 - the older spelling is the point
        (tuple[str, ...], "tuple[str,...]"),
        (dict[str, list[Inner]], "dict[str,list[{line:str}]]"),
        (Literal["b", "a"], 'literal("a","b")'),
        (Size, 'enum("l","s")'),
        (datetime, "datetime"),
        (None, "none"),
    ],
)
def test_a_type_reads_as_one_text(kind: object, shape: str) -> None:
    assert shape_of(kind) == shape
