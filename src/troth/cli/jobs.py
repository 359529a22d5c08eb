"""The job process: runs due jobs one after the other; a store has exactly one, started by `serve`."""

from __future__ import annotations

import argparse
import signal
import time

from troth import app
from troth.adapters.watch import Watch
from troth.kernel.work import StoreBusy
from troth.web import lifeline, logs
from troth.web.heartbeat import BEAT, Heartbeat


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
    runner = app.start_jobs(store.database)
    beat, watch = Heartbeat(args.dir), Watch(store.database.engine)
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
            watch.wait(until=lambda: bool(ending))
    store.close()
    return 0
