"""A key the store confirmed stays good; an unconfirmed one has its days; a broken file is only no key."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients.licence.tests.store import DOCUMENT, Store, running_store

from troth.demo.programs.common.activation import activate, forget, show
from troth.demo.programs.common.licence import GRACE_DAYS, Keeper, Record, Standing
from troth.demo.programs.common.program import Program
from troth_licence import parse, pins

KEY = parse("402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD")
OTHER = parse("5Z7XD-K1YXZ-QNK83-NJNZ4-G64E4")
DAY = 86_400


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def program(server: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    server.good = {KEY.display}
    server.questions.clear()
    server.twist = None
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return Program("fernside-backup", "Fernside Backup", "1.0", server.base_url, pins(DOCUMENT), "a little")


def nowhere(program: Program) -> Program:
    return Program(program.slug, program.name, program.version, "http://localhost:1", program.keys, program.trial)


def aged(keeper: Keeper, **changes: object) -> None:
    record = json.loads(keeper.path.read_text())
    keeper.path.write_text(json.dumps({**record, **changes}))


def test_a_good_key_is_kept_for_its_owner_only(program: Program, server: Store) -> None:
    assert activate(program, KEY.display.lower(), yes=False) == 0
    keeper = Keeper(program)
    assert keeper.refresh() is Standing.LICENSED
    assert stat.S_IMODE(keeper.path.stat().st_mode) == 0o600
    assert [question["product"] for question in server.questions] == ["fernside-backup"]


def test_an_unknown_key_is_not_kept(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert activate(program, OTHER.display, yes=False) == 1
    assert Keeper(program).find() is None
    assert "no such key" in capsys.readouterr().out


@pytest.mark.parametrize("reply", ["y", "YES", "n", ""])
def test_a_corrected_key_is_shown_and_used_only_if_agreed_to(
    program: Program, server: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reply: str
) -> None:
    agreed = reply in {"y", "YES"}
    monkeypatch.setattr("builtins.input", lambda _: reply)
    assert activate(program, KEY.display.replace("JZ", "ZJ"), yes=False) == (0 if agreed else 1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["Characters 4 and 5 did not fit. The key is most likely", f"  {KEY.display}", "     ^^"]
    assert len(server.questions) == int(agreed)


def test_marks_point_past_the_dashes(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert activate(program, KEY.text[:6] + "UU" + KEY.text[8:], yes=True) == 0
    _, shown, marks = capsys.readouterr().out.splitlines()[:3]
    assert [shown[column] for column, mark in enumerate(marks) if mark == "^"] == list(KEY.text[6:8])


def test_without_a_key_it_asks_and_an_end_of_input_is_no_answer(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: KEY.display)
    assert activate(program, None, yes=False) == 0

    def closed(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    assert activate(program, None, yes=False) == 1
    assert "No key was entered." in capsys.readouterr().out


def test_a_store_out_of_reach_gives_grace(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert activate(nowhere(program), KEY.display, yes=False) == 0
    assert f"works in full for {GRACE_DAYS} days" in capsys.readouterr().out
    assert Keeper(program).refresh() is Standing.GRACE
    assert show(nowhere(program)) == 0
    assert "30 more days" in capsys.readouterr().out


def test_grace_ends_or_is_confirmed_by_itself(program: Program, server: Store) -> None:
    activate(nowhere(program), KEY.display, yes=False)
    keeper = Keeper(program)
    aged(keeper, asked=0)
    assert keeper.refresh() is Standing.LICENSED
    assert len(server.questions) == 1
    assert keeper.refresh() is Standing.LICENSED
    assert len(server.questions) == 1


def test_grace_counts_whole_days() -> None:
    record = Record(KEY.text, "unconfirmed", "", 1_000_000, 0)
    assert record.standing(1_000_000) is Standing.GRACE
    assert record.standing(1_000_000 + GRACE_DAYS * DAY - 1) is Standing.GRACE
    assert record.standing(1_000_000 + GRACE_DAYS * DAY) is Standing.TRIAL
    assert record.standing(999_999) is Standing.TRIAL
    assert record.days_left(1_000_000) == GRACE_DAYS
    assert record.days_left(1_000_000 + GRACE_DAYS * DAY - 1) == 1


def test_a_confirmed_key_outlives_the_store_and_any_clock_and_calls_home_no_more(
    program: Program, server: Store
) -> None:
    activate(program, KEY.display, yes=False)
    server.good.clear()
    for keeper in (Keeper(program), Keeper(nowhere(program))):
        for moment in (0, 2**40):
            aged(keeper, asked=moment, entered=moment)
            assert keeper.refresh() is Standing.LICENSED
    assert len(server.questions) == 1


def test_the_stores_signed_no_ends_the_grace(
    program: Program, server: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    activate(nowhere(program), KEY.display, yes=False)
    server.good.clear()
    aged(Keeper(program), asked=0)
    assert Keeper(program).refresh() is Standing.TRIAL
    assert show(program) == 1
    assert "trial's limits apply" in capsys.readouterr().out
    assert Keeper(program).refresh() is Standing.TRIAL
    assert len(server.questions) == 1


def test_a_false_store_is_not_believed(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    false = Program(program.slug, program.name, program.version, program.base_url, {"0" * 16: bytes(32)}, "")
    assert activate(false, KEY.display, yes=False) == 1
    assert "The key was not used." in capsys.readouterr().out
    assert Keeper(program).find() is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"key": 1}', "\x00", '{"key":"402JZ","state":"confirmed"}'])
def test_a_broken_file_is_only_no_key(program: Program, content: str) -> None:
    keeper = Keeper(program)
    keeper.path.parent.mkdir(exist_ok=True)
    keeper.path.write_text(content)
    assert keeper.refresh() is Standing.TRIAL


def test_a_key_can_be_taken_off_this_computer(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    activate(program, KEY.display, yes=False)
    assert forget(program) == 0
    assert forget(program) == 1
    assert show(program) == 1
    assert "/products/fernside-backup" in capsys.readouterr().out
