"""A built program is the same bytes each time, holds only what it needs, and trusts the store it was built for."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from importlib import util
from pathlib import Path

import pytest
from clients.licence.tests.store import DOCUMENT

from troth.demo import build
from troth.demo.build import SdkMissing, build_programs

BASE_URL = "https://shop.example"


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    first = build_programs(tmp_path / "a", base_url=BASE_URL, public_keys=DOCUMENT)
    second = build_programs(tmp_path / "b", base_url=f"{BASE_URL}/", public_keys=DOCUMENT)
    assert [program.slug for program in first] == ["fernside-backup", "fernside-recover", "fernside-diskhealth"]
    assert [program.sha256 for program in first] == [program.sha256 for program in second]
    for program in first:
        content = program.path.read_bytes()
        assert program.size == len(content) < 150_000
        assert program.sha256 == hashlib.sha256(content).hexdigest()
        assert program.path.stat().st_mode & 0o777 == 0o755


def test_it_holds_the_program_the_sdk_and_the_stores_keys_only(tmp_path: Path) -> None:
    for program in build_programs(tmp_path, base_url=BASE_URL, public_keys=DOCUMENT):
        content = program.path.read_bytes()
        assert content.startswith(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            settings = json.loads(archive.read("troth/demo/programs/common/build.json"))
            assert archive.testzip() is None
        assert names == sorted(names)
        own = {recipe.slug: recipe.package for recipe in build.RECIPES}[program.slug]
        packages = {
            name.split("/")[3] for name in names if name.startswith("troth/demo/programs/") and name.count("/") > 3
        }
        assert packages == {"common", own}
        assert {name.split("/")[0] for name in names} == {"__main__.py", "troth", "troth_licence"}
        assert settings == {"base_url": BASE_URL, "keys": json.loads(DOCUMENT), "version": program.version}


def test_it_imports_the_standard_library_and_itself_only(tmp_path: Path) -> None:
    for program in build_programs(tmp_path, base_url=BASE_URL, public_keys=DOCUMENT):
        with zipfile.ZipFile(program.path) as archive:
            for name in archive.namelist():
                if name.endswith(".py"):
                    assert imported(archive.read(name).decode()) <= sys.stdlib_module_names | {"troth", "troth_licence"}


def imported(source: str) -> set[str]:
    lines = [line.split() for line in source.splitlines()]
    return {words[1].split(".")[0] for words in lines if len(words) > 1 and words[0] in {"import", "from"}}


def test_without_the_sdk_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    with pytest.raises(SdkMissing, match="troth-licence"):
        build_programs(tmp_path, base_url=BASE_URL, public_keys=DOCUMENT)
