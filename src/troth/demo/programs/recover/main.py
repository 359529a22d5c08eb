"""Fernside Recover's command line."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from troth.demo.programs.common import program, shell
from troth.demo.programs.common.words import Problem, Progress, count, duration, shown, size
from troth.demo.programs.recover.carving import carve, length, mapped, sources
from troth.demo.programs.recover.formats import Bytes, Find
from troth.demo.programs.recover.salvage import Span, salvage

SLUG: Final = "fernside-recover"
NAME: Final = "Fernside Recover"
TRIAL_FILES: Final = 3
TRIAL: Final = f"everything is found and listed, the first {TRIAL_FILES} files are recovered; salvaging is not limited"

_SHOWN_HOLES: Final = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run Fernside Recover and return its exit code."""
    promise = (
        "Finds pictures (JPEG, PNG) and documents (PDF, ZIP, Office) in a disk image or a damaged folder, and checks"
        " each one. Never writes to what it reads. From a failing disk, salvage an image first."
    )
    return shell.main(program.load(SLUG, NAME, TRIAL), promise, COMMANDS, argv)


def _declare_scan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", type=Path, help="a disk image, a device, or a folder of damaged files")


def _scan(arguments: argparse.Namespace, _: bool) -> int:  # noqa: FBT001 - the form of a command
    kinds: Counter[str] = Counter()
    for path, _data, find in _finds(arguments.place):
        kinds[find.kind] += 1
        print(_line(find.kind, path, find, arguments.place))
    print(_total(kinds))
    return 0 if kinds else 1


def _declare_recover(parser: argparse.ArgumentParser) -> None:
    _declare_scan(parser)
    parser.add_argument("target", type=Path, help="a new or empty folder for what is found; on another disk")


def _recover(arguments: argparse.Namespace, licensed: bool) -> int:  # noqa: FBT001
    target: Path = arguments.target
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Problem(f"{target} is not an empty folder. Nothing was changed; please name a new one.")
    target.mkdir(parents=True, exist_ok=True)
    kinds: Counter[str] = Counter()
    written = 0
    began = time.monotonic()
    for path, data, find in _finds(arguments.place, skip=target):
        kinds[find.kind] += 1
        if licensed or written < TRIAL_FILES:
            written += 1
            name = f"{written:04}.{find.kind}"
            (target / name).write_bytes(data[find.begin : find.end])
            print(_line(name, path, find, arguments.place))
    print(_total(kinds))
    print(f"{count(written, 'file')} written to {shown(target)} in {duration(time.monotonic() - began)}.")
    if written < sum(kinds.values()):
        print(f"The trial recovers the first {TRIAL_FILES}; with a key it recovers them all.")
    return 0 if kinds else 1


def _declare_salvage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="the failing file or device")
    parser.add_argument("copy", type=Path, help="the copy to write; on another disk")
    parser.add_argument("--from", dest="begin", type=int, default=0, metavar="BYTE", help="where to begin")
    parser.add_argument("--bytes", dest="size", type=int, metavar="N", help="how many; to the end when left out")


def _salvage(arguments: argparse.Namespace, _: bool) -> int:  # noqa: FBT001
    copy: Path = arguments.copy
    if copy.exists():
        raise Problem(f"{copy} is there already. Nothing was changed; please name a new file.")
    with arguments.source.open("rb", buffering=0) as source:
        span = Span(arguments.begin, length(source) - arguments.begin if arguments.size is None else arguments.size)
        if span.begin < 0 or span.size <= 0:
            raise Problem("There is nothing to read from there.")
        progress = Progress("copied", span.size)
        with copy.open("xb") as out:
            holes = salvage(source.fileno(), span, out, progress)
        progress.close()
    lost = sum(hole.size for hole in holes)
    print(f"{size(span.size - lost)} of {size(span.size)} copied to {copy}.")
    if not holes:
        print("Everything could be read.")
        return 0
    print(f"{size(lost)} could not be read and are zeros in the copy, in {count(len(holes), 'place')}:")
    for hole in holes[:_SHOWN_HOLES]:
        print(f"  at byte {hole.begin:,}, {size(hole.size)}")
    if len(holes) > _SHOWN_HOLES:
        print(f"  and {len(holes) - _SHOWN_HOLES:,} more")
    return 1


def _finds(place: Path, skip: Path | None = None) -> Iterator[tuple[Path, Bytes, Find]]:
    """Yield (file, its bytes, find) for everything in a place, without what lies under `skip`."""
    for path in sources(place):
        if skip is not None and skip in path.parents:
            continue
        with path.open("rb") as file:
            data = mapped(file)
            progress = Progress("searched", len(data))
            for find in carve(data, progress):
                progress.close()
                yield path, data, find
            progress.close()


def _line(label: str, path: Path, find: Find, place: Path) -> str:
    where = "" if path == place else f"  {shown(path.relative_to(place))}"
    return f"{label:<10}{size(find.size):>11}  at byte {find.begin:>13,}  {find.checked}{where}"


def _total(kinds: Counter[str]) -> str:
    """Say what was found, most frequent first."""
    if not kinds:
        return "No whole file was found."
    parts = [f"{number} {kind}" for kind, number in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))]
    return f"{count(sum(kinds.values()), 'whole file')} found: {', '.join(parts)}."


COMMANDS: Final = (
    shell.Command("scan", "list what can be recovered; writes nothing", _declare_scan, _scan),
    shell.Command("recover", "write every whole file that is found to a folder", _declare_recover, _recover),
    shell.Command("salvage", "copy what is readable of a failing file", _declare_salvage, _salvage),
)
