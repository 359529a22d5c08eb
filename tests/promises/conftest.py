"""One example store for the tests of the proofs; they only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutants import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return a scratch folder with an example store, made by the program as it is."""
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def store(bench: Bench) -> Path:
    """Return the example store's folder."""
    return bench.store
