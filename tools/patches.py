"""Applies unified diffs exactly: a hunk whose old lines do not stand in the file once, and only once, is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TARGET = re.compile(r"^\+\+\+ b/(\S+)")


class DoesNotApply(Exception):
    """The source has moved on; write the change anew against it."""


@dataclass(frozen=True)
class Hunk:
    """Lines to be found in a file, and what stands there afterwards."""

    path: str
    old: str
    new: str


def read_hunks(patch: str) -> Iterator[Hunk]:
    """Yield the hunks of a unified diff; what stands before its first file is for people."""
    path, old, new = "", list[str](), list[str]()
    inside = False
    for line in [*patch.splitlines(), "--- end"]:
        if line.startswith(("--- ", "+++ ", "@@ ")):
            if old or new:
                yield Hunk(path, "\n".join(old) + "\n", "\n".join(new) + "\n")
            old, new, inside = [], [], line.startswith("@@ ")
            target = _TARGET.match(line)
            path = target[1] if target else path
        elif inside and line[:1] in {" ", "-", "+", ""}:
            old += [line[1:]] if line[:1] in {" ", "-", ""} else []
            new += [line[1:]] if line[:1] in {" ", "+", ""} else []


def apply(patch: str, root: Path) -> list[Path]:
    """Apply a diff below `root` and return the changed files; raises `DoesNotApply` before anything is written."""
    changed: dict[Path, str] = {}
    hunks = list(read_hunks(patch))
    if not hunks:
        raise DoesNotApply("there is no change in it")
    for hunk in hunks:
        path = root / hunk.path
        if not path.is_file():
            raise DoesNotApply(f"there is no {hunk.path}")
        source = changed.get(path) or path.read_text(encoding="utf-8")
        found = source.count(hunk.old)
        if found != 1:
            raise DoesNotApply(f"{hunk.path}: the lines to change stand there {found} times")
        changed[path] = source.replace(hunk.old, hunk.new)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return list(changed)
