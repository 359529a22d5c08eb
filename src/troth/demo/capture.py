"""Takes the programs' screenshots: builds them, really runs them, and draws what they printed as small SVG windows.

`python -m troth.demo.capture [FOLDER]` writes them anew, by default into the folder that ships with the store.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from nacl.signing import SigningKey

from troth.demo import samples
from troth.demo.build import build_programs
from troth.licences.signature import PublishedKey, keys_document

CAPTURES: Final = Path(__file__).parent / "captures"

_COLUMNS: Final = 78
_CHAR: Final = 8.43
_LINE: Final = 27
_MARGIN: Final = 28
_BAR: Final = 40
_WIDTH: Final = round(2 * _MARGIN + _COLUMNS * _CHAR)
_INK: Final = "#14211c"
_MUTED: Final = "#5a615b"
_TYPE: Final = 'font-size="14" font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace"'
_STATES: Final = ("read back, all good", "good", "watch", "ACT")


@dataclass(frozen=True, slots=True)
class Scene:
    """One window: the program, a title and a sentence for who cannot see it, what lies ready, and what is typed."""

    slug: str
    title: str
    description: str
    prepare: Callable[[Path], None]
    commands: tuple[str, ...]


def _some_changed(folder: Path) -> None:
    samples.files(folder / "Home")


def _card(folder: Path) -> None:
    (folder / "card.img").write_bytes(samples.card())


SCENES: Final = (
    Scene(
        "fernside-backup",
        "Fernside Backup",
        "A back-up of a home folder was made; a table names each folder with its files and says: read back, all good.",
        _some_changed,
        ("backup Home Stick", "status Stick", "verify Stick"),
    ),
    Scene(
        "fernside-recover",
        "Fernside Recover",
        "A memory card's image was searched; photos, a picture and documents were found whole, each one checked.",
        _card,
        ("scan card.img",),
    ),
    Scene(
        "fernside-diskhealth",
        "Fernside Disk Health",
        "A report on a disk: room, errors, reading speed and a sample of its surface, each marked as good.",
        _some_changed,
        ("report Home",),
    ),
)


def capture(folder: Path) -> list[Path]:
    """Run every scene and write its SVG into a folder; raises CalledProcessError when a program fails."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        keys = keys_document([PublishedKey(SigningKey.generate().verify_key.encode(), date(2026, 11, 1))])
        built = build_programs(Path(scratch) / "programs", base_url="https://fernside.example", public_keys=keys)
        programs = {program.slug: program.path for program in built}
        for scene in SCENES:
            path = folder / f"{scene.slug}.svg"
            path.write_text(draw(scene, _play(scene, programs[scene.slug], Path(scratch))), encoding="utf-8")
            written.append(path)
    return written


def draw(scene: Scene, lines: list[str]) -> str:
    """Return a window with these lines; those that begin with `$` are what was typed."""
    height = _BAR + _LINE * len(lines) + _MARGIN
    frame = f'x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="12"'
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    middle = f'x="{_WIDTH // 2}" y="25" text-anchor="middle"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t d" {_TYPE} fill="{_INK}">',
        f'<title id="t">{escape(scene.title)}</title><desc id="d">{escape(scene.description)}</desc>',
        f'<rect {frame} fill="#fff"/>',
        f'<path d="M.5 {_BAR}V12.5a12 12 0 0 1 12-12H{_WIDTH - 12.5}a12 12 0 0 1 12 12V{_BAR}z" fill="#f4f2ed"/>',
        f'<path d="M0 {_BAR}.5H{_WIDTH}" stroke="#dedbd3"/><rect {frame} fill="none" stroke="#dedbd3"/>',
        f'<text {middle} font-family="system-ui,sans-serif" fill="{_MUTED}">{escape(scene.title)}</text>',
    ]
    for number, text in enumerate(lines, 1):
        y = _BAR + _LINE * number
        if number > 1 and not lines[number - 2].startswith("$"):
            parts.append(f'<path d="M{_MARGIN} {y - 18}.5H{_WIDTH - _MARGIN}" stroke="#edeae3"/>')
        parts.append(_line(text, y))
    return "\n".join([*parts, "</svg>\n"])


def _line(text: str, y: int) -> str:
    """Draw one line; words that stand in columns keep their places whatever the font's width."""
    if text.startswith("$"):
        return f'<text x="{_MARGIN}" y="{y}" fill="#0b5d41" font-weight="600">{escape(text)}</text>'
    cells = list(re.finditer(r"\S+(?: \S+)*", text))
    return "".join(_cell(cell, y, last=len(cells) > 1 and cell is cells[-1]) for cell in cells)


def _cell(cell: re.Match[str], y: int, *, last: bool) -> str:
    """Draw a run of words from its first column, or to its last one when it ends a row; a state gets its chip."""
    words = cell.group()
    if not last:
        return f'<text x="{_MARGIN + cell.start() * _CHAR:.0f}" y="{y}">{escape(words)}</text>'
    x = _MARGIN + cell.end() * _CHAR
    if words not in _STATES:
        return f'<text x="{x:.0f}" y="{y}" text-anchor="end" fill="{_MUTED}">{escape(words)}</text>'
    width = len(words) * _CHAR + 20
    back, ink = ("#dff5e9", "#0b5d41") if "good" in words else ("#fbe9d0", "#7a4300")
    return (
        f'<rect x="{x - width + 10:.0f}" y="{y - 16}" width="{width:.0f}" height="22" rx="11" fill="{back}"/>'
        f'<text x="{x:.0f}" y="{y}" text-anchor="end" fill="{ink}">{words}</text>'
    )


def _play(scene: Scene, program: Path, scratch: Path) -> list[str]:
    """Run a scene's commands in a folder of its own and return what was typed and printed, wrapped."""
    folder = scratch / scene.slug
    folder.mkdir()
    scene.prepare(folder)
    environment = {"PATH": os.defpath, "XDG_CONFIG_HOME": str(folder / ".config"), "LC_ALL": "C.UTF-8"}
    lines: list[str] = []
    for command in scene.commands:
        lines.append(f"$ {scene.slug} {command}")
        done = subprocess.run(  # noqa: S603 - the program was built a moment ago
            [sys.executable, "-I", str(program), *command.split()],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        for line in done.stdout.splitlines():
            lines += [line] if len(line) <= _COLUMNS else textwrap.wrap(line, _COLUMNS)
    return lines


if __name__ == "__main__":
    for captured in capture(Path(sys.argv[1]) if len(sys.argv) > 1 else CAPTURES):
        sys.stdout.write(f"{captured} {captured.stat().st_size} bytes\n")
