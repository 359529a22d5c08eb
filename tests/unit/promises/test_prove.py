"""Runs without a twin: what is missing, what breaks, what was asked for wrongly."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from troth.cli import promises as command
from troth.policy.lock import LOCK_FILE, Lock, lock_bytes, read_lock
from troth.promises import paybox, prove
from troth.promises.evidence import Book, Proof, read_book, write_book
from troth.promises.names import PROBES
from troth.promises.planned import PLANNED
from troth.promises.prove import Run, Step
from troth.promises.twin import NotALiveStore, without_endpoints

DEFAULT = Path(__file__).parents[3] / "src" / "troth" / "policy" / "default.lock.json"
CONFIGURATION = """
[store]
name = "Sample"
base_url = "https://shop.example"
[payments.stripe]
key = "sk_live_secret"
webhook_secret = "whsec_secret"
[mail]
url = "smtps://user:password@mail.example"
from = "shop@shop.example"
[vault]
key = "/elsewhere/store.key"
"""


@pytest.fixture
def lock() -> Lock:
    found = read_lock(DEFAULT)
    assert found is not None
    return found


@pytest.fixture
def store(tmp_path: Path, lock: Lock) -> Path:
    """Return a folder with a policy and a configuration, and no more."""
    (tmp_path / LOCK_FILE).write_bytes(lock_bytes(lock))
    (tmp_path / "troth.toml").write_text(CONFIGURATION)
    return tmp_path


def test_without_paybox_nothing_is_proven_and_the_command_is_named(
    store: Path, lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paybox, "find_spec", lambda _name: None)
    told: list[Step] = []
    found = Run(store, known=Book(), tell=told.append).prove(lock.sentences)
    assert set(found) == {one.number for one in lock.sentences}
    proofs = [proof for one in found.values() for proof in one]
    assert {proof.missing for proof in proofs} == {"pip install 'troth[demo]'"}
    assert not any(proof.green for proof in proofs)
    assert told


def test_a_sentence_with_an_unknown_probe_is_left_alone(store: Path, lock: Lock) -> None:
    import msgspec  # noqa: PLC0415 - here only

    unknown = [msgspec.structs.replace(lock.sentences[0], probes=("no_such_probe",))]
    assert Run(store, known=Book(), tell=lambda _step: None).prove(unknown) == {}


def test_a_folder_without_an_accepted_policy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "troth.toml").write_text(CONFIGURATION)
    arguments = argparse.Namespace(dir=tmp_path, json=False, only=None, probe=None, note=None, tries=1)
    with pytest.raises(NotALiveStore):
        command.run(arguments)


def test_a_twin_is_shown_no_key_and_no_address_of_the_live_store() -> None:
    shown = without_endpoints(CONFIGURATION)
    assert "secret" not in shown
    assert "password" not in shown
    assert "elsewhere" not in shown
    assert 'from = "shop@shop.example"' in shown
    assert "[payments.stripe]" in shown


def test_a_probe_that_breaks_is_red_and_tells_where_but_not_with_what(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def run(self, _stage: object) -> object:
            raise KeyError("anna@example.org")

    monkeypatch.setattr(prove, "PROBES", {"broken": Broken()})
    missing, finding = prove._carry_out("broken", None)  # type: ignore[arg-type]
    assert (missing, finding.green) == ("", False)
    assert finding.faults[0].startswith("the proof itself broke: KeyError at test_prove.py:")
    assert "anna" not in finding.faults[0]


def test_every_sentence_is_listed_as_the_interface_says(store: Path, lock: Lock) -> None:
    at = datetime.now(UTC)
    proofs = {
        one.number: [Proof(name, green=True, at=at, seconds=1.0) for name in one.probes] for one in lock.sentences
    }
    rows = command.listed(lock, Book().after(proofs, policy=lock.hash, at=at))
    assert [row["number"] for row in rows] == [one.number for one in PLANNED]
    wanted = {"number", "kind", "sentence", "status", "where", "probes", "proven_at"}
    assert all(wanted <= row.keys() for row in rows)
    proven = {row["number"] for row in rows if row["status"] == "proven"}
    assert proven == {one.number for one in lock.sentences}
    assert {row["status"] for row in rows} == {"proven", "unpublished"}
    assert store.is_dir()


def test_the_makers_note_is_kept(store: Path, lock: Lock, capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime.now(UTC)
    write_book(store, Book().after({5: [Proof("ledger_verifies", False, at, 1.0)]}, policy=lock.hash, at=at))  # noqa: FBT003
    arguments = argparse.Namespace(dir=store, json=False, note=["5", "We count again."])
    assert command.run(arguments) == 0
    assert read_book(store).note(5) == "We count again."
    arguments.note = ["17", "There was no proof."]
    with pytest.raises(command.UnknownSentence):
        command.run(arguments)
    assert capsys.readouterr().out == ""


def test_the_names_of_probes_lead_to_code() -> None:
    for name, probe in PROBES.items():
        assert str(probe.words).endswith(".")
        module = __import__(f"troth.promises.probes.{probe.module}", fromlist=[probe.function])
        assert callable(getattr(module, probe.function)), name
    assert json.dumps(sorted(PROBES))
