"""`troth policy check|lock|show|diff`: what the program would collect, and what this store has accepted.

check   compiles the policy and compares it with the accepted one; 0 if the store runs under it, else 1
lock    accepts the compiled policy: archives it as a new revision and writes policy.lock.json
show    prints the accepted policy as people read it; with --json the lock itself
diff    prints what accepting would change; 0 if nothing, else 1
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from troth.kernel.clock import SystemClock
from troth.kernel.codec import to_json
from troth.kernel.errors import TrothError
from troth.policy.archive import REVISIONS, Archive, accept_lock
from troth.policy.diff import diff
from troth.policy.difference import Difference
from troth.policy.document import document
from troth.policy.errors import DoesNotCompile
from troth.policy.lock import LOCK_FILE, Lock, read_lock

if TYPE_CHECKING:
    from troth.policy.structure import Section

OK, NO = 0, 1
Compile = Callable[[Path], Lock]


class NothingAccepted(TrothError):
    """This store has not accepted a policy yet; `troth policy lock` does so."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the four actions, each with `--dir` and `--json`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="check|lock|show|diff")
    for name, told in (
        ("check", "whether the program's policy is the one this store accepted"),
        ("lock", "accept the program's policy"),
        ("show", "print the accepted policy"),
        ("diff", "print what accepting would change"),
    ):
        action = actions.add_parser(name, help=told, description=told)
        # Suppressed defaults: the same options may stand before the command's name.
        action.add_argument("--dir", type=Path, default=argparse.SUPPRESS, help="the store's folder")
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")


def run(args: argparse.Namespace, *, compiled_for: Compile | None = None) -> int:
    """Run one action and return 0 (ok) or 1 (no); `compiled_for` compiles a store's policy, None: the program's own."""
    folder: Path = getattr(args, "dir", None) or Path()
    as_json: bool = getattr(args, "json", False)
    actions: dict[str, Callable[[], int]] = {
        "check": lambda: check(folder, compiled_for or _program, as_json=as_json),
        "lock": lambda: lock(folder, compiled_for or _program, as_json=as_json),
        "show": lambda: show(folder, as_json=as_json),
        "diff": lambda: show_diff(folder, compiled_for or _program, as_json=as_json),
    }
    try:
        return actions[args.action]()
    except TrothError as error:
        _refuse(error, as_json=as_json)
        return NO


def check(folder: Path, compiled_for: Compile, *, as_json: bool = False) -> int:
    """Say whether the store runs under the policy the program compiles to."""
    difference = _difference(folder, compiled_for)
    if as_json:
        _print_json({"accepted": not difference, "changes": _changes(difference)})
    elif difference:
        print(f"This store has not accepted the program's policy:\n{difference}\nAccept it with: troth policy lock")
    else:
        print("The policy compiles, and it is the one this store accepted.")
    return NO if difference else OK


def lock(folder: Path, compiled_for: Compile, *, as_json: bool = False) -> int:
    """Accept the compiled policy; print the revision and what changed."""
    before = Archive(folder / REVISIONS).current()
    compiled = compiled_for(folder)
    accepted = accept_lock(folder, compiled, now=SystemClock().now())
    difference = diff(before, accepted)
    if as_json:
        changes = _changes(difference)
        _print_json({"revision": accepted.revision, "hash": accepted.hash, "changes": changes})
    else:
        told = f"\n{difference}" if difference and before is not None else ""
        print(f"Revision {accepted.revision} is in force ({accepted.hash}).{told}")
    return OK


def show(folder: Path, *, as_json: bool = False) -> int:
    """Print the accepted policy as people read it, or the lock as JSON."""
    accepted = read_lock(folder / LOCK_FILE)
    if accepted is None:
        raise NothingAccepted
    if as_json:
        print(to_json(accepted).decode())
        return OK
    shown = document(accepted, Archive(folder / REVISIONS).history())
    print(f"Revision {shown.revision}, {shown.hash}\n{shown.controller.name}\n")
    print("\n".join(f"- {line}" for line in shown.summary))
    for section in shown.sections:
        _print_section(section, depth=1)
    print("\n# Said plainly\n" + "\n".join(f"- {line}" for line in shown.plainly))
    print("\n# History")
    for entry in shown.history:
        print(f"{entry.accepted_at:%Y-%m-%d} revision {entry.revision} ({entry.hash[:12]})")
        print("".join(f"  {change.direction}: {change.said}\n" for change in entry.changes), end="")
    return OK


def show_diff(folder: Path, compiled_for: Compile, *, as_json: bool = False) -> int:
    """Print what accepting the compiled policy would change."""
    difference = _difference(folder, compiled_for)
    if as_json:
        _print_json(_changes(difference))
    else:
        print(str(difference) if difference else "Nothing would change.")
    return NO if difference else OK


def _program(folder: Path) -> Lock:
    """Compile the policy of the program in this folder's configuration; the assembly is loaded only now."""
    from troth.app import compiled_for  # noqa: PLC0415 - `show` needs no assembly

    return compiled_for(folder)


def _difference(folder: Path, compiled_for: Compile) -> Difference:
    return diff(read_lock(folder / LOCK_FILE), compiled_for(folder))


def _changes(difference: Difference) -> list[dict[str, object]]:
    return [
        {"direction": change.direction, "path": list(change.path), "said": str(change.said)}
        for change in difference.changes
    ]


def _refuse(error: TrothError, *, as_json: bool) -> None:
    if not as_json:
        print(error.detail, file=sys.stderr)
    elif isinstance(error, DoesNotCompile):
        problems = [
            {"kind": type(one).__name__, "part": one.part, "thing": one.thing, "detail": one.detail, "mend": one.mend}
            for one in error.problems
        ]
        _print_json({"problems": problems})
    else:
        _print_json({"problems": [{"kind": type(error).__name__, "detail": error.detail}]})


def _print_json(value: object) -> None:
    print(to_json(value).decode())


def _print_section(section: Section, *, depth: int) -> None:
    print(f"\n{'#' * depth} {section.title}")
    for line in section.lead:
        print(line)
    for item in section.items:
        print(f"- {item.title}")
        for line in item.lead:
            print(f"    {line}")
        for fact in item.facts:
            print(f"    {fact.label}: {fact.text}")
    for inner in section.sections:
        _print_section(inner, depth=depth + 1)
