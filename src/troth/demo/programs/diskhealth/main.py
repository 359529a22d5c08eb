"""Fernside Disk Health's command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from troth.demo.programs.common import program, shell
from troth.demo.programs.common.words import Problem, count, shown, size
from troth.demo.programs.diskhealth import verdict
from troth.demo.programs.diskhealth.machine import Machine, space
from troth.demo.programs.diskhealth.sampling import Surface, measure_speed, sample_surface, targets
from troth.demo.programs.diskhealth.verdict import Finding, Level

SLUG: Final = "fernside-diskhealth"
NAME: Final = "Fernside Disk Health"
TRIAL_BYTES: Final = 32 * 1000 * 1000
TRIAL: Final = "the report is complete, but at most 32 MB are read for speed and surface"

_QUICK: Final = 256 * 1024 * 1024
_MARKS: Final = {Level.GOOD: "good", Level.WATCH: "watch", Level.ACT: "ACT"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run Fernside Disk Health and return its exit code."""
    promise = "Says in plain words how a disk is: room, errors, wear, speed, and whether every sampled spot reads."
    return shell.main(program.load(SLUG, NAME, TRIAL), promise, COMMANDS, argv)


def _declare_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "place", type=Path, nargs="?", default=Path(), help="a folder or file on the disk; here if left out"
    )
    parser.add_argument("--no-read", action="store_true", help="only ask the system, read no files")


def _report(arguments: argparse.Namespace, licensed: bool) -> int:  # noqa: FBT001 - the form of a command
    place: Path = arguments.place
    if not place.exists():
        raise Problem(f"{place} is not there.")
    findings = look(place, Machine())
    if not arguments.no_read:
        findings += _read(place, _QUICK if licensed else TRIAL_BYTES)
    return _tell(findings)


def look(place: Path, machine: Machine) -> list[Finding]:
    """Ask the system about the disk behind a place; reads no file of it."""
    findings = verdict.of_space(space(place))
    mount = machine.find_mount(place)
    disk = machine.find_disk(mount.device) if mount else None
    if mount is None or disk is None:
        kind = f" ({mount.kind})" if mount else ""
        return [*findings, Finding("Disk", f"not shown to this user or container{kind}")]
    findings += verdict.of_disk(disk, mount.point)
    errors = machine.find_file_system_errors(mount.device)
    if errors is not None:
        findings.append(verdict.of_file_system(errors))
    traffic = machine.find_traffic(disk.name)
    return findings if traffic is None else [*findings, verdict.of_traffic(traffic)]


def _read(place: Path, limit: int) -> list[Finding]:
    try:
        found = targets(place)
    except Problem:
        return [Finding("Reading", "no file with content here that you may read")]
    speed = measure_speed(found, limit)
    return [verdict.of_speed(speed), verdict.of_surface(sample_surface(found, limit, _seed()))]


def _declare_surface(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", type=Path, help="a folder, a file or a disk image")
    parser.add_argument("--all", action="store_true", help="read every spot, not a sample")


def _surface(arguments: argparse.Namespace, licensed: bool) -> int:  # noqa: FBT001
    found = targets(arguments.place)
    total = sum(target.size for target in found)
    wanted = total if arguments.all else _QUICK
    limit = wanted if licensed else min(wanted, TRIAL_BYTES)
    surface = sample_surface(found, limit, _seed())
    print(f"{count(len(found), 'file')}, {size(total)}")
    _times(surface)
    for path, offset in surface.failures:
        print(f"  not read  {shown(path)} at byte {offset:,}")
    if limit < wanted:
        print(f"The trial reads at most {size(TRIAL_BYTES)}; with a key it reads {size(min(wanted, total))}.")
    return _tell([verdict.of_surface(surface)])


def _times(surface: Surface) -> None:
    for part in (0.5, 0.99, 1.0):
        print(f"  {part:>4.0%} of the spots answered within {surface.quantile(part) * 1000:,.2f} ms")


def _tell(findings: list[Finding]) -> int:
    """Print findings as a table, then the advice and the sentence; 1 when something must be done."""
    for finding in findings:
        print(f"{finding.label:<14}{finding.seen:<58}{_MARKS[finding.level]}")
    for finding in findings:
        if finding.level is not Level.GOOD:
            print(f"{finding.label}: {finding.advice}")
    print(verdict.sentence(findings))
    return int(any(finding.level is Level.ACT for finding in findings))


def _seed() -> int:
    return int.from_bytes(os.urandom(4), "big")


COMMANDS: Final = (
    shell.Command("report", "how this disk is", _declare_report, _report),
    shell.Command("surface", "read spots all over a place and time each one", _declare_surface, _surface),
)
