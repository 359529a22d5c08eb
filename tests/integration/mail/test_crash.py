"""The job process is killed at every point of a sending and goes on: no mail is lost, none is doubled in a sink."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.support.letters import Kept, install, make_letter
from tests.support.relay import Authority, running_relay
from tests.support.store import START, make_store
from troth import mail
from troth.adapters.smtp import make_delivery
from troth.kernel.clock import SetClock
from troth.kernel.jobs import LEASE, job
from troth.mail.records import mail as mail_table
from troth.vault import policy as vault_policy

ROOT = Path(__file__).parents[3]
PARTS = (vault_policy.POLICY, mail.POLICY)
POINTS = ("between-commits", "before-delivery", "half-written", "delivered", "settled")


def queue_one(folder: Path) -> str:
    with make_store(folder, parts=PARTS) as store:
        install(store, Kept())
        with store.database.begin() as uow:
            mail_id = mail.queue(uow, make_letter())
    assert mail_id
    return mail_id


def kill_at(folder: Path, url: str, point: str) -> None:
    """Run the job process until it kills itself at this point."""
    command = [sys.executable, "-m", "tests.integration.mail.sender_process", str(folder), url, point]
    assert subprocess.run(command, check=False, cwd=ROOT, timeout=60).returncode == -signal.SIGKILL


def run_later(folder: Path, url: str, later: timedelta) -> int:
    """Run the jobs as the next process would; return how many were due."""
    environ = {"TROTH_MAIL_URL": url}
    with make_store(folder, parts=PARTS, clock=SetClock(START + later), environ=environ) as store:
        return install(store, make_delivery(store.database.settings)).run_due()


def outcome(folder: Path) -> tuple[str, bytes | None, int]:
    with make_store(folder, parts=PARTS) as store, store.database.read() as uow:
        state, body = uow.db.execute(select(mail_table.c.state, mail_table.c.body_sealed)).one()
        return state, body, len(uow.db.execute(select(job)).all())


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_anywhere_leaves_exactly_one_file(tmp_path: Path, point: str) -> None:
    mail_id = queue_one(tmp_path)
    kill_at(tmp_path, "file:outbox", point)
    assert run_later(tmp_path, "file:outbox", timedelta(seconds=1)) == 0, "the dead process still holds the job"
    assert run_later(tmp_path, "file:outbox", LEASE) == 1
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == f"{mail_id}.eml"
    assert message_from_bytes(file.read_bytes())["Message-ID"] == f"<{mail_id}@localhost>"
    assert outcome(tmp_path) == ("sent", None, 0)


@pytest.mark.parametrize(("point", "times"), [("before-delivery", 1), ("delivered", 2), ("settled", 1)])
def test_over_smtp_only_the_one_window_repeats_a_mail_and_with_equal_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, times: int
) -> None:
    queue_one(tmp_path)
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trusted))
    with running_relay(authority.context("127.0.0.1")) as relay:
        url = f"smtp+starttls://127.0.0.1:{relay.port}"
        kill_at(tmp_path, url, point)
        assert run_later(tmp_path, url, LEASE) == 1
    assert len(relay.received) == times
    assert len({one.content for one in relay.received}) == 1
    assert outcome(tmp_path) == ("sent", None, 0)
