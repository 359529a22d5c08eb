"""A leaf commits to who opened what, why and when, and tells it to nobody without the salt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from troth.vault import audit

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs/formats/sealed-record.vectors.json").read_text(encoding="utf-8")
)["leaf"]


def reading(**changes: Any) -> audit.Reading:
    names = ("person", "record", "purpose", "role", "at")
    return audit.Reading(**{name: VECTOR[name] for name in names} | {"salt": bytes.fromhex(VECTOR["salt"])} | changes)


def test_the_leaf_of_the_format() -> None:
    assert audit.commit(reading()).hex() == VECTOR["leaf"]
    assert audit.commit_entry(bytes.fromhex(VECTOR["salt"]), json.loads(VECTOR["entry"])).hex() == VECTOR["leaf"]


@pytest.mark.parametrize("field", ["person", "record", "purpose", "role", "at", "salt"])
def test_every_part_counts(field: str) -> None:
    changed = b"\0" * 16 if field == "salt" else VECTOR[field] + "x"
    assert audit.commit(msgspec.structs.replace(reading(), **{field: changed})) != audit.commit(reading())


def test_salts_are_fresh() -> None:
    assert len({audit.new_salt() for _ in range(100)}) == 100
    assert len(audit.new_salt()) == 16


def test_a_reading_shows_nobody() -> None:
    assert repr(reading()) == "<personal Reading>"
