"""The job process: runs due jobs one after the other; a store has exactly one, started by `serve`."""

from __future__ import annotations

import argparse
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from troth import app
from troth.kernel.jobs import Runner, enqueue
from troth.kernel.work import StoreBusy
from troth.web import lifeline, logs
from troth.web.heartbeat import BEAT, Heartbeat

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from troth.kernel.work import Database

POLL_SECONDS = 0.05
POLL_SERVER_SECONDS = 0.25
LOOK_AGAIN = timedelta(seconds=1)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take no further arguments."""


def run(args: argparse.Namespace) -> int:
    """Run jobs until told to end; a job that runs is finished first."""
    lifeline.hold()
    logs.configure(args.dir / "logs")
    store = app.open_store(args.dir)
    ending: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda code, _frame: ending.append(code))
    runner = Runner(store.database, app.handlers())
    with store.database.begin() as uow:
        for kind in app.periodic():
            enqueue(uow, kind, {}, key=kind)
    beat, watch = Heartbeat(args.dir), _Watch(store.database)
    beaten = 0.0
    while not ending:
        if time.monotonic() - beaten > BEAT:
            beat.beat()
            beaten = time.monotonic()
        try:
            busy = runner.run_due() > 0
        except StoreBusy:
            busy = False
        if not busy:
            watch.wait(ending)
    store.close()
    return 0


class _Watch:
    """Waits until something may be due: on SQLite until another process has written, else for a moment."""

    def __init__(self, database: Database) -> None:
        self._connection: Connection | None = None
        if database.engine.dialect.name == "sqlite":
            self._connection = database.engine.connect().execution_options(troth_writing=False)
        self._seen = self._version()

    def wait(self, ending: list[int]) -> None:
        """Return when the database changed or a second has passed."""
        until = time.monotonic() + LOOK_AGAIN.total_seconds()
        while not ending and time.monotonic() < until:
            if self._connection is None:
                time.sleep(POLL_SERVER_SECONDS)
                return
            time.sleep(POLL_SECONDS)
            version = self._version()
            if version != self._seen:
                self._seen = version
                return

    def _version(self) -> int:
        if self._connection is None:
            return 0
        version = int(self._connection.execute(text("PRAGMA data_version")).scalar_one())
        self._connection.rollback()
        return version
