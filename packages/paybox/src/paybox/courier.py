"""Carries webhooks to the shop in the background, and spoils the delivery as the faults say.

A delivery that gets no 2xx is tried again with a doubling pause, as Stripe does, only faster.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from paybox.faults import FaultBoard, Faults, tell
from paybox.ledger import Book
from paybox.objects import Event
from paybox.post import Target, post
from paybox.signature import body_of, sign
from paybox.wire import Json, Wire

WORKERS = 8
LONGEST_PAUSE = 30.0
LOG = 1000
TICK = 0.5
AGENT = "paybox (a test double of Stripe)"


@dataclass(order=True, slots=True)
class Delivery:
    """One copy of one event on its way; sorted by when it is due, then by rank."""

    due: float
    rank: int
    event: str = field(compare=False)
    attempt: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt and what the shop answered (0: nothing)."""

    event: str
    type: str
    attempt: int
    status: int


class Courier:
    """Delivers the events of one book to one target, if there is one."""

    def __init__(self, book: Book, wire: Wire, board: FaultBoard, target: Target | None = None) -> None:
        """Listen to the book; nothing leaves before `start`."""
        self.target = target
        self.log: deque[Sent] = deque(maxlen=LOG)
        self.after: Callable[[], None] = lambda: None
        self._book, self._wire, self._board = book, wire, board
        self._state = threading.Condition()
        self._waiting: list[Delivery] = []
        self._held: list[Delivery] = []
        self._busy = 0
        self._window = 0.0
        self._ranks = itertools.count()
        self._closing = False
        self._workers: list[threading.Thread] = []
        book.listen(self._take)

    # -- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Deliver from now on, and what an earlier run left waiting."""
        left = ("waiting", "held")
        self._take([event for event in self._book.events if self._book.delivery.get(event.id) in left])
        for number in range(WORKERS):
            worker = threading.Thread(target=self._work, name=f"paybox-webhooks-{number}", daemon=True)
            worker.start()
            self._workers.append(worker)

    def close(self) -> None:
        """Stop; what waits stays noted as waiting."""
        with self._state:
            self._closing = True
            self._state.notify_all()
        for worker in self._workers:
            worker.join(timeout=5)

    def forget(self) -> None:
        """Drop everything under way."""
        with self._state:
            self._waiting.clear()
            self._held.clear()
            self.log.clear()
            self._window = 0.0
            self._state.notify_all()

    # -- what a test asks -----------------------------------------------------------------------------------

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is on its way (held ones stay held); say whether that came in time."""
        with self._state:
            return self._state.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def held(self) -> list[str]:
        """Return the ids of the events held back, oldest first."""
        with self._state:
            return [delivery.event for delivery in sorted(self._held, key=lambda one: one.rank)]

    def waiting(self) -> list[str]:
        """Return the ids of the events that are due now or later."""
        with self._state:
            return [delivery.event for delivery in sorted(self._waiting)]

    def deliver(self, order: str = "sent", *, seed: int = 0) -> list[Sent]:
        """Deliver all that is held or waiting now, one after the other: `sent`, `reverse` or `shuffle`."""
        with self._state:
            ready = sorted(self._held + self._waiting, key=lambda one: one.rank)
            self._held.clear()
            self._waiting.clear()
        if order == "reverse":
            ready.reverse()
        elif order == "shuffle":
            random.Random(seed).shuffle(ready)  # noqa: S311 - an order, not a secret
        return [self._send(delivery) for delivery in ready]

    def deliver_events(self, events: Sequence[str]) -> list[Sent]:
        """Deliver these events now, in this order, as often as they are named; even ones delivered before."""
        for name in events:
            self._book.get(Event, name)
        with self._state:
            self._held = [delivery for delivery in self._held if delivery.event not in events]
            self._waiting = [delivery for delivery in self._waiting if delivery.event not in events]
            heapq.heapify(self._waiting)
        return [self._send(Delivery(0.0, next(self._ranks), name)) for name in events]

    def letter(self, event: Event, secret: str) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers of an event's webhook, signed now."""
        drawn = tell(self._wire.render(event), self._board.lies("webhooks"))
        body = body_of(drawn if isinstance(drawn, dict) else {})
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(body, secret),
            "User-Agent": AGENT,
        }
        return body, headers

    # -- on the way -----------------------------------------------------------------------------------------

    def _take(self, events: Sequence[Event]) -> None:
        """Accept fresh events; called while the book is locked, so it only queues."""
        if self.target is None:
            return
        for event in events:
            lost = self._board.take("lose")
            faults = self._board.now
            self._book.mark(event.id, "lost" if lost else "held" if faults.hold else "waiting")
            if not lost:
                self._queue(event.id, faults)

    def _queue(self, event: str, faults: Faults) -> None:
        with self._state:
            for _ in range(faults.duplicate):
                rank = next(self._ranks)
                delivery = Delivery(self._due(faults), -rank if faults.reorder_ms else rank, event)
                if faults.hold:
                    self._held.append(replace(delivery, rank=rank))
                else:
                    heapq.heappush(self._waiting, delivery)
            self._state.notify_all()

    def _due(self, faults: Faults) -> float:
        """Return when to deliver; with `reorder_ms` all of one window at its end, the last one first."""
        now = time.monotonic()
        if faults.reorder_ms and now >= self._window:
            self._window = now + faults.reorder_ms / 1000
        return (self._window if faults.reorder_ms else now) + faults.delay_ms / 1000

    def _work(self) -> None:
        while True:
            with self._state:
                delivery = self._next()
                if delivery is None:
                    return
                self._busy += 1
            try:
                self._send(delivery)
            finally:
                with self._state:
                    self._busy -= 1
                    self._state.notify_all()

    def _next(self) -> Delivery | None:
        """Wait for the next delivery that is due; None when closing."""
        while not self._closing:
            free = self._busy < self._board.now.parallel
            pause = self._waiting[0].due - time.monotonic() if self._waiting and free else TICK
            if free and self._waiting and pause <= 0:
                return heapq.heappop(self._waiting)
            self._state.wait(min(max(pause, 0.001), TICK) if self._waiting else None)
        return None

    def _send(self, delivery: Delivery) -> Sent:
        target = self.target
        event = self._book.find(Event, delivery.event)
        if target is None or event is None:
            return Sent(delivery.event, "", delivery.attempt, 0)
        body, headers = self.letter(event, target.secret)
        status = post(target.url, body, headers)
        sent = Sent(event.id, event.type, delivery.attempt, status)
        if self._book.find(Event, event.id) is None:  # the box was reset meanwhile
            return sent
        self.log.append(sent)
        if 200 <= status < 300:  # noqa: PLR2004 - the 2xx of RFC 9110
            self._book.mark(event.id, "delivered")
        else:
            self._again(delivery)
        self.after()
        return sent

    def _again(self, delivery: Delivery) -> None:
        faults = self._board.now
        over = delivery.attempt >= faults.attempts
        if self._book.delivery.get(delivery.event) != "delivered":  # by another copy
            self._book.mark(delivery.event, "given up" if over else "waiting")
        if over:
            return
        pause = min(faults.retry_ms / 1000 * 2 ** (delivery.attempt - 1), LONGEST_PAUSE)
        again = replace(delivery, due=time.monotonic() + pause, rank=next(self._ranks), attempt=delivery.attempt + 1)
        with self._state:
            heapq.heappush(self._waiting, again)
            self._state.notify_all()


def as_json(sent: Sent) -> Json:
    """Return one attempt as the control interface shows it."""
    return {"event": sent.event, "type": sent.type, "attempt": sent.attempt, "status": sent.status}
