"""A store, its payment provider, the post between them and the clock, in one process; everything else is people.

The provider (paybox) outlives every crash of the store. A crash copies the store's files as they lie on disk at that
instant, and the next life of the program opens the copy.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import stripe

from paybox import Book, Paybox, Request
from paybox.direct import DirectClient
from paybox.objects import Event
from paybox.signature import sign
from tests.faults.loom import Loom
from tests.faults.points import Crash, Points
from tests.faults.process import START, Process, Template, copy
from troth.kernel.clock import SetClock
from troth.shop import payments

R = TypeVar("R")
KEY, SECRET = "sk_test_fernside", "whsec_fernside"


class Unreachable(Exception):
    """The store died before it answered."""


@dataclass
class Message:
    """A copy of a webhook on its way."""

    event: str
    attempt: int = 1


class World:
    """One play; `rng` makes every choice in it, so that a seed repeats it."""

    def __init__(self, template: Template, folder: Path, rng: random.Random) -> None:
        self.rng = rng
        self.clock = SetClock(START)
        self.loom, self.points = Loom(), Points()
        self.trace: list[str] = []
        self.bag: list[Message] = []
        self.copies: Callable[[Event], int] = lambda _event: 1
        self.answered: dict[str, set[str]] = defaultdict(set)
        self.crashes = 0
        self.evening = False
        self.box = Paybox(book=Book(clock=lambda: self.clock.now().timestamp(), seed=rng.randrange(2**32)), key=KEY)
        self.box.book.listen(self._told)
        self._client = stripe.StripeClient(
            KEY, http_client=DirectClient(self.box), base_addresses={"api": self.box.url}, max_network_retries=0
        )
        self._template, self._folder = template, folder
        self._lives: list[Process] = []
        self._next = template.copy(folder / "life-0")

    # -- the store ---------------------------------------------------------------------------------------------------

    @property
    def process(self) -> Process:
        """The store's program; started again if it died."""
        if not self._lives or self._lives[-1].dead:
            life = Process(self._template, self._next, clock=self.clock, client=self._client, arrive=self._arrive)
            self._lives.append(life)
        return self._lives[-1]

    def ask(self, function: Callable[..., R], *args: Any) -> R:
        """Have the store do something; raises `Unreachable` if it dies before the answer."""
        process = self.process
        try:
            return function(process.database, *args)
        except Crash:
            raise Unreachable from None

    def serve_jobs(self) -> None:
        """Be the job process, over all its lives; ends only with the play."""
        while True:
            process = self.process
            try:
                runner = process.jobs()
                while True:
                    runner.run_due()
                    process.wait("jobs wait")
            except Crash:
                continue

    def _arrive(self, process: Process, name: str, *, wait: bool) -> None:
        if self.points.arrive(name):
            self.say(f"CRASH at {name}")
            self.crashes += 1
            process.dead = True
            self._next = copy(process.folder, self._folder / f"life-{len(self._lives)}")
            raise Crash
        if wait:
            self.loom.pause()

    # -- the post ----------------------------------------------------------------------------------------------------

    def _told(self, events: Sequence[Event]) -> None:
        for event in events:
            copies = self.copies(event)
            self.say(f"provider: {event.type} (x{copies})")
            self.bag += [Message(event.id) for _ in range(copies)]

    def deliver(self, message: Message) -> None:
        """Carry a webhook to the store; one that got no answer goes back into the bag, as the provider tries again."""
        body, _ = self.box.letter(message.event)
        signature = sign(body, SECRET, at=int(self.clock.now().timestamp()))
        try:
            self.ask(_hear, body, signature)
        except Unreachable:
            self.bag.append(Message(message.event, message.attempt + 1))

    # -- looking -----------------------------------------------------------------------------------------------------

    def state(self) -> Mapping[str, Any]:
        """Return what the provider knows."""
        told: Any = self.box.answer(Request.to("/_paybox/state")).json()
        return dict(told)

    def advance(self, **step: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**step))

    def say(self, words: str) -> None:
        """Add a line to the story of this play."""
        self.trace.append(words)

    def close(self) -> None:
        """End everything."""
        self.loom.close()
        for life in self._lives:
            life.close()


def _hear(database: Any, body: bytes, signature: str) -> None:
    """Do what the webhook's route does."""
    provider = database.port(payments.Providers).get("stripe")
    notice = provider.read_webhook(body, signature, database.clock.now())
    with database.begin() as uow:
        payments.hear(uow, provider.name, notice)
