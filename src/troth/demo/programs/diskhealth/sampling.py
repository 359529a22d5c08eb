"""Reads: one long run for the speed, and many spots spread over a file or folder to see whether each one answers."""

from __future__ import annotations

import os
import random
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from troth.demo.programs.common.words import Problem, Progress

SPOT: Final = 64 * 1024
RUN: Final = 1024 * 1024
_MOST_FILES: Final = 20_000


@dataclass(frozen=True)
class Target:
    """A file to read and its size."""

    path: Path
    size: int


@dataclass(frozen=True)
class Speed:
    """Bytes read in one long run, and the seconds that took."""

    octets: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Bytes a second."""
        return self.octets / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class Surface:
    """Spots read, the times they took in seconds (sorted), and where reading failed."""

    spots: int
    times: tuple[float, ...]
    failures: tuple[tuple[Path, int], ...]

    def quantile(self, part: float) -> float:
        """Return the time within which this part of all spots answered."""
        return self.times[min(int(part * len(self.times)), len(self.times) - 1)] if self.times else 0.0


def targets(place: Path) -> list[Target]:
    """Return the regular files of a place, largest first; raises `Problem` when there is nothing to read."""
    if not place.exists():
        raise Problem(f"{place} is not there.")
    found = sorted(islice(_files(place), _MOST_FILES), key=lambda target: (-target.size, str(target.path)))
    if not found:
        raise Problem(f"There is no file with content in {place} that you may read; please name another one.")
    return found


def measure_speed(found: list[Target], limit: int) -> Speed:
    """Read up to `limit` bytes from the largest files on, asking the system to forget what it holds of them first."""
    octets = 0
    began = time.monotonic()
    progress = Progress("read", min(limit, sum(target.size for target in found)))
    for target in found:
        if octets >= limit:
            break
        try:
            octets += _read_run(target, limit - octets, progress)
        except OSError:
            continue  # the surface sample reports what cannot be read
    progress.close()
    return Speed(octets, time.monotonic() - began)


def sample_surface(found: list[Target], limit: int, seed: int) -> Surface:
    """Read spots of 64 KiB, evenly spread with a random shift, up to `limit` bytes; every spot when all fits."""
    times: list[float] = []
    failures: list[tuple[Path, int]] = []
    chosen = _choose(found, limit, seed)
    progress = Progress("sampled", sum(len(offsets) for _, offsets in chosen) * SPOT)
    for target, offsets in chosen:
        for offset, seconds in _read_spots(target, offsets):
            progress.add(SPOT)
            if seconds is None:
                failures.append((target.path, offset))
            else:
                times.append(seconds)
    progress.close()
    return Surface(len(times) + len(failures), tuple(sorted(times)), tuple(failures))


def _choose(found: list[Target], limit: int, seed: int) -> list[tuple[Target, list[int]]]:
    """Return the offsets to read in each file."""
    total = sum(target.size for target in found)
    if limit >= total:
        return [(target, list(range(0, target.size, SPOT))) for target in found]
    spots = max(1, limit // SPOT)
    shift = random.Random(seed).random()  # noqa: S311 - no secret, only other spots each time
    places = [int((number + shift) * total / spots) for number in reversed(range(spots))]
    chosen = []
    begin = 0
    for target in found:
        offsets = []
        while places and places[-1] < begin + target.size:
            offsets.append((places.pop() - begin) // SPOT * SPOT)
        chosen.append((target, offsets))
        begin += target.size
    return chosen


def _files(place: Path) -> Iterator[Target]:
    """Yield regular files with content on the place's own file system, without following links."""
    device = place.stat().st_dev
    for path in [place] if place.is_file() else _below(place, device):
        try:
            status = path.stat() if path == place else path.lstat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_size and os.access(path, os.R_OK):
            yield Target(path, status.st_size)


def _below(place: Path, device: int) -> Iterator[Path]:
    """Yield what lies below a folder, without entering other file systems."""
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if _device(Path(folder, name)) == device)
        yield from (Path(folder, name) for name in sorted(names))


def _device(path: Path) -> int | None:
    try:
        return path.lstat().st_dev
    except OSError:
        return None


def _read_run(target: Target, limit: int, progress: Progress) -> int:
    """Read a file from its beginning; return how many bytes."""
    octets = 0
    with target.path.open("rb", buffering=0) as file:
        _forget_cached(file.fileno())
        while octets < limit and (content := file.read(min(RUN, limit - octets))):
            octets += len(content)
            progress.add(len(content))
    return octets


def _read_spots(target: Target, offsets: list[int]) -> Iterator[tuple[int, float | None]]:
    """Yield (offset, seconds or None when it cannot be read) for each spot of a file."""
    if not offsets:
        return
    try:
        handle = os.open(target.path, os.O_RDONLY)
    except OSError:
        yield from ((offset, None) for offset in offsets)
        return
    try:
        _forget_cached(handle)
        for offset in offsets:
            began = time.monotonic()
            try:
                os.pread(handle, SPOT, offset)
            except OSError:
                yield offset, None
            else:
                yield offset, time.monotonic() - began
    finally:
        os.close(handle)


def _forget_cached(handle: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
