"""`troth promises` as a maker runs it: every sentence of this program proven on a twin of the example store."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.promises.files import checksums
from tools.mutants import Bench
from troth.promises.evidence import read_book
from troth.promises.names import PROBES
from troth.promises.program import Instance, Program, free_port, installed
from troth.promises.stage import Stage
from troth.promises.twin import running_twin

pytestmark = pytest.mark.xdist_group("twin")
BUILT = {1, 2, 3, 5, 8, 28}


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory, bench: Bench) -> tuple[Path, list[dict[str, Any]]]:
    """Return a store after a whole run, and what the command printed."""
    folder = tmp_path_factory.mktemp("proven") / "store"
    shutil.copytree(bench.store, folder)
    command = [sys.executable, "-m", "troth.cli", "promises", "--dir", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, json.loads(done.stdout)


def test_every_built_sentence_is_proven_and_all_others_are_unpublished(
    proven: tuple[Path, list[dict[str, Any]]],
) -> None:
    _, rows = proven
    assert [row["number"] for row in rows] == list(range(1, 30))
    by_status = {
        status: {row["number"] for row in rows if row["status"] == status} for status in ("proven", "unpublished")
    }
    assert by_status["proven"] == BUILT
    assert by_status["unpublished"] == set(range(1, 30)) - BUILT
    for row in rows:
        assert row["kind"] in {"discloses", "promises"}
        assert row["where"] == "twin"
        assert (row["proven_at"] is not None) == (row["number"] in BUILT)
        assert set(row["probes"]) <= PROBES.keys()


def test_the_evidence_holds_counts_and_checksums_only(proven: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = proven
    book = read_book(folder)
    proofs = [proof for record in book.sentences.values() for proof in record.proofs]
    assert {proof.probe for proof in proofs} == PROBES.keys()
    assert all(proof.green and proof.tries == 1 and proof.counts for proof in proofs)
    for proof in proofs:
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in proof.digests.values())
    searched = next(proof for proof in proofs if proof.probe == "address_unreadable").counts
    assert searched["finds"] == 0
    assert searched["files searched"] >= 10
    assert searched["people sent through"] >= 7
    text = (folder / "promises.json").read_text()
    assert not re.search(r"@|\.example|[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}|troth_session", text)


def test_the_pages_show_what_was_found(proven: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    folder, rows = proven
    port = free_port()
    environ = {"TROTH_STORE_BASE_URL": f"http://localhost:{port}"}
    live = Instance(Program(installed(), environ), folder, port, errors=tmp_path / "stderr")
    live.start(workers=1)
    try:
        promises, privacy = live.visitor("reader").get("/promises"), live.visitor("reader").get("/privacy")
    finally:
        live.stop()
    assert promises.status == privacy.status == 200
    shown = " ".join(promises.page.text.split())
    for row in rows:
        assert (row["sentence"] in shown) == (row["number"] in BUILT)
    assert "6 proven" in shown
    assert "23 not published yet" in shown
    assert "on its twin" in shown
    lock = json.loads((folder / "policy.lock.json").read_bytes())
    assert lock["hash"] in privacy.text
    assert "set-cookie" not in {name.lower() for name, _ in (*promises.headers, *privacy.headers)}


def test_a_twin_has_its_own_clock_and_leaves_neither_a_trace_nor_a_process(store: Path) -> None:
    before = checksums(store)
    with running_twin(store, workers=1) as twin:
        scratch, stage = twin.scratch, Stage(twin)
        assert twin.lock.hash == twin.accepted.hash
        assert twin.key_file.read_bytes() != (store / "keys" / "store.key").read_bytes()
        first = stage.bought("C1")
        twin.advance(timedelta(days=40))
        second = stage.state(stage.bought("A1").token)
        placed = [stage.state(first.token)["placed_at"], second["placed_at"]]
        assert (_day(placed[1]) - _day(placed[0])).days == 40
        processes = _processes(str(scratch))
        assert len(processes) == 3, processes
    assert not scratch.exists()
    assert _processes(str(scratch)) == []
    assert checksums(store) == before


def _day(instant: str) -> date:
    return datetime.fromisoformat(instant).date()


def _processes(scratch: str) -> list[str]:
    """Return the processes that name a folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if entry.name.isdigit() and scratch in line:
            found.append(line)
    return found
