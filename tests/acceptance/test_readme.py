"""What README and guides tell people to type is there to be typed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs/guides").glob("*.md")])
TROTH = Path(sys.executable).with_name("troth")

_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?<![\w-])(?:\.venv/bin/)?troth((?: --dir \S+)?(?: [a-z][a-z-]*)+)")
_TARGET = re.compile(r"(?<![\w-])make ([a-z]+)")


def typed(pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield what stands in code on the pages, without what a shell comment says."""
    for page in PAGES:
        for code in _CODE.findall(page.read_text(encoding="utf-8")):
            yield from pattern.findall(re.sub(r"#.*", "", code))


def commands() -> list[str]:
    return sorted({re.sub(r" --dir \S+", "", words).strip() for words in typed(_COMMAND)})


def help_of(words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TROTH, *words.split(), "--help"], capture_output=True, text=True, timeout=60, check=False)


def test_the_first_screen_leads_to_a_running_store() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "git clone" in first_screen
    assert "make run" in first_screen


def test_every_make_target_in_the_pages_exists_and_says_what_it_does() -> None:
    told = set(re.findall(r"^([a-z]+):.*## \w", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"run", "test", "check"} <= set(typed(_TARGET)) <= told


@pytest.mark.parametrize("words", commands())
def test_every_command_in_the_pages_can_be_run(words: str) -> None:
    shown = help_of(words)
    assert shown.returncode == 0, shown.stderr


def test_a_command_that_is_not_there_is_noticed() -> None:
    """The test above means something only if help for an invented command fails."""
    assert help_of("sell-everything").returncode == 2
