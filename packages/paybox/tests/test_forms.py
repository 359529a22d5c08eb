"""The request encoding, against the SDK that writes it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from paybox.forms import MAX_FIELDS, pairs, tree
from paybox.idempotency import fingerprint
from paybox.money import CURRENCIES, written
from paybox.refusals import InvalidParameter

NAMES = st.text(st.characters(categories=["L", "N"], include_characters="_- ."), min_size=1, max_size=10)
LEAVES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TREES: Any = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4) | st.lists(inner, min_size=1, max_size=3),
    max_leaves=12,
)  # fmt: skip


def as_tree(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_tree(member) for name, member in value.items()}
    if isinstance(value, list):
        return {str(place): as_tree(member) for place, member in enumerate(value)}
    return value


@given(st.dictionaries(NAMES, TREES, max_size=5))
def test_what_the_sdk_writes_is_read_back(params: dict[str, Any]) -> None:
    text = urlencode(list(_api_encode(params))).replace("%5B", "[").replace("%5D", "]")
    assert tree(text) == as_tree(params)


def test_a_list_without_numbers_numbers_itself() -> None:
    assert tree("expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(InvalidParameter):
        tree("&".join(f"a{number}=1" for number in range(MAX_FIELDS + 1)))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(tree(text), dict)
    except InvalidParameter as refusal:
        assert refusal.status == 400  # noqa: PT017 - either of the two is right


@given(st.lists(st.tuples(LEAVES, LEAVES), max_size=6), st.randoms())
def test_a_fingerprint_knows_the_fields_and_not_their_order(fields: list[tuple[str, str]], luck: Any) -> None:
    shuffled = list(fields)
    luck.shuffle(shuffled)
    assert fingerprint(fields) == fingerprint(shuffled)
    assert fingerprint([*fields, ("one", "more")]) != fingerprint(fields)
    assert fingerprint([("ab", "c")]) != fingerprint([("a", "bc")])
    assert pairs("") == []


@given(st.integers(0, 99_999_999), st.sampled_from(sorted(CURRENCIES)))
def test_a_written_sum_has_all_its_digits(amount: int, currency: str) -> None:
    digits = "".join(mark for mark in written(amount, currency) if mark.isdigit())
    assert int(digits) == amount
