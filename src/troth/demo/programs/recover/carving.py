"""Goes through an image or a folder's files once and yields every whole file found in them."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from troth.demo.programs.common.words import Problem, Progress
from troth.demo.programs.recover.formats import SIGNATURES, Bytes, Find, finders

_SIGNATURES: Final = re.compile(b"|".join(re.escape(signature) for signature in SIGNATURES))
_WINDOW: Final = 4 * 1024 * 1024
_LONGEST: Final = max(len(signature) for signature in SIGNATURES)


def carve(data: Bytes, progress: Progress | None = None) -> Iterator[Find]:
    """Yield the whole files in `data` in order; what lies inside one already found is part of it."""
    at = 0
    find_at = finders(data)
    while at < len(data):
        found = _SIGNATURES.search(data, at, min(len(data), at + _WINDOW))
        if found is None:
            # The next window begins where a signature could straddle the border.
            reached = at + _WINDOW - _LONGEST + 1
            find = None
        else:
            find = find_at[found.group()](data, found.start())
            reached = find.end if find else found.start() + 1
        if find is not None:
            yield find
        if progress is not None:
            progress.add(min(reached, len(data)) - at)
        at = reached


def sources(place: Path) -> list[Path]:
    """Return the files to search: the image itself, or every file of a folder; raises `Problem` when there is none."""
    if place.is_dir():
        return [path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink()]
    if not place.exists():
        raise Problem(f"{place} is not there.")
    return [place]


def length(file: BinaryIO) -> int:
    """Return the size of a file or device."""
    return os.lseek(file.fileno(), 0, os.SEEK_END)


def mapped(file: BinaryIO) -> Bytes:
    """Return the content without reading it into memory; an empty file cannot be mapped."""
    size = length(file)
    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b""
