"""`troth policy` says whether the store runs under the program's policy, and accepts it only when told to."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policy.sample import PARTS, compiled
from troth.cli import policy
from troth.policy.archive import REVISIONS, Archive
from troth.policy.language import PartPolicy, Purpose
from troth.policy.lock import LOCK_FILE, Lock, PolicySettings, read_lock

FIRST = compiled()
SECOND = compiled(wording=PolicySettings(retention={"order": 30}))
Told = tuple[int, str, str]


@pytest.fixture
def troth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    def call(*arguments: str, compiles_to: Lock = FIRST) -> Told:
        parser = argparse.ArgumentParser()
        policy.add_arguments(parser)
        args = parser.parse_args([*arguments, "--dir", str(tmp_path)])
        code = policy.run(args, compiled_for=lambda folder: compiles_to if folder == tmp_path else FIRST)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_store_accepts_and_then_runs_under_it(troth: Callable[..., Told], tmp_path: Path) -> None:
    code, out, _ = troth("check")
    assert code == 1
    assert out.endswith("Accept it with: troth policy lock\n")
    code, out, _ = troth("lock")
    assert (code, out) == (0, f"Revision 1 is in force ({FIRST.hash}).\n")
    assert troth("check") == (0, "The policy compiles, and it is the one this store accepted.\n", "")
    assert troth("diff") == (0, "Nothing would change.\n", "")
    stored = read_lock(tmp_path / LOCK_FILE)
    assert stored == Archive(tmp_path / REVISIONS).current()


def test_a_change_is_shown_before_and_after_it_is_accepted(troth: Callable[..., Told]) -> None:
    troth("lock")
    changed = "  narrowing: order: kept 30 days instead of 1 year\n"
    code, out, _ = troth("diff", compiles_to=SECOND)
    assert code == 1
    assert out.startswith(changed)
    assert troth("check", compiles_to=SECOND)[0] == 1
    assert troth("check")[0] == 0
    code, out, _ = troth("lock", compiles_to=SECOND)
    assert code == 0
    assert out.startswith(f"Revision 2 is in force ({SECOND.hash}).\n{changed}")
    assert troth("check")[0] == 1


def test_accepting_twice_is_accepting_once(troth: Callable[..., Told], tmp_path: Path) -> None:
    assert troth("lock") == troth("lock")
    assert len(Archive(tmp_path / REVISIONS).history()) == 1


def test_the_policy_is_shown_as_people_read_it(troth: Callable[..., Told]) -> None:
    code, out, err = troth("show")
    assert (code, out) == (1, "")
    assert err == "This store has not accepted a policy yet; `troth policy lock` does so.\n"
    troth("lock")
    code, out, _ = troth("show")
    assert code == 0
    for heading in ("# What we collect, and why", "## Files you upload", "# Who sees it", "# Your rights", "# History"):
        assert f"\n{heading}\n" in out
    assert "- We ask you for: e-mail address.\n" in out


def test_everything_is_told_in_json_too(troth: Callable[..., Told]) -> None:
    def said(*arguments: str, compiles_to: Lock = FIRST) -> tuple[int, Any]:
        code, out, _ = troth(*arguments, "--json", compiles_to=compiles_to)
        return code, json.loads(out)

    code, told = said("show")
    assert (code, told["problems"][0]["kind"]) == (1, "NothingAccepted")
    assert said("lock")[1]["hash"] == FIRST.hash
    assert said("check") == (0, {"accepted": True, "changes": []})
    assert said("show")[1]["hash"] == FIRST.hash
    code, told = said("check", compiles_to=SECOND)
    assert (code, told["accepted"]) == (1, False)
    assert told["changes"][0] == {
        "direction": "narrowing",
        "path": ["retentions", "order", "days"],
        "said": "order: kept 30 days instead of 1 year",
    }
    assert said("diff", compiles_to=SECOND) == (1, told["changes"])


@pytest.mark.parametrize("as_json", [False, True])
def test_what_does_not_compile_says_what_to_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    def broken(_folder: Path) -> Lock:
        spare = PartPolicy("spare", purposes=(Purpose("idle", FIRST.purposes["fulfil"].basis, ""),))
        return compiled(*PARTS, spare)

    for action in ("check", "lock", "diff"):
        args = argparse.Namespace(action=action, dir=tmp_path, json=as_json)
        assert policy.run(args, compiled_for=broken) == 1
        told = capsys.readouterr()
        if as_json:
            problems = json.loads(told.out)["problems"]
            assert [(one["kind"], one["part"], one["thing"]) for one in problems] == [
                ("Incomplete", "spare", "purpose idle"),
                ("Contradiction", "spare", "purpose idle"),
            ]
        else:
            assert "spare: purpose idle has no text. Write text=" in told.err
    assert list(tmp_path.iterdir()) == []


def test_without_an_action_it_is_wrongly_used(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    with pytest.raises(SystemExit) as left:
        parser.parse_args([])
    assert left.value.code == 2
    assert "check|lock|show|diff" in capsys.readouterr().err
