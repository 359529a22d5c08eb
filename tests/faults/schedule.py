"""A day in the life of a store, drawn from a seed; what is quiet afterwards is held to `truth`.

    Outcome = play(template, folder, seed)

The same seed gives the same day (random names of rows included), so that a failure can be looked at again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from typing_extensions import override

from tests.faults import people, truth
from tests.faults.people import Buyer
from tests.faults.process import Template
from tests.faults.world import World
from troth.kernel.jobs import Runner
from troth.shop.model import Method, State

REPLAY = "FAULT_SEED"
MOST_STEPS = 160
_WEBHOOK_COPIES = (0, 1, 1, 1, 2, 3)


@dataclass(frozen=True)
class Outcome:
    """What a day came to."""

    seed: int
    wrong: list[str]
    trace: list[str]
    crashes: int

    @override
    def __str__(self) -> str:
        lines = "\n  ".join(self.wrong), "\n  ".join(self.trace)
        return f"seed {self.seed} ({REPLAY}={self.seed} plays it again)\n  {lines[0]}\nstory:\n  {lines[1]}"


@contextmanager
def drawn_names(rng: random.Random) -> Iterator[None]:
    """Draw the names of rows and tokens from the seed, so that their order repeats; keys and nonces stay random."""
    drawn = SimpleNamespace(
        urandom=rng.randbytes, token_urlsafe=lambda size: rng.randbytes(size).hex()[:22], choice=rng.choice
    )
    with ExitStack() as stack:
        for place in ("troth.kernel.ids.os", "troth.kernel.ids.secrets", "troth.shop.model.secrets"):
            stack.enter_context(patch(place, drawn))
        yield


def play(template: Template, folder: Path, seed: int) -> Outcome:
    """Play one day to its end."""
    rng = random.Random(seed)
    with drawn_names(random.Random(seed + 1)):
        world = World(template, folder, rng)
        try:
            _cast(world)
            _act(world)
            wrong = settle(world)
        finally:
            world.close()
    return Outcome(seed, wrong, world.trace, world.crashes)


# -- the day ---------------------------------------------------------------------------------------------------------


def _cast(world: World) -> None:
    """Choose who comes, and what the provider's webhooks meet."""
    rng = world.rng
    world.copies = lambda _event: rng.choice(_WEBHOOK_COPIES)
    world.loom.spawn("jobs", world.serve_jobs)
    for number in range(rng.choice((1, 1, 1, 2))):
        method = rng.choice((Method.CARD, Method.CARD, Method.CARD, Method.BANK))
        buyer = Buyer(rng.choice(("ada", f"ben{number}")), method, deliver_now=rng.random() < 0.8)
        _spawn(world, "submit", people.submit, buyer)
        if rng.random() < 0.3:
            _spawn(world, "submit again", people.submit, buyer)
        tabs = rng.choice((1, 1, 2)) if method is Method.CARD else 0
        for _ in range(tabs):
            _spawn(world, "tab", _later, people.buy, buyer)
        for _ in range(rng.choice((1, 2)) if method is Method.BANK else 0):
            _spawn(world, "confirm", people.act, buyer, "confirm")
        for what, chance in (("cancel", 0.15), ("refund", 0.2), ("refund", 0.1), ("reissue", 0.15)):
            if rng.random() < chance:
                _spawn(world, what, people.act, buyer, what)
        if method is Method.CARD and rng.random() < 0.1:
            _spawn(world, "clerk", people.refund_at_the_provider, buyer)


def _spawn(world: World, name: str, script: Callable[..., None], *args: Any) -> None:
    world.loom.spawn(name, partial(script, world, *args))


def _later(world: World, script: Callable[[World, Buyer], None], buyer: Buyer) -> None:
    """Begin once the order is known."""
    for _ in range(200):
        if buyer.token:
            script(world, buyer)
            return
        world.loom.pause()


def _act(world: World) -> None:
    """Let people, post, clock and bad luck take turns until nobody has anything left to do."""
    rng = world.rng
    for _ in range(rng.choice((0, 1, 1, 2))):
        # Where the first places are does not matter: crashes are spread over the whole day.
        _spawn(world, "misfortune", _misfortune, rng.randrange(1, 60))
    if rng.random() < 0.25:
        world.box.faults(down=rng.randrange(1, 4), down_how=rng.choice(("503", "drop", "lost")))
    for _ in range(MOST_STEPS):
        others = [actor for actor in world.loom.waiting() if actor.name != "jobs"]
        if not others and not world.bag:
            break
        _turn(world)
    world.box.faults(down=0)
    world.points.target = None
    world.evening = True
    while others := [actor for actor in world.loom.waiting() if actor.name != "jobs"]:
        rng.choice(others).step()


def _misfortune(world: World, wait: int) -> None:
    while len(world.points.passed) < wait:
        if world.evening:
            return
        world.loom.pause()
    if not world.evening:
        world.points.arm(world.rng.randrange(1, 12))


def _turn(world: World) -> None:
    rng = world.rng
    chance = rng.random()
    if chance < 0.12 and world.bag:
        message = world.bag.pop(rng.randrange(len(world.bag)))
        world.loom.spawn("post", partial(world.deliver, message))
    elif chance < 0.2:
        world.advance(seconds=rng.choice((1, 1, 5, 31, 61, 600)))
    else:
        rng.choice(world.loom.waiting()).step()


# -- the evening -----------------------------------------------------------------------------------------------------


def settle(world: World, *, days: int = 16) -> list[str]:
    """Let the store come to rest with all that is still on its way lost, and hold it to the truth; twice, with `days`
    between.
    """
    world.points.target = None
    world.bag.clear()
    world.copies = lambda _event: 0
    rest(world)
    wrong = check(world, crashes=world.crashes)
    if days:
        world.advance(days=days)
        rest(world, (0, 1.1))
        wrong += [words for words in check(world) if words not in wrong]
    return wrong


def rest(world: World, pauses: tuple[float, ...] = (0, 1.1, 10)) -> None:
    """Run jobs for as long as leases and pauses last, in minutes."""
    runner = world.process.jobs()
    for minutes in pauses:
        world.advance(minutes=minutes)
        drain(runner)


def drain(runner: Runner) -> None:
    """Run what is due until nothing is."""
    for _ in range(100):
        if not runner.run_due():
            return
    raise AssertionError("there is always something due")


def check(world: World, *, crashes: int = 0) -> list[str]:
    """Hold the store to the truth."""
    process = world.process
    wrong = truth.violations(process.database, process.access, world.state(), process.outbox, crashes=crashes)
    return [*wrong, *_forms(world)]


def _forms(world: World) -> Iterator[str]:
    """A form pressed again gives the same order, unless that was called off meanwhile."""
    for tokens in world.answered.values():
        states = [people.state_of(world, token) for token in tokens]
        if len([one for one in states if one not in {State.CANCELLED, State.EXPIRED}]) > 1:
            yield f"DOUBLED: one form gave {states}"
