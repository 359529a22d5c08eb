"""One life of the store's program over real files, and the template such a folder is copied from.

Databases, vault, jobs, letters, outbox and the Stripe adapter are the real ones. Only where the program waits for
somebody else (the start of a unit of work, the provider, the delivery of a mail) does it call `wait`, so that others
can come in between; and its commits can be its last.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import Engine, event
from typing_extensions import override

from tests.faults.points import Crash, dying
from troth import app
from troth.adapters.engines import open_engine
from troth.adapters.letters import LetterPages
from troth.adapters.outbox_files import FileOutbox
from troth.adapters.stripe import Stripe
from troth.consent import Standing
from troth.demo.store import make_demo, offer_catalogue
from troth.kernel import config
from troth.kernel.clock import SetClock
from troth.kernel.jobs import Runner
from troth.kernel.work import Database, UnitOfWork
from troth.mail import Delivery, Post
from troth.parts import PARTS
from troth.policy import Archive, Lock, Rules
from troth.policy.archive import REVISIONS
from troth.shop.payments import Notice, Opened, Provider, Providers, Request, Truth
from troth.vault import VaultAccess, keyfile

if TYPE_CHECKING:
    import stripe

    from troth.kernel.money import Money

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
_LEFT_BEHIND = shutil.ignore_patterns("*-shm", "objects", "policy", "logs", "run")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Template:
    """A store with a catalogue that nobody has bought from, and what is the same for every copy of it."""

    folder: Path
    lock: Lock
    archive: Archive
    letters: LetterPages

    @classmethod
    def make(cls, folder: Path) -> Template:
        """Make the example store; its programs stay unbuilt."""
        clock = SetClock(START)
        make_demo(folder, port=8000, paybox=8001, clock=clock)
        store = app.open_store(folder, clock=clock)
        offer_catalogue(store)
        store.close()
        return cls(folder, store.lock, Archive(folder / REVISIONS), LetterPages(store.settings, store.lock))

    def copy(self, place: Path) -> Path:
        """Copy the store."""
        return copy(self.folder, place)


def copy(folder: Path, place: Path, *, whole: bool = False) -> Path:
    """Copy a store's files as a process that dies now would leave them (SQLite makes its shared memory anew).

    What a play does not need stays behind, unless `whole`.
    """
    return Path(shutil.copytree(folder, place, ignore=None if whole else _LEFT_BEHIND))


@dataclass
class Watched(Database):
    """The real database; says when a unit of work is about to begin."""

    wait: Callable[[str], None] = lambda _name: None
    inside: threading.local = field(default_factory=threading.local)

    @contextmanager
    @override
    def _open(self, *, writing: bool) -> Iterator[UnitOfWork]:
        self.wait("begin" if writing else "read")
        self.inside.depth = self.depth + 1
        try:
            with super()._open(writing=writing) as uow:
                yield uow
        finally:
            self.inside.depth -= 1

    @property
    def depth(self) -> int:
        """How many units of work are open in this thread."""
        return getattr(self.inside, "depth", 0)


class Process:
    """The program from its start to its death; `wait` and `commit_points` are told where it is."""

    def __init__(
        self, template: Template, folder: Path, *, clock: SetClock, client: stripe.StripeClient, arrive: Any
    ) -> None:
        self.folder = folder
        self.dead = False
        self._arrive = arrive
        settings = config.load(folder, {})
        assert settings.payments.stripe
        self.access = VaultAccess(
            keys=keyfile.load(settings.vault.key),
            engine=self._engine(settings.vault.url, "vault"),
            rules=Rules(template.lock, template.archive),
            basis_alive=Standing(purpose for part in PARTS for purpose in part.policy.purposes),
        )
        self.database = Watched(self._engine(settings.database.url, "store"), settings, clock, wait=self.wait)
        app._plug(app.Store(settings, template.lock, template.archive, self.access, self.database))
        self.stripe = Stripe(settings.payments.stripe)
        self.stripe.__dict__["_client"] = client
        self.database.ports[Providers] = Providers({"stripe": Waiting(self, self.stripe)})
        post = Post(template.letters, WaitingDelivery(self, FileOutbox(self.outbox)))
        self.database.factories[Post] = lambda _uow: post

    @property
    def outbox(self) -> Path:
        """Where its mail goes."""
        return self.folder / "outbox"

    def jobs(self) -> Runner:
        """Do what the job process does at its start."""
        return app.start_jobs(self.database)

    def wait(self, name: str) -> None:
        """Pass a place where others may come first; it must not hold a transaction there."""
        assert self.database.depth == 0, f"{name} inside a unit of work"
        self._arrive(self, name, wait=True)
        if self.dead:
            raise Crash

    def close(self) -> None:
        """Let its files go."""
        self.database.engine.dispose()
        self.access.engine.dispose()

    def _engine(self, url: str, name: str) -> Engine:
        engine = open_engine(url)
        factory = dying(self._commit_point, name)
        event.listen(engine, "do_connect", lambda _d, _r, _args, named: named.update(factory=factory))
        return engine

    def _commit_point(self, name: str) -> None:
        if self.dead:
            raise Crash
        self._arrive(self, name, wait=False)


class Waiting(Provider):
    """The real adapter, with a wait before and after each call."""

    def __init__(self, process: Process, real: Stripe) -> None:
        self.name, self.live = real.name, real.live
        self._process, self._real = process, real

    @override
    def open_payment(self, request: Request) -> Opened:
        return self._call("open payment", self._real.open_payment, request)

    @override
    def look_up(self, reference: str) -> Truth:
        return self._call("look up", self._real.look_up, reference)

    @override
    def find_reference(self, notice: Notice) -> str | None:
        return self._call("find reference", self._real.find_reference, notice)

    @override
    def close_payment(self, reference: str) -> None:
        self._call("close payment", self._real.close_payment, reference)

    @override
    def refund(self, payment: str, amount: Money, *, once: str) -> str:
        return self._call("refund", self._real.refund, payment, amount, once=once)

    @override
    def read_webhook(self, body: bytes, signature: str, now: datetime) -> Notice:
        return self._real.read_webhook(body, signature, now)

    def _call(self, name: str, call: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        self._process.wait(f"before {name}")
        answer = call(*args, **named)
        self._process.wait(f"after {name}")
        return answer


class WaitingDelivery(Delivery):
    """The real outbox folder, with a wait before and after each mail."""

    def __init__(self, process: Process, real: FileOutbox) -> None:
        self._process, self._real = process, real

    @override
    def deliver(self, message: bytes, *, sender: str, recipient: str, mail_id: str) -> None:
        self._process.wait("before delivery")
        self._real.deliver(message, sender=sender, recipient=recipient, mail_id=mail_id)
        self._process.wait("after delivery")
