"""Sizes, counts and durations read the way people say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.demo.programs.common.words import Progress, count, duration, shown, size


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_800_000_000, "1.8 GB"),
        (10**18, "1,000.0 PB"),
    ],
)
def test_size(octets: int, text: str) -> None:
    assert size(octets) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "less than 0.1 s"),
        (0.04, "less than 0.1 s"),
        (0.44, "0.4 s"),
        (38.2, "38 s"),
        (300, "5 min"),
        (7_800, "2 h 10 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_count() -> None:
    assert [count(number, "file") for number in (0, 1, 2104)] == ["0 files", "1 file", "2,104 files"]


def test_progress_tells_the_time_left_and_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("copied", 4_000_000)
    progress.add(1_000_000)
    assert progress.line(10) == "copied 1.0 MB of 4.0 MB, about 30 s left"
    progress.close()
    assert capsys.readouterr().err == ""


@given(st.text())
def test_a_name_is_safe_to_print_whatever_its_bytes(name: str) -> None:
    text = shown(name)
    text.encode()
    assert not any(ord(char) < 32 for char in text)
