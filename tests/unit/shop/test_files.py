"""A download that stopped goes on where it stopped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.shop.web.files import find_range

SIZE = 1000


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-", (0, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=500-599", (500, 600)),
        ("bytes=999-", (999, 1000)),
        ("bytes=990-5000", (990, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-5000", (0, 1000)),
    ],
)
def test_a_part_of_a_file_is_found(wanted: str, part: tuple[int, int]) -> None:
    assert find_range(wanted, SIZE) == part


@pytest.mark.parametrize(
    "wanted", ["bytes=1000-", "bytes=5-4", "bytes=-0", "bytes=-", "bytes=", "bytes=0-1,5-6", "lines=0-1", "bytes=٣-"]
)
def test_what_is_no_part_of_it_is_refused(wanted: str) -> None:
    assert find_range(wanted, SIZE) is None


@given(wanted=st.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}", fullmatch=True), size=st.integers(0, 10**15))
def test_a_part_never_leaves_the_file(wanted: str, size: int) -> None:
    part = find_range(wanted, size)
    assert part is None or 0 <= part[0] < part[1] <= size
