"""Copies what can still be read of a failing file or device, and writes zeros and a note where nothing can.

First everything that reads well, in large steps, so that most is safe before a dying disk is asked twice; then the
bad places, halved down to one sector, so that a single bad sector costs 512 bytes and not a megabyte. Places stay
where they were, so that the copy can be carved or repaired.
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
    bad = _copy_what_reads_well(handle, span, out, progress)
    holes: list[Span] = []
    for place in bad:
        at = place.begin
        out.seek(at)
        for content, size in _read(handle, span.begin + at, place.size):
            if content is None:
                _add_hole(holes, Span(at, size))
            out.write(bytes(size) if content is None else content)
            at += size
        if progress is not None:
            progress.add(place.size)
    return holes


def _copy_what_reads_well(handle: int, span: Span, out: BinaryIO, progress: Progress | None) -> list[Span]:
    """Copy in large steps; return the steps that could not be read whole."""
    bad = []
    for at in range(0, span.size, STEP):
        step = Span(at, min(STEP, span.size - at))
        content = _try(handle, span.begin + at, step.size)
        if len(content) < step.size:
            bad.append(step)
        else:
            out.seek(at)
            out.write(content)
            if progress is not None:
                progress.add(step.size)
    return bad


def _try(handle: int, begin: int, size: int) -> bytes:
    """Read once; nothing when that fails."""
    try:
        return os.pread(handle, size, begin)
    except OSError:
        return b""


def _read(handle: int, begin: int, size: int) -> list[tuple[bytes | None, int]]:
    """Read a run whole, or in ever smaller halves; [(bytes or None, size)…] without gaps."""
    content = _try(handle, begin, size)
    if len(content) == size:
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
