"""A real store for tests: real databases, real keys, a clock that stands still, and the policy a test names.

    PARTS = (vault_policy.POLICY, mail.POLICY)     # a module of tests says whose declarations are in force

    def test_something(store: Store) -> None:      # runs twice: on SQLite and on PostgreSQL
        with store.database.begin() as uow:
            ...
        store.clock.advance(timedelta(hours=1))

`sqlite_store` is the same on SQLite only. `make_store(folder)` opens (or makes) a store by hand, in a child process for
one. A part registers what it needs in `store.database.factories`. What was imported before has its tables made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support import postgres
from troth.adapters.engines import open_engine
from troth.kernel import config
from troth.kernel.clock import SetClock
from troth.kernel.codec import canonical_json
from troth.kernel.schema import metadata, vault_metadata
from troth.kernel.work import Database
from troth.policy.language import PartPolicy, SealedRecord
from troth.vault import Vault, VaultAccess, keyfile
from troth.vault import policy as vault_policy

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CONFIGURATION = """
demo = true
[store]
name = "Fernside Software"
base_url = "http://localhost:8000"
[seller]
legal_name = "Fernside Software"
country = "DE"
"""


@dataclass
class DeclaredRules:
    """The vault's rules, read straight from declarations; revisions are numbered from 1."""

    revisions: list[dict[str, SealedRecord[Any]]] = field(default_factory=list)

    @property
    def revision(self) -> int:
        """The newest revision."""
        return len(self.revisions)

    @property
    def hash(self) -> str:
        """64 hexadecimal digits that differ between revisions."""
        return f"{self.revision:064x}"

    def revise(self, parts: Iterable[PartPolicy]) -> None:
        """Put a new revision in force; older ones stay known."""
        self.revisions.append({record.name: record for part in parts for record in part.records})

    def may_open(self, revision: int, record: str, purpose: str, role: str) -> bool:
        """Whether that revision knew the record, this purpose for it and this reader."""
        known = self.revisions[revision - 1] if 1 <= revision <= len(self.revisions) else {}
        declared = known.get(record)
        if declared is None:
            return False
        return role in declared.readers and purpose in {one.name for one in declared.purposes}

    def schema_id(self, revision: int, record: str) -> bytes:
        """Eight bytes that change with the names of the fields."""
        declared = self.revisions[revision - 1][record]
        return hashlib.blake2b(canonical_json([record, *declared.fields]), digest_size=8).digest()


@dataclass
class Store:
    """A store and what a test may want to touch of it."""

    database: Database
    access: VaultAccess
    rules: DeclaredRules
    clock: SetClock
    ended: set[tuple[str, str]]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.database.settings.dir

    @property
    def vault_engine(self) -> Engine:
        """The key database, to be looked at from outside."""
        return self.access.engine


@contextmanager
def make_store(
    folder: Path,
    *,
    parts: Iterable[PartPolicy] = (vault_policy.POLICY,),
    clock: SetClock | None = None,
    server: postgres.Server | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Store]:
    """Open the store in a folder, made if it is not there; its connections are closed at the end.

    `environ` holds settings as variables, like `{"TROTH_MAIL_URL": "file:outbox"}`.
    """
    environ = dict(environ or {})
    if server is not None:
        environ |= {"TROTH_DATABASE_URL": server.new_url(), "TROTH_VAULT_URL": server.new_url()}
    (folder / config.FILE).write_text(CONFIGURATION, encoding="utf-8")
    settings = config.load(folder, environ)
    keys = settings.vault.key
    rules = DeclaredRules()
    rules.revise(parts)
    ended: set[tuple[str, str]] = set()
    access = VaultAccess(
        keys=keyfile.load(keys) if keys.exists() else keyfile.create(keys, today="2026-05-04"),
        engine=open_engine(settings.vault.url),
        rules=rules,
        basis_alive=lambda _uow, subject, purpose: (subject, purpose) not in ended,
    )
    clock = clock or SetClock(START)
    database = Database(open_engine(settings.database.url), settings, clock)
    database.factories[Vault] = lambda uow: Vault(uow, access)
    metadata.create_all(database.engine)
    vault_metadata.create_all(access.engine)
    try:
        yield Store(database, access, rules, clock, ended)
    finally:
        database.engine.dispose()
        access.engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """Run a PostgreSQL for this test process, or a skip that says how to get one."""
    programs = postgres.find_programs()
    if programs is None:
        pytest.skip(postgres.INSTALL)
    with postgres.running_server(programs) as server:
        yield server


@pytest.fixture
def sqlite_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Make a store on SQLite, under the declarations in the module's `PARTS`."""
    with make_store(tmp_path, parts=_parts_of(request)) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Make a store on each kind of database, under the declarations in the module's `PARTS`."""
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    with make_store(tmp_path, parts=_parts_of(request), server=server) as made:
        yield made


def _parts_of(request: pytest.FixtureRequest) -> tuple[PartPolicy, ...]:
    found: tuple[PartPolicy, ...] = getattr(request.module, "PARTS", (vault_policy.POLICY,))
    return found


__all__ = ["START", "DeclaredRules", "Store", "make_store", "postgres_server", "sqlite_store", "store"]
