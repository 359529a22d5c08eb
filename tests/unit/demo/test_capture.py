"""The screenshots in the store are what the programs print today, small, and readable to a screen reader."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from troth.demo.capture import CAPTURES, SCENES, Scene, capture, draw

SVG = "{http://www.w3.org/2000/svg}"
# Amounts, times and the disk of the machine differ from run to run; words and rows do not.
AMOUNT = re.compile(r"(?:less than )?[0-9][0-9.,:]*(?: (?:bytes?|kB|MB|GB|TB|s|ms|min|h)\b)?%?")
OF_ONE_MACHINE = ("Disk", "File system", "Since start", "Device errors", "Temperature", "Wear", "RAID", "File entries")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captures")
    capture(folder)
    return folder


def rows(path: Path) -> list[str]:
    """Return the window's lines, with amounts masked and without what only this machine shows."""
    lines: dict[str, list[str]] = {}
    for text in ET.parse(path).getroot().iter(f"{SVG}text"):  # noqa: S314 - written by ourselves
        lines.setdefault(text.attrib["y"], []).append(text.text or "")
    whole = ["  ".join(cells) for cells in lines.values()]
    return [AMOUNT.sub("#", line) for line in whole if not line.startswith(OF_ONE_MACHINE)]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.slug)
def test_the_shipped_capture_says_what_the_program_says_today(taken: Path, scene: Scene) -> None:
    name = f"{scene.slug}.svg"
    # A longer amount may wrap a sentence into a second row, so words are compared and not rows.
    assert " ".join(rows(CAPTURES / name)).split() == " ".join(rows(taken / name)).split()
    assert len(rows(CAPTURES / name)) >= 4


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.slug)
def test_a_capture_is_small_accessible_and_harmless(scene: Scene) -> None:
    path = CAPTURES / f"{scene.slug}.svg"
    assert path.stat().st_size <= 6_000
    root = ET.parse(path).getroot()  # noqa: S314
    assert root.attrib["role"] == "img"
    named = {element.attrib["id"]: element.text for element in root if "id" in element.attrib}
    assert [named[name] for name in root.attrib["aria-labelledby"].split()] == [scene.title, scene.description]
    assert {element.tag.removeprefix(SVG) for element in root} <= {"title", "desc", "rect", "path", "text"}
    assert not any(name in path.read_text() for name in ("href", "style", "script", "url("))


def test_what_a_program_prints_is_escaped() -> None:
    drawn = draw(SCENES[0], ["$ <&>", "a  <b>"])
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
