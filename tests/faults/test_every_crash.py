"""A purchase, cut off at every single place at which a process can die, and carried on afterwards.

The places are found by a run without a crash: before and after each commit of the two databases, and wherever the
program waits for the provider, for a mail to be delivered or to begin a unit of work.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import people
from tests.faults.people import Buyer
from tests.faults.points import Crash
from tests.faults.process import Template
from tests.faults.schedule import settle
from tests.faults.world import World
from troth.shop.model import Method, State

Day = Callable[[World], Buyer]


def _jobs(world: World) -> None:
    """Be the job process until nothing is due, over its deaths."""
    for _ in range(3):
        try:
            runner = world.process.jobs()
            while runner.run_due():
                pass
        except Crash:
            continue
        return


def _post(world: World) -> None:
    while world.bag:
        world.deliver(world.bag.pop(0))


def by_card(world: World) -> Buyer:
    buyer = Buyer("ada")
    people.submit(world, buyer)
    back = people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
    people.come_back(world, buyer, back)
    _jobs(world)
    _post(world)
    _jobs(world)
    return buyer


def by_transfer(world: World) -> Buyer:
    buyer = Buyer("ada", Method.BANK, deliver_now=False)
    people.submit(world, buyer)
    _jobs(world)
    people.act(world, buyer, "confirm")
    _jobs(world)
    return buyer


def and_back(world: World) -> Buyer:
    buyer = by_card(world)
    people.act(world, buyer, "reissue")
    _jobs(world)
    people.act(world, buyer, "refund")
    _jobs(world)
    _post(world)
    _jobs(world)
    return buyer


def called_off(world: World) -> Buyer:
    buyer = Buyer("ada")
    people.submit(world, buyer)
    session = people.open_tab(world, buyer)
    people.act(world, buyer, "cancel")
    _jobs(world)
    people.at_the_till(world, buyer, session, outcome="pay")
    _post(world)
    _jobs(world)
    return buyer


DAYS: dict[Day, set[State]] = {
    by_card: {State.FULFILLED},
    by_transfer: {State.FULFILLED},
    and_back: {State.REFUNDED},
    called_off: {State.CANCELLED},
}


def play(template: Template, scratch: Path, day: Day, crash_at: int | None) -> tuple[list[str], State, World]:
    """Play a day with one crash; return what is wrong with it, where its order stands, and the world."""
    place = Path(tempfile.mkdtemp(dir=scratch))
    world = World(template, place, random.Random(1))
    try:
        world.points.target = crash_at
        buyer = day(world)
        wrong = settle(world)
        return wrong, people.state_of(world, buyer.token), world
    finally:
        world.close()
        shutil.rmtree(place)


def play_cut_off(template: Template, scratch: Path, day: Day, step: int) -> None:
    """Play a day with a crash at every place, or at every `step`-th; nothing may be wrong with any of them."""
    places: list[str] = []
    play(template, scratch, lambda one: _counted(one, day, places), None)
    assert Counter(places)["store before commit"] >= 5
    wrong: list[str] = []
    for number in range(1, len(places) + 1, step):
        found, state, world = play(template, scratch, day, number)
        assert world.crashes == 1, f"nothing died at place {number}"
        told = found if state in DAYS[day] else [*found, f"the order is {state}"]
        wrong += [f"{number} {places[number - 1]}: {words}" for words in told]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("day", "step"), [(by_card, 1), (by_transfer, 4), (and_back, 4), (called_off, 4)])
def test_no_place_to_die_loses_or_doubles_anything(template: Template, scratch: Path, day: Day, step: int) -> None:
    play_cut_off(template, scratch, day, step)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.__name__)
def test_not_one_of_all_places_to_die_loses_or_doubles_anything(template: Template, scratch: Path, day: Day) -> None:
    play_cut_off(template, scratch, day, 1)


def _counted(world: World, day: Day, places: list[str]) -> Buyer:
    buyer = day(world)
    places += world.points.passed
    return buyer
