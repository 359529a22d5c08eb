from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from troth.web import logs
from troth.web.access import AccessLog

KEY = "7K3M9-QXR2D-HV5TB-8NWYC-4GJZP"


@contextmanager
def logging_to(folder: Path) -> Iterator[Path]:
    """Send this process's log to a folder, and put everything back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    file = logs.configure(folder)
    try:
        yield folder
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.raiseExceptions = True
        file.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with logging_to(tmp_path / "logs") as folder:
        yield folder


def fail(message: str) -> None:
    raise KeyError(message)


def written(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def test_only_known_keys_are_written(folder: Path) -> None:
    logging.getLogger("troth.shop").info(
        "order %s", "placed", extra={"route": "checkout", "status": 201, "email": "a@b.example", "path": "/orders/x"}
    )
    (line,) = written(folder)
    assert (line["text"], line["route"], line["status"], line["level"]) == ("order placed", "checkout", 201, "info")
    assert not {"email", "path"} & line.keys()


@pytest.mark.parametrize(
    "said",
    [
        "buyer is ada.lovelace+x@sub.example.org!",
        "from 203.0.113.7:5050",
        "from 2001:db8::7",
        "from ::1",
        f"key {KEY}",
        f"key {KEY.lower()}",
        "token Zx8-_kQ3vN1mLp0aTr5wYu was used",
        "key sk_test_51HxSecretSecret and whsec_9ab8",
    ],
)
def test_what_looks_personal_or_secret_is_replaced_and_counted(folder: Path, said: str) -> None:
    before = logs.scrub.count
    logging.getLogger("troth.x").warning(said, extra={"kind": said})
    (line,) = written(folder)
    for word in ("lovelace", "203.0", "db8", "::1", "7K3M9", "7k3m9", "kQ3vN1", "51Hx", "9ab8"):
        assert word not in json.dumps(line)
    assert logs.scrub.count >= before + 2


def test_what_names_nobody_stays(folder: Path) -> None:
    said = "job 0123456789abcdef0123456789abcdef of revision 12 took 3.5 s at 12:30:05, 19.0 of 46.41"
    logging.getLogger("troth.x").info(said)
    assert written(folder)[0]["text"] == said


def test_an_exception_is_logged_by_type_and_place_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(tmp_path / "logs") as folder:
        try:
            fail("secret of Ada")
        except KeyError:
            logging.getLogger("troth.x").exception("failed")
            logging.getLogger("other").exception("failed for %s", "secret of Ada")
        ours, others = written(folder)
    assert ours["failure"] == "KeyError"
    assert str(ours["place"]).startswith("web/test_logs.py:")
    assert others["text"] == "failed for %s"
    assert "Ada" not in json.dumps([ours, others])
    assert "Ada" not in capsys.readouterr().err


def test_information_goes_to_the_file_and_warnings_to_the_terminal_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to(tmp_path / "logs") as folder:
        logging.getLogger("troth.x").info("quiet")
        logging.getLogger("troth.x").warning("loud")
        logging.getLogger("uvicorn.error").info("chatter")
    assert [line["text"] for line in written(folder)] == ["quiet", "loud"]
    assert [json.loads(line)["text"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_a_new_day_begins_a_file_and_old_days_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    logger = logging.getLogger("troth.x")
    logger.info("today")
    (folder / "notes.txt").write_text("kept")
    for day in range(1, 40):
        monkeypatch.setattr(time, "time", lambda day=day: now + day * 86_400)
        logger.info("later")
    days = sorted(path.stem for path in folder.glob("*.jsonl"))
    last = datetime.fromtimestamp(now, UTC).date() + timedelta(days=39)
    assert days == [(last - timedelta(days=back)).isoformat() for back in range(30, -1, -1)]
    assert (folder / "notes.txt").exists()
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.jsonl")} == {0o600}


def test_a_full_disk_stops_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    logging.getLogger("troth.x").info("before")
    monkeypatch.setattr(os, "write", full)
    logging.getLogger("troth.x").info("lost")
    monkeypatch.undo()
    logging.getLogger("troth.x").info("after")
    assert [line["text"] for line in written(folder)] == ["before", "after"]


def test_the_access_log_knows_a_routes_name_and_no_more() -> None:
    sent: list[bytes] = []
    log = AccessLog()
    log.note("GET", "home", 200, 0.0)
    log.flush()
    log.sink = sent.append
    log._entries = [("GET", "order", 200, 0.0123), ('X"\n', "none", 405, 0.0)]
    log.flush()
    log.flush()
    first, second = (json.loads(line) for line in b"".join(sent).splitlines())
    assert {key: first[key] for key in first if key != "at"} == {
        "from": "troth.access",
        "method": "GET",
        "route": "order",
        "status": 200,
        "ms": 12.3,
    }
    assert second["method"] == "other"
