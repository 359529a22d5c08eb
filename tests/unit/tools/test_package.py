"""What is built holds everything the program reads, and no file names one machine or a package index."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = (
    "src",
    "clients",
    "packages",
    "tests",
    "tools",
    "bench",
    "docs",
    "requirements",
    ".ci",
    "*.md",
    "*.toml",
    "Makefile",
)
_FOREIGN = re.compile(r"/(?:root|home/\w+|work)/|pypi\.(?:org|io)|pythonhosted\.|registry\.npmjs\.|/simple/")


def text_files() -> Iterator[Path]:
    for pattern in SOURCES:
        for found in ROOT.glob(pattern):
            yield from (path for path in (found.rglob("*") if found.is_dir() else (found,)) if path.is_file())


@pytest.mark.parametrize("folder", [".", "packages/paybox", "clients/licence"])
def test_a_wheel_holds_every_file_of_its_package(folder: str, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT / folder, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    built = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = ROOT / folder / "src"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert built == {name for name in files if "__pycache__" not in name and not name.endswith((".pyc", ".pyo"))}


def test_no_file_names_one_machine_or_a_package_index() -> None:
    found = []
    for path in text_files():
        if {"node_modules", "__pycache__"}.isdisjoint(path.parts) and path != Path(__file__):
            text = path.read_bytes().decode("utf-8", errors="ignore")
            found += [f"{path.relative_to(ROOT)}: {match}" for match in _FOREIGN.findall(text)]
    assert not found
