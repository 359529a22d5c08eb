"""A template store, made once for each test process, and a world to play in."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.process import Template
from tests.faults.world import World

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """Make a folder for many short-lived stores, in memory where the system has such a place."""
    place = Path(tempfile.mkdtemp(prefix="troth-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def template(scratch: Path) -> Template:
    """Make the store that all plays start from."""
    return Template.make(scratch / "template")


@pytest.fixture
def world(template: Template, scratch: Path) -> Iterator[World]:
    """Open a world in which nothing happens unless the test says so; webhooks lie in its bag."""
    place = Path(tempfile.mkdtemp(dir=scratch))
    made = World(template, place, random.Random(0))
    yield made
    made.close()
    shutil.rmtree(place)
