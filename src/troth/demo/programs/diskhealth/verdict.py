"""Turns figures into findings that a person can act on: good, watch, act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from troth.demo.programs.common.words import count, duration, shown, size
from troth.demo.programs.diskhealth.machine import Disk, Space, Traffic
from troth.demo.programs.diskhealth.sampling import Speed, Surface

_LITTLE: Final = 0.10
_NEARLY_NONE: Final = 0.03
_SLOW_SPOT: Final = 1.0
_WARM: Final = 60.0
_HOT: Final = 70.0
_WORN: Final = 8
_WORN_OUT: Final = 11
_SECTOR: Final = 512


class Level(IntEnum):
    """How much a finding matters."""

    GOOD = 0
    WATCH = 1
    ACT = 2


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was seen, how much it matters, and what to do about it."""

    label: str
    seen: str
    level: Level = Level.GOOD
    advice: str = ""


def of_space(space: Space) -> list[Finding]:
    """Judge the room that is left, in bytes and in file entries."""
    share = space.free / space.size if space.size else 1.0
    seen = f"{size(space.free)} of {size(space.size)} free"
    findings = [_by_share("Space", seen, share, "Make room: a full disk stops programs and loses new files.")]
    if space.entries:
        left = space.entries_free / space.entries
        seen = f"{space.entries_free:,} of {space.entries:,} free"
        findings.append(_by_share("File entries", seen, left, "Delete or pack many small files: no new ones fit soon."))
    return findings


def of_disk(disk: Disk, point: str) -> list[Finding]:
    """Judge what the disk mounted at `point` says about itself; silence about a sign is no finding."""
    kind = {True: "rotating disk", False: "solid state", None: "kind unknown"}[disk.rotating]
    findings = [Finding("Disk", f"{disk.name} at {shown(point)}, {disk.model or 'model not shown'}, {kind}")]
    if disk.io_errors is not None:
        level = Level.WATCH if disk.io_errors else Level.GOOD
        findings.append(Finding("Device errors", f"{disk.io_errors:,} since start", level, "Look at the system's log."))
    if disk.celsius is not None:
        level = _over(disk.celsius, _WARM, _HOT)
        findings.append(Finding("Temperature", f"{disk.celsius:.0f} °C", level, "Give the disk more air."))
    if disk.life_used_tenths is not None:
        level = _over(disk.life_used_tenths, _WORN, _WORN_OUT)
        seen = f"about {min(disk.life_used_tenths * 10, 100)} % of its life used"
        findings.append(Finding("Wear", seen, level, "Plan to replace it."))
    if disk.missing_members is not None:
        level = Level.ACT if disk.missing_members else Level.GOOD
        seen = f"{count(disk.missing_members, 'disk')} missing"
        findings.append(Finding("RAID", seen, level, "Replace the missing disk: nothing else may fail now."))
    return findings


def of_file_system(errors: int) -> Finding:
    """Judge the errors that the file system has noted."""
    level = Level.ACT if errors else Level.GOOD
    return Finding("File system", f"{count(errors, 'error')} noted", level, "Make a back-up, then check it (e2fsck).")


def of_traffic(traffic: Traffic) -> Finding:
    """Say what the disk has done since the start."""
    read, written = traffic.read_sectors * _SECTOR, traffic.written_sectors * _SECTOR
    return Finding("Since start", f"{size(read)} read, {size(written)} written")


def of_speed(speed: Speed) -> Finding:
    """Say how fast a long run was read."""
    rate = size(int(speed.per_second))
    return Finding("Reading", f"{rate} a second ({size(speed.octets)} in {duration(speed.seconds)})")


def of_surface(surface: Surface) -> Finding:
    """Judge whether every sampled spot answered, and how fast."""
    if surface.failures:
        seen = f"{len(surface.failures):,} of {count(surface.spots, 'spot')} could not be read"
        return Finding("Surface", seen, Level.ACT, "Make a back-up at once, then replace the disk.")
    slowest = surface.quantile(1.0)
    seen = f"{count(surface.spots, 'spot')} read, none failed, slowest {slowest * 1000:,.1f} ms"
    level = Level.WATCH if slowest > _SLOW_SPOT else Level.GOOD
    return Finding("Surface", seen, level, "A spot answered late; sample again when the machine is idle.")


def sentence(findings: list[Finding]) -> str:
    """Sum it all up."""
    worst = max((finding.level for finding in findings), default=Level.GOOD)
    if worst is Level.GOOD:
        return "All that could be seen is good."
    labels = ", ".join(finding.label for finding in findings if finding.level is worst)
    return f"Act now: {labels}." if worst is Level.ACT else f"Keep an eye on: {labels}."


def _by_share(label: str, seen: str, share: float, advice: str) -> Finding:
    level = _over(-share, -_LITTLE, -_NEARLY_NONE)
    return Finding(label, f"{seen} ({share:.0%})", level, advice)


def _over(value: float, watch: float, act: float) -> Level:
    if value >= act:
        return Level.ACT
    return Level.WATCH if value >= watch else Level.GOOD
