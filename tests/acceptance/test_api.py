"""The API keeps what its own document says: schemathesis makes it up and tries it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo import Demo, running_demo

pytestmark = pytest.mark.xdist_group("http")

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
OPERATIONS = 4


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a store whose maker lets programs ask more often than a test could."""
    limits = {"api": 10**6, "checkout": 10**6, "validate": 10**6}
    with running_demo(tmp_path_factory.mktemp("api") / "store", limits=limits) as running:
        yield running


def test_every_operation_answers_as_the_document_says(patient: Demo, tmp_path: Path) -> None:
    document = f"{patient.url}/api/openapi.json"
    ran = subprocess.run(
        [SCHEMATHESIS, "--no-color", "--config-file", CONFIGURATION, "run", document],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    told = ran.stdout + ran.stderr
    assert ran.returncode == 0, told
    assert f"Tested: {OPERATIONS}" in told
    # It went all the way: orders were placed, and their states asked for.
    assert "API Links:    1 covered" in told
    assert len(patient.orders()) >= 10


def test_the_log_names_no_failure_and_no_address(patient: Demo) -> None:
    """What was thrown at the store left no unexpected error, and nothing personal, in its logs."""
    logs = b"".join(file.read_bytes() for file in sorted((patient.folder / "logs").glob("*.jsonl")))
    assert b"unexpected" not in logs
    assert b"@meadow.example" not in logs
