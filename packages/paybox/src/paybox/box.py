"""The whole double in one object: book, API, page, webhooks, control and, once started, an HTTP server."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from paybox import control, till
from paybox.api import Api
from paybox.control import Control
from paybox.courier import Courier
from paybox.faults import FaultBoard, Faults
from paybox.http import Answer, Request
from paybox.ledger import Book
from paybox.objects import Event, Session
from paybox.page import missing_page
from paybox.place import Place
from paybox.server import Server
from paybox.state import Keeper
from paybox.wire import Wire

KEY = "sk_test_paybox"
SECRET = "whsec_paybox"  # noqa: S105 - a default that is printed in the README
TICK = 0.5


class Paybox:
    """A payment provider for tests; `with Paybox(webhook=…, secret=…) as box:` serves at `box.url`."""

    def __init__(
        self,
        *,
        webhook: str | None = None,
        secret: str = SECRET,
        key: str = KEY,
        book: Book | None = None,
        place: Place | None = None,
    ) -> None:
        """Make a box; raises `ValueError` for a live key or an address that only `expose` allows."""
        if not key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("paybox is a test double: its key begins with sk_test_ or rk_test_, never live")
        self.place = place or Place()
        self.key, self.secret = key, secret
        self.book = book or Book()
        self.board = FaultBoard()
        self.wire = Wire(self.book, page_url=lambda name: self.url + till.PLACE + name)
        self.api = Api(self.book, self.wire, self.board, key)
        self.courier = Courier(self.book, self.wire, self.board)
        self.control = Control(
            self.book, self.wire, self.board, self.courier, self.api.replays,
            anywhere=self.place.expose, secret=secret,
        )  # fmt: skip
        self._till = till.Till(self.book, self.board)
        self._keeper = Keeper(self.book, self.api.replays, self.place.state)
        self.courier.after = self._save_later
        self.control.point(webhook, secret)
        self._server: Server | None = None
        self._ticker = threading.Thread(target=self._tick, name="paybox-clock", daemon=True)

    # -- life -----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address for `api_base`; before the start one that nobody serves."""
        if self.place.public_url is not None:
            return self.place.public_url.rstrip("/")
        return "http://paybox.localhost" if self._server is None else self._server.url

    def start(self) -> Self:
        """Serve from now on, in threads; raises `OSError` when the port is taken or the file closed."""
        self._keeper.save()  # a state file that cannot be written is said before anything is served
        self._server = Server(self.answer, self.place)
        self._server.start()
        self.courier.start()
        self._ticker.start()
        return self

    def close(self) -> None:
        """Stop serving and delivering, and save."""
        self.api.stopping.set()
        if self._server is not None:
            self._server.close()
            self.courier.close()
            self._ticker.join(timeout=5)
        self._keeper.save()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tick(self) -> None:
        while not self.api.stopping.wait(TICK):
            self.book.sweep()
            self._save_later()

    def _save_later(self) -> None:
        """Save what nobody waits for; when the disk refuses, say so, and let the next change try again."""
        try:
            self._keeper.save()
        except OSError as error:
            sys.stderr.write(f"paybox: the state could not be saved: {error}\n")

    # -- answering ------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Answer any request, with or without a server; what it changed is saved before the answer."""
        if request.path.startswith("/v1/"):
            answer = self.api.answer(request)
            self._note(request, answer)
        elif request.path.startswith(control.PLACE):
            answer = self.control.answer(request)
        elif request.path.startswith(till.PLACE):
            answer = self._till.answer(request)
        else:
            return missing_page()
        try:
            self._keeper.save()
        except OSError as error:
            message = f"paybox did this, but could not save its state: {error}"
            return Answer.of({"error": {"type": "api_error", "message": message}}, status=500)
        return answer

    def _note(self, request: Request, answer: Answer) -> None:
        self.control.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "status": answer.status,
                "idempotency_key": request.headers.get("idempotency-key"),
                "replayed": "Idempotent-Replayed" in answer.headers,
            }
        )

    # -- what a test does -----------------------------------------------------------------------------------

    def pay(self, session_id: str, *, country: str = "DE") -> Session:
        """Pay as a person on the page would."""
        return self.book.pay(session_id, country=country)

    def decline(self, session_id: str, *, country: str = "DE", reason: str = "generic_decline") -> Session:
        """Try to pay with a card that says no."""
        return self.book.decline(session_id, country=country, reason=reason)

    def advance(self, seconds: int) -> list[str]:
        """Move the clock forward; return the ids of the sessions that expired."""
        return self.book.advance(seconds)

    def faults(self, **changes: object) -> Faults:
        """Set faults by name (`duplicate=3, lose=True, …`); raises `WrongFault`."""
        return self.board.set(**changes)

    def reset(self) -> None:
        """Forget everything and work properly again."""
        self.control.reset()

    def point(self, webhook: str | None, *, secret: str | None = None) -> None:
        """Send webhooks to another address, or to nobody."""
        self.control.point(webhook, secret or self.secret)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until no webhook is on its way; say whether that came in time."""
        return self.courier.settle(timeout)

    def letter(self, event_id: str) -> tuple[bytes, dict[str, str]]:
        """Return body and signed headers of an event's webhook, to hand to a shop without a network."""
        return self.courier.letter(self.book.get(Event, event_id), self.secret)
