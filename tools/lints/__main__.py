"""Run every lint over the repository: `python -m tools.lints`; exit 1 if anything was found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tools.lints import Finding, Rule, Source, places, rooms, sealed, sizes

RULES: tuple[Rule, ...] = (
    places.framework_in_its_place,
    places.sql_in_its_place,
    places.cookies_in_their_place,
    places.commit_in_its_place,
    places.async_in_its_place,
    places.canaries_in_their_place,
    rooms.rooms_know_only_lower_ones,
    sealed.opened_for_a_purpose,
    sealed.opened_is_not_logged,
    sizes.module_fits,
    sizes.functions_fit,
)
FOLDERS = ("src", "clients", "packages", "tools", "bench")
_NOT_OURS = frozenset({"tests", "node_modules", "build", "dist", ".venv"})


def check(root: Path) -> Iterator[Finding]:
    """Yield what any rule finds in the repository at `root`."""
    yield from rooms.only_known_rooms(root)
    for path in (path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))):
        if _NOT_OURS.isdisjoint(path.relative_to(root).parts):
            source = Source.read(root, path)
            for rule in RULES:
                yield from rule(source)


def main() -> int:
    """Print the findings; return the exit code."""
    findings = sorted(check(Path(__file__).resolve().parents[2]))
    print(*findings, f"lints: {len(findings)} found by {len(RULES) + 1} rules", sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
