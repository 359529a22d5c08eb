"""Makes a back-up: looks at every file, copies what changed since the last one, and reads back what it wrote."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from troth.demo.programs.backup.store import PIECE, Entry, Snapshot, Store
from troth.demo.programs.common.words import Problem, Progress, count, duration, size

TRIAL_FILES: Final = 1000
_TRIES: Final = 2


@dataclass
class Outcome:
    """A finished back-up, the new pieces it wrote, and the paths it could not read."""

    snapshot: Snapshot
    new_pieces: list[str]
    unread: list[str]

    def sentence(self) -> str:
        """Say it all in one sentence."""
        done = self.snapshot
        clock = time.strftime("%H:%M", time.localtime(done.began))
        if not done.changed:
            text = f"Today, {clock}: nothing changed, {count(_files(done), 'file')} are safe"
        else:
            text = (
                f"Today, {clock}: {count(done.changed, 'file')} changed, {size(done.copied)} copied"
                f" in {duration(done.seconds)}, read back, all good"
            )
        return f"{text}; {count(len(self.unread), 'file')} could not be read." if self.unread else f"{text}."


@dataclass
class _Run:
    """What one back-up gathers on its way."""

    store: Store
    known: dict[str, Entry]
    progress: Progress
    entries: list[Entry] = field(default_factory=list)
    new_pieces: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    changed: int = 0
    copied: int = 0


def back_up(source: Path, store: Store, *, licensed: bool) -> Outcome:
    """Back up a folder; raises `Problem` when it is none, when the store lies around it, or beyond the trial."""
    source, home = source.resolve(), store.root.resolve()
    if not source.is_dir():
        raise Problem(f"{source} is not a folder.")
    if source == home or home in source.parents:
        raise Problem("The folder to back up lies inside the back-ups. Please choose another place for them.")
    found = [(path, status) for path, status in _walk(source) if path != home and home not in path.parents]
    files = [status for _, status in found if stat.S_ISREG(status.st_mode)]
    if not licensed and len(files) > TRIAL_FILES:
        raise Problem(
            f"The trial backs up {count(TRIAL_FILES, 'file')}; this folder has {len(files):,}. Nothing was copied."
            " Restoring and verifying are never limited."
        )
    store.prepare()
    began, clock = time.time(), time.monotonic()
    last = store.find_last(str(source))
    known = {entry.path: entry for entry in last.entries} if last else {}
    run = _Run(store, known, Progress("looked at", sum(status.st_size for status in files)))
    for path, status in found:
        _take(run, source, path, status)
    run.progress.close()
    for piece in run.new_pieces:
        store.get(piece)
    seconds = time.monotonic() - clock
    snapshot = Snapshot(str(source), began, seconds, run.changed, run.copied, tuple(run.entries))
    store.place(snapshot)
    return Outcome(snapshot, run.new_pieces, run.unread)


def was_made_today(source: Path, store: Store) -> bool:
    """Whether a back-up of this folder was finished on this calendar day."""
    last = store.find_last(str(source.resolve()))
    return last is not None and time.localtime(last.began)[:3] == time.localtime()[:3]


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield everything below a folder in a fixed order, without following links; skips what cannot be listed."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        try:
            status = path.lstat()
        except OSError:
            continue
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(path)


def _take(run: _Run, source: Path, path: Path, status: os.stat_result) -> None:
    """Add one thing to the back-up: a folder, a link, or a file; sockets and devices are left out."""
    name = path.relative_to(source).as_posix()
    mode = stat.S_IMODE(status.st_mode)
    try:
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()
            run.entries.append(Entry(name, "folder", mode=mode, modified_ns=status.st_mtime_ns))
        elif stat.S_ISLNK(status.st_mode):
            run.entries.append(Entry(name, "link", target=str(path.readlink())))
        elif stat.S_ISREG(status.st_mode):
            run.entries.append(_file(run, path, name, status))
    except OSError:
        run.unread.append(name)


def _file(run: _Run, path: Path, name: str, status: os.stat_result) -> Entry:
    """Return a file's entry: the known one when size and time are the same, else copied anew."""
    known = run.known.get(name)
    unchanged = known is not None and (known.size, known.modified_ns) == (status.st_size, status.st_mtime_ns)
    if known is not None and unchanged and all(run.store.has(piece) for piece in known.pieces):
        run.progress.add(status.st_size)
        return Entry(name, "file", stat.S_IMODE(status.st_mode), known.size, known.modified_ns, known.pieces)
    for _ in range(_TRIES):
        entry = _copy(run, path, name)
        after = path.lstat()
        if (after.st_size, after.st_mtime_ns) == (entry.size, entry.modified_ns):
            run.changed += 1
            return entry
    raise OSError("the file changes while it is read")


def _copy(run: _Run, path: Path, name: str) -> Entry:
    """Read a file once and keep its pieces."""
    pieces = []
    total = 0
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        while content := file.read(PIECE):
            piece, is_new = run.store.add(content)
            pieces.append(piece)
            total += len(content)
            if is_new:
                run.new_pieces.append(piece)
                run.copied += len(content)
            run.progress.add(len(content))
    return Entry(name, "file", stat.S_IMODE(status.st_mode), total, status.st_mtime_ns, tuple(pieces))


def _files(snapshot: Snapshot) -> int:
    return sum(entry.kind == "file" for entry in snapshot.entries)
