"""The twin: the same installed program, lock and configuration in a scratch folder, with empty databases and own keys.

Only endpoints are replaced: payments go to paybox, mail into a folder outside of the store, published files to local
disk, and its databases are SQLite whatever the live store has. It runs as real processes on ports of its own, under a
clock that only this process can move.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from troth.kernel import config
from troth.kernel.errors import NotFound
from troth.policy.archive import REVISIONS
from troth.policy.lock import LOCK_FILE, Lock, read_lock
from troth.promises import records
from troth.promises.paybox import Paybox
from troth.promises.program import DidNotStart, Instance, Program, Said, free_port, installed, run_once

CLOCK_VARIABLE: Final = "TROTH_CLOCK_DESCRIPTOR"
CLOCK_NAME: Final = "troth-clock"
_CLOCK_WIDTH: Final = 31
_MOST_OBJECT: Final = 32 * 1024 * 1024
_STAND_IN: Final = 64 * 1024
_SECTION = re.compile(r"\s*\[([^\[\]]+)\]")
_SETTING = re.compile(r"\s*([A-Za-z_]+)\s*=")
_REPLACED: Final = {
    "payments.stripe": frozenset({"key", "webhook_secret", "api_base"}),
    "mail": frozenset({"url", "dkim"}),
    "database": frozenset({"url"}),
    "vault": frozenset({"url", "key"}),
    "objects": frozenset({"url"}),
}
"""Settings of the live store that a twin is not even shown; its own come by the environment."""
_LEFT_OUT: Final = frozenset({"limits"})
"""Sections left out: the made-up people all come from one machine, one after the other and fast."""


class NotALiveStore(NotFound):
    """There is no store with an accepted policy in this folder; `troth init DIR` makes one, `troth demo` an example."""


@dataclass
class Twin:
    """A running twin; `paybox` is None where the store takes no cards."""

    scratch: Path
    settings: config.Settings
    accepted: Lock
    instance: Instance
    paybox: Paybox | None
    stack: ExitStack = field(repr=False)
    clock: int = field(repr=False)
    _copies: int = 0

    @property
    def folder(self) -> Path:
        """The twin's store folder."""
        return self.instance.folder

    @property
    def database(self) -> Path:
        """The twin's main database."""
        return self.folder / "troth.db"

    @property
    def key_file(self) -> Path:
        """The twin's key file, which lies outside of its folder."""
        return self.scratch / "keys" / "store.key"

    @property
    def outbox(self) -> Path:
        """Where its mail is delivered to."""
        return self.scratch / "outbox"

    @property
    def lock(self) -> Lock:
        """The policy the twin runs under."""
        found = read_lock(self.folder / LOCK_FILE)
        if found is None:
            raise DidNotStart("the twin accepted no policy")
        return found

    def advance(self, step: timedelta) -> None:
        """Move the twin's clock."""
        moved = int(os.pread(self.clock, _CLOCK_WIDTH, 0)) + int(step.total_seconds())
        os.pwrite(self.clock, str(moved).encode().ljust(_CLOCK_WIDTH), 0)

    def snapshot(self) -> Path:
        """Copy the twin's folder as it stands on disk at one instant, and return where to."""
        self._copies += 1
        place = self.scratch / f"copy-{self._copies}"
        self.instance.pause()
        try:
            shutil.copytree(self.folder, place)
        finally:
            self.instance.resume()
        return place

    def copy(self, *, root: Path | None = None) -> Instance:
        """Return a copy of the twin as another store with the same keys, not started; `root` holds another program."""
        folder, port = self.snapshot(), free_port()
        environ = {**self.instance.program.environ, **_places(folder, port)}
        program = Program(root or installed(), environ, self.instance.program.descriptors)
        made = Instance(program, folder, port, errors=self.scratch / f"{folder.name}.stderr")
        self.stack.callback(made.stop)
        return made

    def run(self, *arguments: str) -> Said:
        """Run a `troth` command on the twin."""
        return self.instance.run(*arguments)


