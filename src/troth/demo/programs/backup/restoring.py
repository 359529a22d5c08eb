"""Puts files back, every time: reads each piece, checks it, and says which files a damaged piece belongs to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from troth.demo.programs.backup.store import Entry, Snapshot, Store
from troth.demo.programs.common.words import Problem, Progress


@dataclass(frozen=True)
class Restored:
    """How many files and bytes were put back, and the files that could not be."""

    files: int
    size: int
    lost: tuple[str, ...]


def restore(store: Store, snapshot: Snapshot, target: Path) -> Restored:
    """Put a back-up into an empty or new folder; raises `Problem` for any other.

    What is damaged is left out and named, all else is put back. Links come last: nothing is written through one.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Problem(f"{target} is not an empty folder. Nothing was changed; please name a new one.")
    for entry in snapshot.entries:
        _check_path(entry.path)
    target.mkdir(parents=True, exist_ok=True)
    progress = Progress("restored", snapshot.size)
    files = [entry for entry in snapshot.entries if entry.kind == "file"]
    folders = [entry for entry in snapshot.entries if entry.kind == "folder"]
    for entry in folders:
        (target / entry.path).mkdir(parents=True, exist_ok=True)
    lost = [entry.path for entry in files if not _put_back(store, entry, target, progress)]
    for entry in snapshot.entries:
        if entry.kind == "link":
            (target / entry.path).symlink_to(entry.target)
    for entry in reversed(folders):
        (target / entry.path).chmod(entry.mode)
        os.utime(target / entry.path, ns=(entry.modified_ns, entry.modified_ns))
    progress.close()
    good = [entry for entry in files if entry.path not in set(lost)]
    return Restored(len(good), sum(entry.size for entry in good), tuple(lost))


def verify(store: Store) -> tuple[int, int, dict[str, list[str]]]:
    """Read every piece of every back-up; return pieces, bytes and {what is wrong: the files it belongs to}.

    A bad piece is set aside, so that the next back-up copies it anew.
    """
    users: dict[str, set[str]] = {}
    wrong: dict[str, list[str]] = {}
    for name in store.names():
        try:
            snapshot = store.load(name)
        except Problem as problem:
            wrong[str(problem)] = []
            continue
        for entry in snapshot.entries:
            for piece in entry.pieces:
                users.setdefault(piece, set()).add(entry.path)
    octets = 0
    for piece, paths in users.items():
        try:
            octets += len(store.get(piece))
        except Problem as problem:
            wrong[str(problem)] = sorted(paths)
            store.set_aside(piece)
    return len(users), octets, wrong


def _check_path(path: str) -> None:
    """Refuse a path that would leave the target, whoever wrote the list."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise Problem("The list of this back-up holds a path that leads outside. Nothing was restored.")


def _put_back(store: Store, entry: Entry, target: Path, progress: Progress) -> bool:
    """Write one file under another name, piece by piece, and give it its name when it is whole."""
    path = target / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("xb") as file:
            for piece in entry.pieces:
                content = store.get(piece)
                file.write(content)
                progress.add(len(content))
    except Problem:
        part.unlink()
        return False
    part.replace(path)
    path.chmod(entry.mode)
    os.utime(path, ns=(entry.modified_ns, entry.modified_ns))
    return True
