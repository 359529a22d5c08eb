"""The proofs are checked by deliberate faults; `make mutants` tries all of them, this a single one."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.promises.files import checksums
from tools.mutants import MUTANTS as FOLDER
from tools.mutants import ROOT, Bench, Mutant, read_all
from tools.patches import apply
from troth.promises.names import MUTANTS, PROBES

ALL = read_all()


def test_each_proven_sentence_has_at_least_two_and_the_page_says_how_many() -> None:
    counted = Counter(one.sentence for one in ALL)
    assert dict(counted) == dict(MUTANTS)
    assert min(counted.values()) >= 2
    assert len(list(FOLDER.glob("*"))) == len(ALL)


def test_every_probe_has_a_fault_that_it_must_notice() -> None:
    assert {one.probe for one in ALL} == PROBES.keys()


@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_it_still_applies_and_is_still_python(mutant: Mutant, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for path in apply(mutant.patch, tmp_path):
        if path.suffix == ".py":
            compile(path.read_text(encoding="utf-8"), str(path), "exec")


@pytest.mark.xdist_group("twin")
def test_one_of_them_turns_its_proof_red(bench: Bench) -> None:
    (mutant,) = read_all(["stamp-other-hash"])
    before = checksums(bench.store)
    assert bench.prove(ROOT / "src", [mutant.probe])[mutant.probe]["green"], "the proof is red on the source as it is"
    verdict = bench.judge(mutant)
    assert verdict.killed, verdict.why
    assert "receipt" in verdict.why
    assert checksums(bench.store) == before, "single proofs keep nothing"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no mutant"):
        read_all(["no-such-mutant"])
