"""Fernside Backup's command line."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from troth.demo.programs.backup.copying import TRIAL_FILES, back_up, was_made_today
from troth.demo.programs.backup.restoring import restore, verify
from troth.demo.programs.backup.store import Snapshot, Store
from troth.demo.programs.common import program, shell
from troth.demo.programs.common.words import Problem, count, duration, shown, size

SLUG: Final = "fernside-backup"
NAME: Final = "Fernside Backup"
TRIAL: Final = f"back-ups of up to {TRIAL_FILES:,} files; restoring and verifying are never limited"

_WIDTH: Final = 72


def main(argv: Sequence[str] | None = None) -> int:
    """Run Fernside Backup and return its exit code."""
    promise = "Copies what changed, proves it can be read again, and tells you in one sentence. Nothing else."
    return shell.main(program.load(SLUG, NAME, TRIAL), promise, COMMANDS, argv)


def _declare_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="the folder to back up")
    parser.add_argument("store", type=Path, help="where the back-ups lie, best on another disk")
    parser.add_argument("--daily", action="store_true", help="do nothing, silently, if today's was made already")


def _backup(arguments: argparse.Namespace, licensed: bool) -> int:  # noqa: FBT001 - the form of a command
    store = Store(arguments.store)
    if arguments.daily and arguments.store.exists() and was_made_today(arguments.source, store):
        return 0
    outcome = back_up(arguments.source, store, licensed=licensed)
    print(outcome.sentence())
    for path in outcome.unread:
        print(f"  not read  {shown(path)}")
    return 1 if outcome.unread else 0


def _declare_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", type=Path, help="where the back-ups lie")


def _status(arguments: argparse.Namespace, _: bool) -> int:  # noqa: FBT001
    store = Store(arguments.store)
    store.check()
    last = store.find_last()
    if last is None:
        print("There is no finished back-up here yet.")
        return 1
    began = time.localtime(last.began)
    today = began[:3] == time.localtime()[:3]
    day = "Today" if today else time.strftime("%d %B %Y", began).lstrip("0")
    _row(f"{day}, {time.strftime('%H:%M', began)}", "read back, all good")
    _row(f"{count(last.changed, 'file')} changed", f"{size(last.copied)} · {duration(last.seconds)}")
    for folder, files, octets in _top_folders(last):
        _row(folder, f"{count(files, 'file')} · {size(octets)}")
    _row("Back-ups kept", f"{len(store.names()):,}")
    return 0


def _list(arguments: argparse.Namespace, _: bool) -> int:  # noqa: FBT001
    store = Store(arguments.store)
    store.check()
    for snapshot in store.each():
        files = sum(entry.kind == "file" for entry in snapshot.entries)
        print(f"{snapshot.name}  {count(files, 'file')}, {size(snapshot.size)}, from {shown(snapshot.source)}")
    return 0


def _verify(arguments: argparse.Namespace, _: bool) -> int:  # noqa: FBT001
    store = Store(arguments.store)
    store.check()
    began = time.monotonic()
    pieces, octets, wrong = verify(store)
    seconds = duration(time.monotonic() - began)
    if not wrong:
        backups = count(len(store.names()), "back-up")
        print(f"All good: {count(pieces, 'piece')} of {backups} read, {size(octets)} in {seconds}.")
        return 0
    for what, paths in wrong.items():
        print(what)
        for path in paths:
            print(f"  belongs to  {shown(path)}")
    print("Everything else is good. Make a new back-up now: it replaces what is missing.")
    return 1


def _declare_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", type=Path, help="where the back-ups lie")
    parser.add_argument("target", type=Path, help="a new or empty folder for the files")
    parser.add_argument("--snapshot", metavar="NAME", help="which back-up (see `list`); the newest when left out")


def _restore(arguments: argparse.Namespace, _: bool) -> int:  # noqa: FBT001
    store = Store(arguments.store)
    store.check()
    snapshot = store.load(arguments.snapshot) if arguments.snapshot else store.find_last()
    if snapshot is None:
        raise Problem("There is no finished back-up here yet.")
    made = time.strftime("%d %B %Y, %H:%M", time.localtime(snapshot.began)).lstrip("0")
    print(f"From the back-up of {made} into {shown(arguments.target)}: {size(snapshot.size)}.", flush=True)
    done = restore(store, snapshot, arguments.target)
    print(f"{count(done.files, 'file')} put back, {size(done.size)}, each one checked.")
    for path in done.lost:
        print(f"  lost  {shown(path)}")
    return 1 if done.lost else 0


def _top_folders(snapshot: Snapshot) -> list[tuple[str, int, int]]:
    """Return name, files and bytes of the five largest folders at the top."""
    files: Counter[str] = Counter()
    octets: Counter[str] = Counter()
    for entry in snapshot.entries:
        if entry.kind == "file":
            top = entry.path.partition("/")[0] if "/" in entry.path else "(top)"
            files[top] += 1
            octets[top] += entry.size
    return [(name, files[name], amount) for name, amount in octets.most_common(5)]


def _row(left: str, right: str) -> None:
    print(f"{shown(left)}{right:>{max(_WIDTH - len(left), 1)}}")


COMMANDS: Final = (
    shell.Command("backup", "back up a folder: only what changed is copied", _declare_backup, _backup),
    shell.Command("status", "show the last back-up", _declare_store, _status),
    shell.Command("list", "list all back-ups", _declare_store, _list),
    shell.Command("verify", "read every back-up from disk and check it", _declare_store, _verify),
    shell.Command("restore", "put the files of a back-up into a new folder", _declare_restore, _restore),
)
