"""An address has one normal form, and what is none is refused without being repeated."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel.errors import Refused
from troth.people.address import AddressRefused, normalise

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs/formats/licence-key.vectors.json").read_text())[
    "addresses"
]


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: vector["name"])
def test_a_valid_address_has_its_normal_form(vector: dict[str, str]) -> None:
    assert normalise(vector["typed"]) == vector["address"]
    assert normalise(vector["address"]) == vector["address"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_a_hostile_address_is_refused_with_its_reason(vector: dict[str, str]) -> None:
    with pytest.raises(AddressRefused) as caught:
        normalise(vector["typed"])
    assert caught.value.reason == vector["reason"]
    assert caught.value.field == "email"
    assert isinstance(caught.value, Refused)


@pytest.mark.parametrize("typed", ["ada-secret@exa_mple.com", "ada-secret@\u2615.example", "ada-secret@x..y"])
def test_a_refusal_never_repeats_the_address(typed: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        normalise(typed)
    assert caught.value.__context__ is None
    shown = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value)
    assert "secret" not in shown
    assert "\u2615" not in shown


@given(st.text(max_size=80))
def test_any_text_is_normalised_for_good_or_refused(text: str) -> None:
    for typed in (text, f"{text}@example.com", f"ada@{text}.com"):
        try:
            normal = normalise(typed)
        except AddressRefused:
            continue
        assert normalise(normal) == normal
        assert normal.count("@") == 1
        assert len(normal.encode()) <= 254
        assert not set(normal) & set(' \t\r\n\0<>,;:"()[]\\\u200b\u202e')
        assert normal.split("@")[1].isascii()


@given(
    st.from_regex(r"[A-Za-z0-9_+-]{1,20}(\.[A-Za-z0-9_+-]{1,20}){0,2}@[A-Za-z0-9]{1,20}\.[A-Za-z]{2,6}", fullmatch=True)
)
def test_an_everyday_address_is_only_lower_cased(address: str) -> None:
    assert normalise(f" {address}\n") == address.lower()
