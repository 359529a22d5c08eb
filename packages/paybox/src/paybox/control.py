"""`/_paybox/…`: how a test reads the state, sets faults, moves the clock and lets webhooks go."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from paybox.courier import Courier, as_json
from paybox.faults import FaultBoard, WrongFault
from paybox.http import Answer, Request
from paybox.idempotency import Replays
from paybox.ledger import Book
from paybox.objects import Charge, Event, Intent, Refund, Session
from paybox.post import Target, check_target
from paybox.refusals import Refusal
from paybox.wire import Wire

PLACE = "/_paybox/"
SHOWN = 1000
FOREVER = 10 * 366 * 86_400
ORDERS = ("sent", "reverse", "shuffle")


class WrongCommand(ValueError):
    """A command was not understood; the message says what is allowed."""


@dataclass
class Control:
    """Answers the commands of a test; `changed` is called after each that changed something."""

    book: Book
    wire: Wire
    board: FaultBoard
    courier: Courier
    replays: Replays
    anywhere: bool = False
    secret: str = ""
    requests: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=SHOWN))

    def answer(self, request: Request) -> Answer:
        """Do what was asked, and answer JSON; 400 with `error` for what was not understood."""
        name = request.path.removeprefix(PLACE)
        commands: Mapping[tuple[str, str], Callable[[Mapping[str, object]], object]] = {
            ("GET", "state"): lambda _: self.state(),
            ("GET", "faults"): lambda _: self.board.as_json(),
            ("POST", "faults"): self._set_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "reset"): lambda _: self.reset(),
            ("POST", "deliver"): self._deliver,
            ("POST", "settle"): self._settle,
            ("POST", "clock"): self._clock,
            ("POST", "pay"): self._pay,
            ("POST", "webhook"): self._webhook,
        }
        command = commands.get((request.method, name))
        if command is None:
            known = ", ".join(f"{method} {PLACE}{path}" for method, path in commands)
            return Answer.of({"error": f"There is no {request.method} {request.path}; known are {known}."}, status=404)
        try:
            return Answer.of(command(_table(request.body)))
        except Refusal as refusal:
            return Answer.of({"error": refusal.message}, status=refusal.status)
        except (WrongFault, WrongCommand) as error:
            return Answer.of({"error": str(error)}, status=400)

    def state(self) -> dict[str, object]:
        """Return everything as it truly is (no lies), the newest thousand of each kind."""
        target = self.courier.target
        kinds = {"sessions": Session, "intents": Intent, "charges": Charge, "refunds": Refund}
        held: dict[str, list[object]] = {
            name: [self.wire.render(thing) for thing in self.book.listed(kind)[-SHOWN:]] for name, kind in kinds.items()
        }
        return {
            "now": self.book.now(),
            "faults": self.board.as_json(),
            "webhook": None if target is None else target.url,
            **held,
            "events": [
                {
                    "id": event.id,
                    "type": event.type,
                    "subject": event.subject.id,
                    "delivery": self.book.delivery[event.id],
                }
                for event in self.book.listed(Event)[-SHOWN:]
            ],
            "held": self.courier.held(),
            "waiting": self.courier.waiting(),
            "deliveries": [as_json(sent) for sent in list(self.courier.log)],
            "requests": list(self.requests),
        }

    def reset(self) -> dict[str, object]:
        """Forget all objects, keys, faults and deliveries; the webhook address stays."""
        self.board.clear()
        self.courier.forget()
        self.book.reset()
        self.replays.restore({})
        self.requests.clear()
        return {"now": self.book.now()}

    def _set_faults(self, sent: Mapping[str, object]) -> object:
        self.board.set(**sent)
        return self.board.as_json()

    def _clear_faults(self, _: Mapping[str, object]) -> object:
        self.board.clear()
        return self.board.as_json()

    def _deliver(self, sent: Mapping[str, object]) -> object:
        order, seed = sent.get("order", "sent"), sent.get("seed", 0)
        if isinstance(order, list) and all(isinstance(name, str) for name in order):
            return {"deliveries": [as_json(one) for one in self.courier.deliver_events(order[:SHOWN])]}
        if order not in ORDERS or not isinstance(seed, int):
            raise WrongCommand(f"order is one of {', '.join(ORDERS)} or a list of event ids, seed a number")
        return {"deliveries": [as_json(one) for one in self.courier.deliver(str(order), seed=seed)]}

    def _settle(self, sent: Mapping[str, object]) -> object:
        timeout = sent.get("timeout", 10)
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 <= timeout <= 60:  # noqa: PLR2004
            raise WrongCommand("timeout is a number of seconds from 0 to 60")
        return {"settled": self.courier.settle(float(timeout))}

    def _clock(self, sent: Mapping[str, object]) -> object:
        seconds = sent.get("advance", 0)
        if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= FOREVER:
            raise WrongCommand("advance is a whole number of seconds, forward")
        expired = self.book.advance(seconds)
        return {"now": self.book.now(), "expired": expired}

    def _pay(self, sent: Mapping[str, object]) -> object:
        """Do what a person would do on the page."""
        name, outcome = str(sent.get("session", "")), sent.get("outcome", "pay")
        country = str(sent.get("card_country", "DE"))
        if outcome == "pay":
            return self.wire.render(self.book.pay(name, country=country))
        if outcome == "decline":
            reason = str(sent.get("decline_code", "generic_decline"))
            return self.wire.render(self.book.decline(name, country=country, reason=reason))
        raise WrongCommand("outcome is pay or decline")

    def _webhook(self, sent: Mapping[str, object]) -> object:
        url, secret = sent.get("url"), sent.get("secret", self.secret)
        if not isinstance(secret, str) or not (url is None or isinstance(url, str)):
            raise WrongCommand("url is an address or null, secret a text")
        self.point(url, secret)
        return {"url": url}

    def point(self, url: str | None, secret: str) -> None:
        """Send webhooks to `url` from now on, signed with `secret`; to nobody when None."""
        if url is None:
            self.courier.target = None
            return
        try:
            self.courier.target = Target(check_target(url, anywhere=self.anywhere), secret)
        except ValueError as error:
            raise WrongCommand(str(error)) from error


def _table(body: bytes) -> Mapping[str, object]:
    try:
        sent = json.loads(body or b"{}")
    except ValueError as error:
        raise WrongCommand("the body is not JSON") from error
    if not isinstance(sent, dict):
        raise WrongCommand("the body is a JSON object")
    return sent
