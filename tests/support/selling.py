"""The example maker's store as the program opens it, with a clock that stands still and a provider in the same process.

    def test_something(shop: Selling) -> None:        # runs twice: on SQLite and on PostgreSQL
        placed = shop.place()
        shop.pay(placed)
        shop.clock.advance(timedelta(hours=1))

Configuration, policy, databases, vault, letters, jobs, catalogue and the Stripe adapter are the real ones; `paybox`
stands behind the official SDK. A store is made once per test process and copied for each test. `sqlite_shop` runs on
SQLite only.
"""

from __future__ import annotations

import email
import email.policy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import stripe
from sqlalchemy.engine import make_url

from paybox import Book, Paybox
from paybox.direct import DirectClient
from tests.support import postgres
from tests.support.store import START
from troth import app, licences, people
from troth.adapters.stripe import Stripe
from troth.demo.store import CONFIGURATION, offer_catalogue
from troth.kernel import config
from troth.kernel.clock import SetClock
from troth.kernel.work import Database
from troth.making import make_store
from troth.shop import payments, records, service
from troth.shop.model import Checkout, Method, Order, State
from troth.shop.payments import Providers
from troth.shop.service import Placed

KEY, SECRET = "sk_test_fernside", "whsec_fernside"
BUYER = "Mira.Meadow@example.org"


def checkout(**changes: Any) -> Checkout:
    """Return a checkout of Backup Home by a consumer in Germany, both boxes ticked, changed as asked."""
    made: dict[str, Any] = {
        "product": "fernside-backup",
        "edition": "home",
        "email": BUYER,
        "country": "DE",
        "currency": "EUR",
        "deliver_now": True,
        "waiver": True,
    }
    return Checkout(**made | changes)


