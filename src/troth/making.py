"""Making a store: folder, configuration, keys, databases, and the acceptance of its first policy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from troth import app, migrations
from troth.adapters.engines import open_engine
from troth.kernel import config
from troth.kernel.errors import Conflict
from troth.policy import accept_lock
from troth.vault import keyfile

if TYPE_CHECKING:
    from troth.kernel.clock import Clock


class AlreadyThere(Conflict):
    """There is a store in this folder already. Nothing was changed."""


def make_store(folder: Path, configuration: str, *, clock: Clock) -> None:
    """Make a store in a folder that holds none.

    Raises `AlreadyThere` or `ConfigError`, which leaves no store behind.
    """
    if (folder / config.FILE).exists():
        raise AlreadyThere
    # Whoever else has an account on this machine reads nothing of the store: not its settings, not its databases.
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / config.FILE).write_text(configuration, encoding="utf-8")
    try:
        settings = config.load(folder)
    except Exception:
        (folder / config.FILE).unlink()
        raise
    now = clock.now()
    if not settings.vault.key.exists():
        keyfile.create(settings.vault.key, today=now.date().isoformat())
    for sub in ("logs", "run", "objects"):
        (folder / sub).mkdir(mode=0o700, exist_ok=True)
    with_engines = (open_engine(settings.database.url), open_engine(settings.vault.url))
    migrations.upgrade(*with_engines)
    for engine in with_engines:
        engine.dispose()
    accept_lock(settings.dir, app.compiled(settings), now=now)
