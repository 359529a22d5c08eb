"""Assembly: compiles the policy from the parts, opens the databases, plugs the adapters in.

`open_store` gives commands and the job process a store; `make_site` gives a web worker its ASGI application. Both
refuse a store whose policy nobody accepted, whose database is of another version, or whose key file is missing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from troth import migrations
from troth.adapters.engines import open_engine
from troth.adapters.objects import open_objects
from troth.adapters.stripe import Stripe
from troth.adapters.tables import KnownSubjects, schema_facts
from troth.consent import Standing
from troth.kernel import config
from troth.kernel.clock import Clock, OffsetClock, SystemClock
from troth.kernel.errors import Conflict
from troth.kernel.jobs import Runner, begin_again
from troth.kernel.schema import metadata, vault_metadata
from troth.kernel.work import Database, UnitOfWork
from troth.mail import Post
from troth.parts import PARTS
from troth.policy import LOCK_FILE, Archive, Lock, Rules, check_lock, read_lock
from troth.policy.archive import REVISIONS
from troth.policy.compiler import compile_policy
from troth.policy.wording import read_wording
from troth.shop.payments import Providers
from troth.shop.protocols import Objects
from troth.vault import Subjects, Vault, VaultAccess, keyfile
from troth.vault import records as vault_records

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from troth.kernel.config import Settings
    from troth.kernel.jobs import Handler
    from troth.web.route import Route
    from troth.web.site import Site

CLOCK_VARIABLE = "TROTH_CLOCK_DESCRIPTOR"
CLOCK_NAME = "troth-clock"


class NotStamped(Conflict):
    """The database was written under another policy of this number. Nothing was started; put the right one back."""


@dataclass(frozen=True)
class Store:
    """An opened store."""

    settings: Settings
    lock: Lock
    archive: Archive
    access: VaultAccess
    database: Database

    def close(self) -> None:
        """Close its databases."""
        self.database.engine.dispose()
        self.access.engine.dispose()


# -- the policy ------------------------------------------------------------------------------------------------------


def compiled_for(folder: Path) -> Lock:
    """Compile the policy of the store in `folder` from the parts; raises `ConfigError` or `DoesNotCompile`."""
    return compiled(config.load(folder), forms())


def compiled(settings: Settings, forms: Mapping[str, Collection[str]] | None = None) -> Lock:
    """Compile the parts' declarations against the real tables, these settings and, where given, the real forms."""
    for part in PARTS:
        part.tables()
    return compile_policy(
        tuple(part.policy for part in PARTS),
        schema=schema_facts(metadata) | schema_facts(vault_metadata),
        settings=settings,
        wording=read_wording(settings.policy),
        forms=forms,
    )


# -- opening ---------------------------------------------------------------------------------------------------------