@dataclass
class Selling:
    """An open store and everything around it."""

    store: app.Store
    clock: SetClock
    box: Paybox
    sessions: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        """The store's database."""
        return self.store.database

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.store.settings.dir

    @property
    def provider(self) -> payments.Provider:
        """The Stripe adapter, whose SDK talks to the box."""
        return self.database.port(Providers).get("stripe")

    # -- what people do ----------------------------------------------------------------------------------------------

    def place(self, **changes: Any) -> Placed:
        """Press the button; the browser's session is kept under the order's id."""
        with self.database.begin() as uow:
            placed = service.place_order(uow, checkout(**changes))
            self.sessions[placed.order.id] = people.grant(uow, None, "order", placed.order.id)
        return placed

    def open(self, placed: Placed) -> str:
        """Go to the provider's page; return its session."""
        return payments.open_payment(self.database, placed.token).rpartition("/")[2]

    def pay(self, placed: Placed, *, country: str = "DE") -> Order:
        """Pay on the provider's page and let the store find out."""
        session = self.open(placed)
        self.box.pay(session, country=country)
        return self.settle(session)

    def settle(self, session: str) -> Order:
        """Have the store ask about a session, as a job does; return the order."""
        truth = self.provider.look_up(session)
        with self.database.begin() as uow:
            attempt = records.find_attempt_by_reference(uow.db, "stripe", session)
            assert attempt is not None
            payments.settle(uow, attempt, truth, self.provider)
        return self.order(attempt.order)

    def buy(self, **changes: Any) -> Order:
        """Place and pay an order."""
        placed = self.place(**changes)
        if placed.order.method is Method.BANK:
            return self.confirm(placed.order)
        return self.pay(placed)

    def confirm(self, order: Order, *, country: str | None = None) -> Order:
        """Record a transfer, as the maker does."""
        with self.database.begin() as uow:
            payments.confirm_transfer(uow, service.get_order(uow, order.id), country=country)
        return self.order(order.id)

    def order(self, order_id: str) -> Order:
        """Return an order as it stands."""
        with self.database.read() as uow:
            return service.get_order(uow, order_id)

    def key(self, order: Order) -> str:
        """Return the key of a fulfilled order."""
        assert order.state is State.FULFILLED
        with self.database.begin() as uow:
            return licences.show_key(uow, order.line, role="buyer").display

    # -- the job process ---------------------------------------------------------------------------------------------

    def jobs(self, *, most: int = 200) -> int:
        """Start the job process and run what is due until nothing is; return how many jobs ran."""
        runner, ran = app.start_jobs(self.database), 0
        while (done := runner.run_due()) and ran < most:
            ran += done
        return ran

    def wait(self, **step: float) -> None:
        """Let time pass and the job process run."""
        self.clock.advance(timedelta(**step))
        self.jobs()

    def letters(self) -> list[EmailMessage]:
        """Return the mails that were delivered, the oldest first."""
        files = sorted((self.folder / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """Return one of the two parts of a mail: plain or html."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@dataclass(frozen=True)
class Template:
    """A made store that nobody has bought from; on PostgreSQL with the two databases to copy."""

    folder: Path
    server: postgres.Server | None = None
    urls: tuple[str, str] = ("", "")

    @classmethod
    def make(cls, folder: Path, server: postgres.Server | None = None) -> Template:
        """Make it: the commands' own way, then the catalogue."""
        urls = (server.new_url(), server.new_url()) if server else ("", "")
        content = CONFIGURATION.format(port=8000, paybox=8001) + _databases(*urls)
        clock = SetClock(START)
        make_store(folder, content, clock=clock)
        store = app.open_store(folder, clock=clock)
        offer_catalogue(store)
        store.close()
        return cls(folder, server, urls)

    def copy(self, folder: Path) -> Path:
        """Make a store of its own from it."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*-shm"), dirs_exist_ok=True)
        if self.server is not None:
            urls = [self.server.new_url(template=make_url(one).database) for one in self.urls]
            content = CONFIGURATION.format(port=8000, paybox=8001) + _databases(*urls)
            (folder / config.FILE).write_text(content, encoding="utf-8")
        return folder


def _databases(store: str = "", vault: str = "") -> str:
    return f'\n[database]\nurl = "{store}"\n[vault]\nurl = "{vault}"\n' if store else ""


@contextmanager
def opened(folder: Path) -> Iterator[Selling]:
    """Open a copied store, with a provider of its own."""
    clock = SetClock(START)
    store = app.open_store(folder, clock=clock)
    box = Paybox(book=Book(clock=lambda: clock.now().timestamp()), key=KEY, secret=SECRET)
    assert store.settings.payments.stripe is not None
    adapter = Stripe(store.settings.payments.stripe)
    adapter.__dict__["_client"] = stripe.StripeClient(
        KEY, http_client=DirectClient(box), base_addresses={"api": box.url}, max_network_retries=0
    )
    store.database.ports[Providers] = Providers({"stripe": adapter})
    try:
        yield Selling(store, clock, box)
    finally:
        store.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Make the store that tests on SQLite copy."""
    return Template.make(tmp_path_factory.mktemp("selling") / "store")


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server) -> Template:
    """Make the store that tests on PostgreSQL copy."""
    return Template.make(tmp_path_factory.mktemp("selling") / "store", postgres_server)


@pytest.fixture
def sqlite_shop(sqlite_template: Template, tmp_path: Path) -> Iterator[Selling]:
    """Open a store on SQLite."""
    with opened(sqlite_template.copy(tmp_path / "store")) as selling:
        yield selling


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Selling]:
    """Open a store on each kind of database."""
    template: Template = request.getfixturevalue(
        "sqlite_template" if request.param == "sqlite" else "postgres_template"
    )
    with opened(template.copy(tmp_path / "store")) as selling:
        yield selling


__all__ = [
    "Selling", "Template", "checkout", "opened", "postgres_template", "shop", "sqlite_shop",
    "sqlite_template", "text_of",
]  # fmt: skip
