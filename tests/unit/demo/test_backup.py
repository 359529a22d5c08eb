"""What was backed up comes back byte for byte, and what is damaged is named."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from troth.demo.programs.backup.copying import TRIAL_FILES, back_up, was_made_today
from troth.demo.programs.backup.restoring import restore, verify
from troth.demo.programs.backup.store import PIECE, Entry, Snapshot, Store
from troth.demo.programs.common.words import Problem


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "photos" / "empty").mkdir(parents=True)
    (folder / "photos" / "a.jpg").write_bytes(os.urandom(5000))
    (folder / "photos" / "copy of a.jpg").write_bytes((folder / "photos" / "a.jpg").read_bytes())
    (folder / "large").write_bytes(os.urandom(1000) * (PIECE // 500))
    (folder / "nothing").touch()
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / "link").symlink_to("photos/a.jpg")
    (folder / os.fsdecode(b"not \xff utf-8")).write_text("x")
    os.utime(folder / "run.sh", ns=(1, 1_600_000_000_123_456_789))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            content: object = str(path.readlink())
        elif path.is_file():
            content = (path.read_bytes(), status.st_mtime_ns)
        else:
            content = "folder"
        found[path.relative_to(folder).as_posix()] = (stat.S_IMODE(status.st_mode), content)
    return found


def test_it_comes_back_as_it_was(source: Path, store: Store, tmp_path: Path) -> None:
    back_up(source, store, licensed=True)
    snapshot = store.find_last()
    assert snapshot is not None
    restored = restore(store, snapshot, tmp_path / "target")
    assert tree(tmp_path / "target") == tree(source)
    assert (restored.files, restored.lost) == (6, ())


def test_only_what_changed_is_copied(source: Path, store: Store) -> None:
    first = back_up(source, store, licensed=True)
    assert first.snapshot.changed == 6
    again = back_up(source, store, licensed=True)
    assert (again.snapshot.changed, again.snapshot.copied, again.new_pieces) == (0, 0, [])
    assert "nothing changed, 6 files are safe" in again.sentence()
    (source / "photos" / "a.jpg").write_bytes(b"new")
    third = back_up(source, store, licensed=True)
    assert (third.snapshot.changed, third.snapshot.copied) == (1, 3)
    assert "1 file changed, 3 bytes copied" in third.sentence()
    assert "read back, all good." in third.sentence()
    assert len(store.names()) == 3


def test_equal_content_is_kept_once(source: Path, store: Store) -> None:
    outcome = back_up(source, store, licensed=True)
    assert outcome.snapshot.copied < outcome.snapshot.size - 4999


def test_an_older_back_up_is_still_whole_after_a_newer_one(source: Path, store: Store, tmp_path: Path) -> None:
    before = tree(source)
    back_up(source, store, licensed=True)
    (source / "run.sh").write_text("changed")
    (source / "nothing").unlink()
    back_up(source, store, licensed=True)
    restore(store, store.load(store.names()[0]), tmp_path / "target")
    assert tree(tmp_path / "target") == before


def test_damage_is_found_named_and_mended_by_the_next_back_up(source: Path, store: Store, tmp_path: Path) -> None:
    back_up(source, store, licensed=True)
    snapshot = store.find_last()
    assert snapshot is not None
    piece = next(entry.pieces[0] for entry in snapshot.entries if entry.path == "run.sh")
    path = store.root / "objects" / piece[:2] / piece[2:]
    path.write_bytes(b"rotten")
    restored = restore(store, snapshot, tmp_path / "target")
    assert restored.lost == ("run.sh",)
    assert not (tmp_path / "target" / "run.sh").exists()
    _, _, wrong = verify(store)
    assert list(wrong.values()) == [["run.sh"]]
    back_up(source, store, licensed=True)
    assert verify(store)[2] == {}


def test_a_damaged_list_is_noticed_and_older_ones_still_serve(source: Path, store: Store) -> None:
    back_up(source, store, licensed=True)
    (source / "more").touch()
    back_up(source, store, licensed=True)
    older, newer = store.names()
    path = store.root / "snapshots" / f"{newer}.json"
    path.write_bytes(path.read_bytes().replace(b"more", b"less"))
    with pytest.raises(Problem, match="damaged"):
        store.load(newer)
    last = store.find_last()
    assert last is not None
    assert last.name == older
    assert len(verify(store)[2]) == 1


def test_what_cannot_be_read_is_named(source: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # A file that grows at each look can never be copied as it was; root may read anything, so a mode would not do.
    growing = source / "growing"
    growing.write_text("x")
    plain = Path.open

    def grow(path: Path, mode: str = "r") -> object:
        if path == growing:
            with plain(path, "ab") as file:
                file.write(b"x")
        return plain(path, mode)

    monkeypatch.setattr(Path, "open", grow)
    outcome = back_up(source, store, licensed=True)
    assert outcome.unread == []  # the second try found it still
    monkeypatch.setattr(Path, "lstat", lambda path: plain_lstat(path, growing))
    outcome = back_up(source, store, licensed=True)
    assert outcome.unread == ["growing"]
    assert outcome.sentence().endswith("1 file could not be read.")


plain_stat = os.lstat


def plain_lstat(path: Path, growing: Path) -> os.stat_result:
    if path == growing:
        with open(path, "ab") as file:  # noqa: PTH123 - Path.open grows it as well
            file.write(b"y")
    return plain_stat(path)


def test_the_trial_has_its_limit_and_copies_nothing_beyond(tmp_path: Path, store: Store) -> None:
    source = tmp_path / "many"
    source.mkdir()
    for number in range(TRIAL_FILES + 1):
        (source / str(number)).touch()
    with pytest.raises(Problem, match="1,001"):
        back_up(source, store, licensed=False)
    assert not store.root.exists()
    back_up(source, store, licensed=True)


def test_places_that_make_no_sense_are_refused(source: Path, store: Store, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="not a folder"):
        back_up(source / "run.sh", store, licensed=True)
    with pytest.raises(Problem, match="not empty"):
        back_up(source, Store(source / "photos"), licensed=True)
    back_up(source, store, licensed=True)
    with pytest.raises(Problem, match="inside the back-ups"):
        back_up(store.root / "objects", store, licensed=True)
    with pytest.raises(Problem, match="not an empty folder"):
        restore(store, store.load(store.names()[0]), source)
    with pytest.raises(Problem, match="There are no back-ups"):
        Store(tmp_path).check()
    with pytest.raises(Problem, match="no back-up called"):
        store.load("20260101T000000Z-0000000000000000")
    (store.root / "fernside-backup.json").write_text('{"format": 2}')
    with pytest.raises(Problem, match="newer version"):
        store.check()


def test_back_ups_inside_the_folder_are_left_out(source: Path) -> None:
    inside = Store(source / "store")
    back_up(source, inside, licensed=True)
    outcome = back_up(source, inside, licensed=True)
    assert outcome.snapshot.changed == 0
    assert not any(entry.path.startswith("store") for entry in outcome.snapshot.entries)


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", "", "a\0b"])
def test_a_list_that_leads_outside_is_refused(store: Store, tmp_path: Path, path: str) -> None:
    snapshot = Snapshot("s", 0, 0, 0, 0, (Entry(path, "file"),))
    with pytest.raises(Problem, match="outside"):
        restore(store, snapshot, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_daily_knows_todays_back_up(source: Path, store: Store) -> None:
    assert not was_made_today(source, store)
    back_up(source, store, licensed=True)
    assert was_made_today(source, store)
    yesterday = Snapshot(str(source.resolve()), time.time() - 90_000, 0, 0, 0, ())
    for name in store.names():
        (store.root / "snapshots" / f"{name}.json").unlink()
    store.place(yesterday)
    assert not was_made_today(source, store)


def test_the_files_can_be_put_together_without_the_program(source: Path, store: Store) -> None:
    back_up(source, store, licensed=True)
    assert "Join the pieces" in (store.root / "READ ME.txt").read_text()
    (listed,) = (store.root / "snapshots").iterdir()
    entries = {entry["path"]: entry["pieces"] for entry in json.loads(listed.read_text())["entries"]}
    joined = b"".join((store.root / "objects" / name[:2] / name[2:]).read_bytes() for name in entries["large"])
    assert joined == (source / "large").read_bytes()