def open_store(
    folder: Path, *, clock: Clock | None = None, forms: Mapping[str, Collection[str]] | None = None
) -> Store:
    """Open the store in `folder` under its accepted policy; `forms` are the real forms, where they are known.

    Raises `ConfigError`, `DoesNotCompile`, `PolicyChanged` (with the difference and the command to accept it),
    `KeyFileMissing`, `NotMade`, `OtherVersion` or `NotStamped`.
    """
    settings = config.load(folder)
    lock = check_lock(compiled(settings, forms), read_lock(settings.dir / LOCK_FILE))
    archive = Archive(settings.dir / REVISIONS)
    if archive.get(lock.revision).hash != lock.hash:
        raise NotStamped
    access = VaultAccess(
        keys=keyfile.load(settings.vault.key),
        engine=open_engine(settings.vault.url),
        rules=Rules(lock, archive),
        basis_alive=Standing(purpose for part in PARTS for purpose in part.policy.purposes),
    )
    database = Database(open_engine(settings.database.url), settings, clock or store_clock())
    store = Store(settings, lock, archive, access, database)
    _plug(store)
    _stamp(store)
    return store


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Open a store for the length of a block."""
    store = open_store(folder)
    try:
        yield store
    finally:
        store.close()


def store_clock() -> Clock:
    """Return the machine's clock.

    In a twin the one its `troth promises` set, by an inherited memory file of that name.
    """
    given = os.environ.get(CLOCK_VARIABLE, "")
    if given.isdigit() and CLOCK_NAME in str(Path(f"/proc/self/fd/{given}").readlink()):
        return OffsetClock(int(given))
    return SystemClock()


def _plug(store: Store) -> None:
    """Give the parts what they know only as Protocols."""
    database, settings = store.database, store.settings
    database.factories[Vault] = lambda uow: Vault(uow, store.access)
    database.factories[Post] = _post(store)
    database.ports[Subjects] = KnownSubjects(store.lock)
    database.ports[Objects] = open_objects(settings)
    stripe = settings.payments.stripe
    database.ports[Providers] = Providers({"stripe": Stripe(stripe)} if stripe else {})


def _post(store: Store) -> Callable[[UnitOfWork], Post]:
    made: list[Post] = []

    def post(_uow: UnitOfWork) -> Post:
        if not made:
            from troth.adapters.letters import LetterPages  # noqa: PLC0415 - templates are loaded when first written
            from troth.adapters.smtp import make_delivery  # noqa: PLC0415 - as above

            made.append(Post(renderer=LetterPages(store.settings, store.lock), delivery=make_delivery(store.settings)))
        return made[0]

    return post


def _stamp(store: Store) -> None:
    """Hold the database to the policy in force; the first start under a new revision stamps it."""
    migrations.require_current(migrations.STORE, store.database.engine)
    migrations.require_current(migrations.VAULT, store.access.engine)
    with store.database.read() as uow:
        known = vault_records.find_stamp(uow.db, store.lock.revision)
    if known is None:
        with store.database.begin() as uow:
            if vault_records.find_stamp(uow.db, store.lock.revision) is None:
                vault_records.add_stamp(uow.db, store.lock.revision, store.lock.hash, uow.now)
    elif known != store.lock.hash:
        store.close()
        raise NotStamped


# -- work after the commit -------------------------------------------------------------------------------------------


def handlers() -> dict[str, Handler]:
    """Return every part's job handlers by kind."""
    return {kind: handler for part in PARTS for kind, handler in part.handlers().items()}


def periodic() -> tuple[str, ...]:
    """Return the kinds of jobs that are always queued."""
    return tuple(kind for part in PARTS for kind in part.periodic())


def start_jobs(database: Database) -> Runner:
    """Do what the one job process does at its start, and return what runs the jobs."""
    with database.begin() as uow:
        begin_again(uow, periodic())
    return Runner(database, handlers())


# -- the web ---------------------------------------------------------------------------------------------------------


def routes(folder: Path) -> tuple[Route, ...]:
    """Return every route of a store."""
    from troth.web import health, openapi  # noqa: PLC0415 - commands need no web
    from troth.web.heartbeat import Heartbeat  # noqa: PLC0415 - as above

    beat = Heartbeat(folder)
    listed = [route for part in PARTS for route in part.routes()]
    listed += health.routes(lambda: beat.late)
    return (*listed, openapi.route())


def forms() -> dict[str, set[str]]:
    """Return every form the pages draw, with its fields, to be held to the declarations."""
    found: dict[str, set[str]] = {}
    for part in PARTS:
        for form in part.forms():
            found.setdefault(form.name, set()).update(field.name for field in form.fields)
    return found


def make_site(folder: Path) -> Site:
    """Return a web worker's application; what `open_store` raises stops the start."""
    from troth.shop.records import catalogue_stamp  # noqa: PLC0415 - commands need no web
    from troth.web.site import Setup, Site  # noqa: PLC0415 - as above

    store = open_store(folder, forms=forms())

    def generation() -> Hashable:
        with store.database.read() as uow:
            return (*catalogue_stamp(uow.db), _evidence_stamp(folder))

    return Site(
        Setup(
            settings=store.settings,
            database=store.database,
            lock=store.lock,
            routes=routes(folder),
            parts=tuple(part.name for part in PARTS if part.name != "house"),
            generation=generation,
            outside=_payment_hosts(store.settings),
        )
    )


def _evidence_stamp(folder: Path) -> int:
    try:
        return (folder / "promises.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _payment_hosts(settings: Settings) -> frozenset[str]:
    """Return the hosts of payment pages a visitor may be sent to."""
    stripe = settings.payments.stripe
    if stripe is None:
        return frozenset()
    api = urlsplit(stripe.api_base)
    return frozenset({"checkout.stripe.com" if api.hostname == "api.stripe.com" else api.netloc})
