"""Docs keep up with the code: `python -m tools.documented`, exit 1 with one line per gap.

Every command, route, setting and limit of the program stands in docs/guides, and every command that the docs name is
there to be run. Every relative link of a page leads somewhere.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from troth import app, cli
from troth.kernel import config
from troth.web.route import Route

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NOT_IN_A_FRAGMENT = re.compile(r"[^\w\- ]")


def pages(root: Path) -> list[Path]:
    """Return every page for people: those at the top, in docs/ and beside each distribution."""
    found = [
        *root.glob("*.md"),
        *root.glob("docs/**/*.md"),
        *root.glob("clients/*/*.md"),
        *root.glob("packages/*/*.md"),
    ]
    return sorted(found)


def settings() -> set[str]:
    """Return every setting as `section.key`."""
    sections = config._SECTIONS.items()  # noqa: SLF001 - the one list of settings, which the reader walks as well
    return {f"{section}.{key}" for section, schema in sections for key in schema.keys}


def commands() -> set[str]:
    """Return every command a person can type, with its actions: `troth order confirm`."""
    found = set()
    for name in set(cli.COMMANDS) - missing_commands():
        parser = argparse.ArgumentParser()
        importlib.import_module(f"troth.cli.{name}").add_arguments(parser)
        found |= {f"troth {name} {action}" for action in _actions(parser)} or {f"troth {name}"}
    return found


def missing_commands() -> set[str]:
    """Return what the command line announces and no module does."""
    return {name for name in cli.COMMANDS if importlib.util.find_spec(f"troth.cli.{name}") is None}


def routes() -> list[Route]:
    """Return every route of a store."""
    return list(app.routes(ROOT))


def undocumented(names: Iterable[str], kind: str, text: str) -> Iterator[str]:
    """Yield a line for each name that stands nowhere between backticks."""
    for name in sorted(names):
        if not re.search(rf"`[^`\n]*(?<![\w.]){re.escape(name)}(?![\w/])[^`\n]*`", text):
            yield f"docs/guides: {kind} {name} is not described"


def broken_links(root: Path) -> Iterator[str]:
    """Yield a line for each relative link that leads to no file or to no heading of it."""
    for page in pages(root):
        for link in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            path, _, fragment = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if re.match(r"[a-z]+:", link):
                continue
            if not target.exists():
                yield f"{page.relative_to(root)}: {link} leads nowhere"
            elif fragment and fragment not in _fragments(target):
                yield f"{page.relative_to(root)}: {link} leads to no heading"


def _actions(parser: argparse.ArgumentParser) -> set[str]:
    """Return the actions of a command; the standard library has no public way to ask."""
    choosing = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001
    return {name for one in choosing for name in one.choices}


def _fragments(page: Path) -> set[str]:
    """Return the headings of a page in the form links use: lower case, spaces as dashes, other signs dropped."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {_NOT_IN_A_FRAGMENT.sub("", heading.lower()).replace(" ", "-") for heading in headings}


def gaps(root: Path) -> list[str]:
    """Return every gap between the program and its docs."""
    guides = "\n".join(page.read_text(encoding="utf-8") for page in sorted(root.glob("docs/guides/*.md")))
    served = routes()
    return [
        *(
            f"src/troth/cli: troth {name} is announced, and there is no {name}.py"
            for name in sorted(missing_commands())
        ),
        *undocumented(commands(), "command", guides),
        *undocumented(settings(), "setting", guides),
        *undocumented({route.path for route in served}, "route", guides),
        *undocumented({f"limits.{limit.name}" for route in served for limit in route.limits}, "setting", guides),
        *broken_links(root),
    ]


def main() -> int:
    """Print the gaps; return the exit code."""
    found = gaps(ROOT)
    print(*found, f"docs: {len(found)} gaps", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
