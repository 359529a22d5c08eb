"""The locks hold what the distributions declare, with hashes for the platforms named, and no address."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "requirements"
LOCKS = ("run.txt", "dev.txt")
_PINNED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def plain(requirement: str) -> str:
    found = _NAME.match(requirement)
    assert found, requirement
    return found.group().lower().replace("_", "-").replace(".", "-")


def pinned(lock: str) -> dict[str, str]:
    return dict(_PINNED.findall((REQUIREMENTS / lock).read_text(encoding="utf-8")))


def asked(name: str) -> set[str]:
    lines = (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    return {plain(line) for line in lines if line and not line.startswith(("#", "-"))}


def declared(folder: Path) -> set[str]:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {plain(requirement) for requirement in project.get("dependencies", [])}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (REQUIREMENTS / lock).read_text(encoding="utf-8")
    assert not re.findall(r"https?:|--(?:extra-)?index|--find-links|file:", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pinned_package_has_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z])", (REQUIREMENTS / lock).read_text(encoding="utf-8").strip())
    assert len(entries) == len(pinned(lock))
    assert not [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_compiled_packages_are_locked_for_more_than_one_platform() -> None:
    """A wheel each for Linux and macOS, two processors and several Pythons is far more than two files."""
    text = (REQUIREMENTS / "run.txt").read_text(encoding="utf-8")
    for name in ("msgspec", "cryptography", "uvloop", "httptools", "obstore", "sqlalchemy", "psycopg-binary"):
        entry = re.search(rf"^{name}==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert entry, name
        assert entry.group().count("--hash=") > 8, name


def test_run_holds_what_the_distributions_declare() -> None:
    needed = declared(ROOT) | declared(ROOT / "packages/paybox") | declared(ROOT / "clients/licence") | asked("run.in")
    assert needed <= set(pinned("run.txt"))


def test_dev_is_run_at_the_same_versions_and_what_checks_need() -> None:
    run, dev = pinned("run.txt"), pinned("dev.txt")
    assert run.items() <= dev.items()
    assert asked("dev.in") <= set(dev)


def test_every_dependency_has_its_line_in_the_decision_and_no_other_has() -> None:
    page = (ROOT / "docs/decisions/0007-dependencies.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([a-z0-9-]+) \|", page, re.MULTILINE)) - {"package"}
    assert named == declared(ROOT) | asked("run.in") | asked("dev.in")


def test_the_judges_from_npm_are_locked_without_addresses() -> None:
    judges = ROOT / "tests/judges"
    lock = json.loads((judges / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in packages.values())
    wanted = json.loads((judges / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
