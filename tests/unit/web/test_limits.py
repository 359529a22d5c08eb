from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.kernel.errors import ConfigError
from troth.web.limits import Limit, Limiter, adjusted, describe

SECOND = 1_000_000_000


class Ticking:
    """A nanosecond clock set by hand."""

    def __init__(self) -> None:
        self.now = 5_000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def limiter(clock: Ticking) -> Iterator[Limiter]:
    made = Limiter.create(clock)
    yield made
    made.close()


def test_a_burst_then_the_rate(limiter: Limiter, clock: Ticking) -> None:
    limit = Limit("checkout", 30, per=60)
    assert [limiter.take(limit, "a").allowed for _ in range(31)] == [True] * 30 + [False]
    assert limiter.take(limit, "a").retry_after == 2
    clock.now += 2 * SECOND
    assert [limiter.take(limit, "a").allowed for _ in range(2)] == [True, False]
    clock.now += 60 * SECOND
    assert sum(limiter.take(limit, "a").allowed for _ in range(60)) == 30


def test_it_says_how_many_are_left_and_when_all_are_back(limiter: Limiter) -> None:
    limit = Limit("sign-in", 5, per=3600, by="address")
    first = limiter.take(limit, "a")
    assert (first.allowed, first.remaining, first.reset) == (True, 4, 720)
    for _ in range(4):
        last = limiter.take(limit, "a")
    assert (last.remaining, last.reset) == (0, 3600)
    refused = limiter.take(limit, "a")
    assert (refused.allowed, refused.retry_after) == (False, 720)
    assert describe(limit, refused) == (
        (b"ratelimit-policy", b'"sign-in";q=5;w=3600'),
        (b"ratelimit", b'"sign-in";r=0;t=720'),
    )


def test_keys_and_names_count_for_themselves(limiter: Limiter) -> None:
    one, other = Limit("a", 1), Limit("ab", 1)
    assert limiter.take(one, "bc").allowed
    assert limiter.take(other, "c").allowed
    assert limiter.take(one, "c").allowed
    assert not limiter.take(one, "bc").allowed


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 20),
    st.integers(1, 100),
    st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=150),
)
def test_no_window_ever_lets_more_through_than_burst_and_rate(count: int, per: int, pauses: list[int]) -> None:
    clock = Ticking()
    limiter = Limiter.create(clock)
    limit, let_through = Limit("x", count, per=per), []
    for pause in pauses:
        clock.now += pause
        if limiter.take(limit, "a").allowed:
            let_through.append(clock.now)
    limiter.close()
    step = per * SECOND // count
    for first in range(len(let_through)):
        for last in range(first, len(let_through)):
            window = let_through[last] - let_through[first]
            assert last - first + 1 <= count + window // step


def test_a_collision_in_one_slot_slows_nobody_down(limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"noisy": (1, 2), "half": (2, 3), "both": (1, 2)}
    monkeypatch.setattr(limiter, "_places", lambda _name, key: places[key])
    limit = Limit("x", 3)
    assert sum(limiter.take(limit, "noisy").allowed for _ in range(10)) == 3
    assert sum(limiter.take(limit, "half").allowed for _ in range(10)) == 3
    assert not limiter.take(limit, "both").allowed


def test_two_keys_rarely_share_both_slots(limiter: Limiter) -> None:
    places = {limiter._places("x", f"203.0.{n // 256}.{n % 256}/32") for n in range(2_000)}
    assert len(places) == 2_000


def test_nothing_of_a_key_is_stored(limiter: Limiter) -> None:
    limiter.take(Limit("x", 3), "203.0.113.7/32")
    area = bytes(limiter._area)
    assert b"203.0.113.7" not in area
    assert sum(1 for at in range(32, len(area), 8) if any(area[at : at + 8])) == 2


def test_the_area_is_keyed_anew_at_each_start() -> None:
    one, other = Limiter.create(), Limiter.create()
    assert one._places("x", "a") != other._places("x", "a")
    one.close()
    other.close()


def test_settings_change_the_count_of_known_limits_only() -> None:
    table = (Limit("checkout", 30), Limit("sign-in", 5, per=3600))
    assert adjusted(table, {"checkout": 60}) == {
        "checkout": Limit("checkout", 60),
        "sign-in": Limit("sign-in", 5, per=3600),
    }
    with pytest.raises(ConfigError, match=r"limits\.chekout is unknown; known here: checkout, sign-in"):
        adjusted(table, {"chekout": 60})


def test_without_memfd_a_file_without_a_name_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    made = Limiter.create()
    assert made.take(Limit("x", 1), "a").allowed
    assert not made.take(Limit("x", 1), "a").allowed
    made.close()
