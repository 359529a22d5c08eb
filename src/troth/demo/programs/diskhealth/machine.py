"""What Linux tells about the disk behind a folder, without any special right: /proc, /sys and statvfs.

Sources: proc_pid_mountinfo(5), Documentation/admin-guide/iostats.rst, Documentation/ABI (sysfs-block, ext4, mmc, md).
What a machine or container does not show is None, never a guess.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MOUNT_FIELDS: Final = 10
_STAT_FIELDS: Final = 14
_WARMEST: Final = 200_000


@dataclass(frozen=True)
class Mount:
    """The file system a path lies on: device number `major:minor`, where it is mounted, its type."""

    device: str
    point: str
    kind: str


@dataclass(frozen=True)
class Space:
    """Bytes and file entries of a file system, as far as an ordinary user may fill it."""

    size: int
    free: int
    entries: int
    entries_free: int


@dataclass(frozen=True)
class Traffic:
    """What a disk has done since the start: operations, 512-byte sectors, and milliseconds spent."""

    reads: int
    read_sectors: int
    read_ms: int
    writes: int
    written_sectors: int
    write_ms: int


@dataclass(frozen=True)
class Disk:
    """A whole disk: kernel name, model, rotating or not, and the signs of wear or failure that it shows."""

    name: str
    model: str | None
    rotating: bool | None
    io_errors: int | None
    celsius: float | None
    life_used_tenths: int | None
    missing_members: int | None


class Machine:
    """A running Linux, or a copy of its files below other roots."""

    def __init__(self, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> None:
        """Read below these two folders."""
        self._proc = proc
        self._sys = sys

    def find_mount(self, path: Path) -> Mount | None:
        """Return the file system a path lies on: the longest mount point above it, the last one mounted there."""
        best: Mount | None = None
        whole = str(path.resolve())
        for line in _lines(self._proc / "self" / "mountinfo"):
            fields = line.split(" ")
            if len(fields) < _MOUNT_FIELDS or " - " not in line:
                continue
            point = _unescaped(fields[4])
            inside = whole == point or whole.startswith(point.rstrip("/") + "/")
            if inside and (best is None or len(point) >= len(best.point)):
                best = Mount(fields[2], point, line.partition(" - ")[2].split(" ")[0])
        return best

    def find_disk(self, device: str) -> Disk | None:
        """Return the disk that holds a device number; None where the machine hides it (as containers do)."""
        folder = self._block(device)
        if folder is None:
            return None
        errors = _text(folder / "device" / "ioerr_cnt")
        return Disk(
            name=folder.name,
            model=_text(folder / "device" / "model"),
            rotating=_flag(_text(folder / "queue" / "rotational")),
            io_errors=None if errors is None else _number(errors),
            celsius=_warmest(folder),
            life_used_tenths=_life(folder),
            missing_members=_number(_text(folder / "md" / "degraded")),
        )

    def find_traffic(self, name: str) -> Traffic | None:
        """Return what a disk has done, from /proc/diskstats."""
        for line in _lines(self._proc / "diskstats"):
            fields = line.split()
            if len(fields) >= _STAT_FIELDS and fields[2] == name:
                reads, _, read_sectors, read_ms, writes, _, written_sectors, write_ms = map(int, fields[3:11])
                return Traffic(reads, read_sectors, read_ms, writes, written_sectors, write_ms)
        return None

    def find_file_system_errors(self, device: str) -> int | None:
        """Return how many errors ext4 has noted on a device since it was last checked."""
        entry = self._sys / "dev" / "block" / device
        return _number(_text(self._sys / "fs" / "ext4" / entry.resolve().name / "errors_count"))

    def _block(self, device: str) -> Path | None:
        """Return the folder of the whole disk in /sys, from the number of the disk or of a partition."""
        folder = (self._sys / "dev" / "block" / device).resolve()
        if (folder / "partition").exists():
            folder = folder.parent
        return folder if (folder / "queue").is_dir() else None


def space(path: Path) -> Space:
    """Return the room on the file system of a path."""
    status = os.statvfs(path)
    usable = status.f_blocks - status.f_bfree + status.f_bavail
    return Space(usable * status.f_frsize, status.f_bavail * status.f_frsize, status.f_files, status.f_favail)


def _lines(path: Path) -> list[str]:
    return (_text(path) or "").splitlines()


def _text(path: Path) -> str | None:
    """Return a small file's text, or None when it is not there or not ours to read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(text: str | None) -> int | None:
    """Read a decimal or 0x-prefixed number."""
    try:
        return None if text is None else int(text, 0)
    except ValueError:
        return None


def _flag(text: str | None) -> bool | None:
    return None if text is None else text == "1"


def _unescaped(field: str) -> str:
    """Undo the octal escapes of mountinfo (space, tab, line feed, backslash)."""
    for octal, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(octal, char)
    return field


def _warmest(folder: Path) -> float | None:
    """Return the highest temperature that the disk's own sensors show, in degrees Celsius."""
    patterns = ("device/hwmon*/temp*_input", "device/hwmon/hwmon*/temp*_input")
    values = [_number(_text(path)) for pattern in patterns for path in folder.glob(pattern)]
    known = [value for value in values if value is not None and 0 < value < _WARMEST]
    return max(known) / 1000 if known else None


def _life(folder: Path) -> int | None:
    """Return the used life of flash memory in tenths (eMMC: 1 is up to 10 %, 11 is beyond its end)."""
    values = [_number(value) for value in (_text(folder / "device" / "life_time") or "").split()]
    return max((value for value in values if value is not None), default=None)