@contextmanager
def running_twin(source: Path, *, workers: int = 2) -> Iterator[Twin]:
    """Make and serve a twin of the store in `source`, which is only read; everything is gone at the end.

    Raises `NotALiveStore`, `ConfigError`, `ToolMissing` or `DidNotStart`.
    """
    settings, accepted = config.load(source), read_lock(source / LOCK_FILE)
    if accepted is None:
        raise NotALiveStore
    with ExitStack() as stack:
        scratch = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="troth-twin-", ignore_cleanup_errors=True))
        )
        clock = os.memfd_create(CLOCK_NAME, 0)
        stack.callback(os.close, clock)
        os.pwrite(clock, b"0".ljust(_CLOCK_WIDTH), 0)
        folder, port = scratch / "store", free_port()
        environ = _places(folder, port) | {
            "TROTH_VAULT_KEY": str(scratch / "keys" / "store.key"),
            "TROTH_MAIL_URL": f"file:{scratch / 'outbox'}",
        }
        paybox = _paybox(settings, f"http://localhost:{port}", scratch)
        if paybox is not None:
            stack.callback(paybox.stop)
            paybox.start()
            environ |= paybox.environ
        instance = Instance(Program(installed(), environ), folder, port, errors=scratch / "store.stderr")
        twin = Twin(scratch, settings, accepted, instance, paybox, stack, clock)
        _make(twin, source)
        stack.callback(instance.stop)
        instance.program = Program(installed(), environ | {CLOCK_VARIABLE: str(clock)}, (clock,))
        instance.start(workers=workers)
        yield twin


def _places(folder: Path, port: int) -> dict[str, str]:
    """Return the settings that give a store its own place and port."""
    return {
        "TROTH_STORE_BASE_URL": f"http://localhost:{port}",
        "TROTH_DATABASE_URL": f"sqlite:///{folder / 'troth.db'}",
        "TROTH_VAULT_URL": f"sqlite:///{folder / 'vault.db'}",
        "TROTH_OBJECTS_URL": f"file:{folder / 'objects'}",
    }


def _paybox(settings: config.Settings, store_url: str, scratch: Path) -> Paybox | None:
    if settings.payments.stripe is None:
        return None
    return Paybox(store_url, free_port(), errors=scratch / "paybox.stderr")


def _make(twin: Twin, source: Path) -> None:
    """Make the twin's folder: configuration, the archive of accepted policies, databases, catalogue and files."""
    draft = twin.scratch / "draft.toml"
    draft.touch(mode=0o600)
    draft.write_text(without_endpoints((source / config.FILE).read_text(encoding="utf-8")), encoding="utf-8")
    twin.folder.mkdir(mode=0o700)
    if (source / REVISIONS).is_dir():
        shutil.copytree(source / REVISIONS, twin.folder / REVISIONS)
    command, environ = twin.instance.program.command("init", str(twin.folder), "--configuration", str(draft))
    made = run_once(command, environ, cwd=twin.scratch)
    if made.code != 0:
        raise DidNotStart(made.err or made.out)
    catalogue = records.read_catalogue(twin.settings.database.url)
    _copy_objects(twin, catalogue)
    records.write_catalogue(twin.database, catalogue)


def without_endpoints(configuration: str) -> str:
    """Return a configuration without the lines that name endpoints, databases and keys."""
    kept: list[str] = []
    section = ""
    for line in configuration.splitlines():
        header, setting = _SECTION.match(line), _SETTING.match(line)
        if header:
            section = header[1].strip()
        replaced = setting is not None and setting[1] in _REPLACED.get(section, ())
        if not replaced and section not in _LEFT_OUT:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _copy_objects(twin: Twin, catalogue: dict[str, list[records.Row]]) -> None:
    """Copy published files; one that is far away or large is stood in for by random bytes, and its row says so."""
    url, target = twin.settings.objects.url, twin.folder / "objects"
    origin = Path(url.removeprefix("file:")) if url.startswith("file:") else None
    if origin is not None and origin.is_dir():
        for path in origin.rglob("*"):
            if path.is_file() and path.stat().st_size <= _MOST_OBJECT:
                place = target / path.relative_to(origin)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
    for release in catalogue["release"]:
        place = target / release["object"]
        if not place.is_file():
            content = secrets.token_bytes(_STAND_IN)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            release |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
