"""Accepted policies are only ever added, whole, and every revision can be read for ever."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy.sample import BUYER, compiled
from troth.policy.archive import REVISIONS, Archive, Rules, accept_lock
from troth.policy.diff import check_lock
from troth.policy.difference import Direction
from troth.policy.errors import LockDamaged, NoSuchRevision, PolicyChanged, Undeclared
from troth.policy.lock import LOCK_FILE, Lock, PolicySettings, hash_of, read_lock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = compiled()
SECOND = compiled(wording=PolicySettings(retention={"order": 60}, readers={"shop.buyer": ("buyer", "job")}))
THIRD = compiled(wording=PolicySettings(text={"sentence.1": "We sell."}))


class PowerCut(BaseException):
    """The machine stops here."""


def test_revisions_count_up_and_only_when_something_changed(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "policy" / "revisions")
    assert archive.current() is None
    assert archive.history() == []
    first = archive.add(FIRST, now=NOW)
    assert (first.revision, first.hash) == (1, FIRST.hash)
    assert archive.add(FIRST, now=NOW) == first
    assert archive.add(SECOND, now=NOW).revision == 2
    assert archive.add(FIRST, now=NOW).revision == 3
    assert archive.get(1) == first
    assert archive.get(2).retention("order").days == 60
    names = sorted(path.name for path in (tmp_path / "policy" / "revisions").iterdir())
    assert names == [f"0001-{FIRST.hash[:12]}.json", f"0002-{SECOND.hash[:12]}.json", f"0003-{FIRST.hash[:12]}.json"]


@given(st.lists(st.sampled_from([FIRST, SECOND, THIRD]), max_size=8))
@settings(max_examples=30, deadline=None)
def test_no_file_is_ever_changed(tmp_path_factory: pytest.TempPathFactory, locks: list[Lock]) -> None:
    folder = tmp_path_factory.mktemp("revisions")
    archive = Archive(folder)
    seen: dict[Path, bytes] = {}
    for lock in locks:
        archive.add(lock, now=NOW)
        files = {path: path.read_bytes() for path in folder.iterdir()}
        assert seen.items() <= files.items()
        seen = files
    assert [entry.revision for entry in archive.history()] == list(range(1, len(seen) + 1))


def test_the_history_is_dated_and_says_what_changed(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.add(FIRST, now=NOW)
    archive.add(SECOND, now=NOW.replace(year=2027))
    first, second = archive.history()
    assert (first.revision, first.hash, first.accepted_at) == (1, FIRST.hash, NOW)
    assert (second.revision, second.hash, second.accepted_at.year) == (2, SECOND.hash, 2027)
    assert first.difference.of(Direction.WIDENING)
    assert not second.difference.widens
    assert "order: kept 60 days instead of 1 year" in str(second.difference)


@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("earlier", [0, 1])
def test_a_power_cut_at_any_step_leaves_a_whole_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, earlier: int
) -> None:
    for lock in (FIRST,)[:earlier]:
        accept_lock(tmp_path, lock, now=NOW)
    left = step
    real_fsync, real_replace = os.fsync, os.replace

    def counted(real: Any) -> Any:
        def call(*args: Any) -> Any:
            nonlocal left
            if left == 0:
                raise PowerCut
            left -= 1
            return real(*args)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted(real_fsync))
        patch.setattr(Path, "replace", counted(real_replace))
        with pytest.raises(PowerCut):
            accept_lock(tmp_path, SECOND, now=NOW)
    archive = Archive(tmp_path / REVISIONS)
    assert [entry.hash for entry in archive.history()][:earlier] == [FIRST.hash][:earlier]
    stored = read_lock(tmp_path / LOCK_FILE)
    assert stored is None or archive.get(stored.revision) == stored
    again = accept_lock(tmp_path, SECOND, now=NOW)
    assert again.revision == earlier + 1
    assert read_lock(tmp_path / LOCK_FILE) == again == archive.current()
    assert len(archive.history()) == earlier + 1


def test_two_at_once_never_take_the_same_number(tmp_path: Path) -> None:
    locks = (FIRST, SECOND, THIRD) * 4
    start = threading.Barrier(len(locks))

    def add(lock: Lock) -> None:
        start.wait()
        Archive(tmp_path).add(lock, now=NOW)

    threads = [threading.Thread(target=add, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = Archive(tmp_path).history()
    assert [entry.revision for entry in history] == list(range(1, len(history) + 1))
    assert {entry.hash for entry in history} == {FIRST.hash, SECOND.hash, THIRD.hash}


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    Archive(tmp_path).add(FIRST, now=NOW)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text().replace("so that your key reaches you", "so that we have it"))
    with pytest.raises(LockDamaged, match="0001"):
        Archive(tmp_path).get(1)


def test_a_renamed_file_and_a_second_of_one_number_are_noticed(tmp_path: Path) -> None:
    Archive(tmp_path).add(FIRST, now=NOW)
    (path,) = tmp_path.iterdir()
    other = path.with_name("0002-" + path.name.partition("-")[2])
    other.write_bytes(path.read_bytes())
    with pytest.raises(LockDamaged, match="does not hold the policy its name says"):
        Archive(tmp_path).get(2)
    other.rename(path.with_name("0001-000000000000.json"))
    with pytest.raises(LockDamaged, match="two policies under the number 1"):
        Archive(tmp_path).current()


def test_half_a_file_is_noticed(tmp_path: Path) -> None:
    Archive(tmp_path).add(FIRST, now=NOW)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(LockDamaged, match="cannot be read"):
        Archive(tmp_path).history()


def test_a_revision_nobody_accepted_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NoSuchRevision, match="policy/revisions"):
        Archive(tmp_path).get(1)


def test_old_rows_stay_bound_to_what_they_were_collected_under(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.add(FIRST, now=NOW)
    rules = Rules(archive.add(SECOND, now=NOW), archive)
    assert (rules.revision, rules.hash) == (2, SECOND.hash)
    assert rules.may_open(1, BUYER.name, "fulfil", "maker")
    assert not rules.may_open(2, BUYER.name, "fulfil", "maker")
    assert rules.schema_id(1, BUYER.name) == rules.schema_id(2, BUYER.name) == FIRST.record(BUYER.name).schema_id
    with pytest.raises(NoSuchRevision):
        rules.may_open(3, BUYER.name, "fulfil", "maker")
    with pytest.raises(Undeclared):
        rules.schema_id(1, "nothing")


def test_a_program_runs_only_under_the_policy_it_was_accepted_with(tmp_path: Path) -> None:
    with pytest.raises(PolicyChanged, match="has not accepted a policy yet") as none_yet:
        check_lock(FIRST, read_lock(tmp_path / LOCK_FILE))
    assert "We now take e-mail address" in str(none_yet.value)
    accepted = accept_lock(tmp_path, FIRST, now=NOW)
    assert check_lock(compiled(), read_lock(tmp_path / LOCK_FILE)) == accepted
    with pytest.raises(PolicyChanged) as changed:
        check_lock(SECOND, read_lock(tmp_path / LOCK_FILE))
    assert "differs from revision 1" in str(changed.value)
    assert "narrowing: order: kept 60 days instead of 1 year" in str(changed.value)
    assert str(changed.value).endswith("accept it with: troth policy lock")
    assert not changed.value.difference.widens


def test_accepting_mends_a_damaged_lock_file(tmp_path: Path) -> None:
    accept_lock(tmp_path, FIRST, now=NOW)
    (tmp_path / LOCK_FILE).write_text("{}")
    with pytest.raises(LockDamaged, match="troth policy lock"):
        read_lock(tmp_path / LOCK_FILE)
    assert accept_lock(tmp_path, FIRST, now=NOW).revision == 1
    mended = read_lock(tmp_path / LOCK_FILE)
    assert mended is not None
    assert hash_of(mended) == FIRST.hash
