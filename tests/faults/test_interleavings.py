"""Days drawn from seeds: returns, webhooks lost and doubled, the sweep, second tabs, refunds and crashes, in any order.

    FAULT_SEED=17 pytest tests/faults/test_interleavings.py -k again       # plays one day again and tells its story

`make test` plays 500 days, `make soak` 10,000 others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.faults.process import Template
from tests.faults.schedule import REPLAY, Outcome, play

DAYS, BATCH = 500, 25
SOAK_DAYS, SOAK_BATCH = 10_000, 250


def play_batch(template: Template, scratch: Path, seeds: range) -> list[Outcome]:
    """Play a batch of days; return those on which something went wrong."""
    outcomes: list[Outcome] = []
    for seed in seeds:
        place = Path(tempfile.mkdtemp(dir=scratch))
        outcomes.append(play(template, place, seed))
        shutil.rmtree(place)
    # A play in which nothing dies proves little: about two days in three know a crash.
    assert sum(outcome.crashes for outcome in outcomes) > len(seeds) // 3
    return [outcome for outcome in outcomes if outcome.wrong]


@pytest.mark.parametrize("first", range(0, DAYS, BATCH))
def test_no_day_loses_or_doubles_anything(template: Template, scratch: Path, first: int) -> None:
    wrong = play_batch(template, scratch, range(first, first + BATCH))
    assert not wrong, "\n\n".join(map(str, wrong))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(DAYS, DAYS + SOAK_DAYS, SOAK_BATCH))
def test_no_day_of_many_loses_or_doubles_anything(template: Template, scratch: Path, first: int) -> None:
    wrong = play_batch(template, scratch, range(first, first + SOAK_BATCH))
    assert not wrong, "\n\n".join(map(str, wrong))


@pytest.mark.skipif(REPLAY not in os.environ, reason=f"{REPLAY}=N plays day N again")
def test_a_day_again(template: Template, tmp_path: Path) -> None:
    outcome = play(template, tmp_path, int(os.environ[REPLAY]))
    print(outcome)
    assert not outcome.wrong, str(outcome)


def test_the_same_seed_is_the_same_day(template: Template, scratch: Path) -> None:
    stories = []
    for _ in range(2):
        place = Path(tempfile.mkdtemp(dir=scratch))
        stories.append(play(template, place, 3).trace)
    assert stories[0] == stories[1]
    assert len(stories[0]) > 5


def test_what_is_lost_or_doubled_would_be_seen(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge is judged: a store that books a payment twice, or forgets to, does not pass."""
    for broken in ("troth.shop.letters.write_receipt", "troth.shop.service.letters.write_key"):
        with monkeypatch.context() as patch:
            patch.setattr(broken, lambda *_args, **_named: None)
            outcomes = [play(template, tmp_path / f"{broken}-{seed}", seed) for seed in range(8)]
        assert any("LOST" in words for outcome in outcomes for words in outcome.wrong)
