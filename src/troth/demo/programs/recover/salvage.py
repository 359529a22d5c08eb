"""Copies what can still be read of a failing file or device, and writes zeros and a note where nothing can.

Large steps while all goes well; where a read fails, the step is halved down to one sector, so that a single bad sector
costs 512 bytes and not a megabyte. Places stay where they were, so that the copy can be carved or repaired.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO, Final

from troth.demo.programs.common.words import Progress

STEP: Final = 1024 * 1024
SECTOR: Final = 512


@dataclass(frozen=True)
class Span:
    """A run of bytes: where it begins and how long it is."""

    begin: int
    size: int


def salvage(handle: int, span: Span, out: BinaryIO, progress: Progress | None = None) -> list[Span]:
    """Copy a span of an open file into `out`; return the holes, relative to the span, joined and in order."""
    holes: list[Span] = []
    at = 0
    while at < span.size:
        size = min(STEP, span.size - at)
        for content, piece in _read(handle, span.begin + at, size):
            if content is None:
                _add_hole(holes, Span(at, piece))
            out.write(bytes(piece) if content is None else content)
            at += piece
            if progress is not None:
                progress.add(piece)
    return holes


def _read(handle: int, begin: int, size: int) -> list[tuple[bytes | None, int]]:
    """Read a run whole, or in ever smaller halves; [(bytes or None, size)…] without gaps."""
    try:
        content = os.pread(handle, size, begin)
    except OSError:
        content = None
    if content is not None and len(content) == size:
        return [(content, size)]
    if content:
        return [(content, len(content)), *_read(handle, begin + len(content), size - len(content))]
    if size <= SECTOR:
        return [(None, size)]
    half = max(SECTOR, size // 2 // SECTOR * SECTOR)
    return _read(handle, begin, half) + _read(handle, begin + half, size - half)


def _add_hole(holes: list[Span], hole: Span) -> None:
    if holes and holes[-1].begin + holes[-1].size == hole.begin:
        before = holes.pop()
        hole = Span(before.begin, before.size + hole.size)
    holes.append(hole)
