"""Real processes: the parent, its workers, its job process, and what happens to each of them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.web.store import make_settings
from troth.web.serving import PortTaken, bind

HOST = {"host": "localhost:8000"}
JOB = """
import signal, sys, time
from pathlib import Path
from troth.web import lifeline
from troth.web.heartbeat import Heartbeat
lifeline.hold()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
started = Path(sys.argv[1])
with started.open("a") as file:
    file.write("job ")
for _ in range(600):
    Heartbeat(started.parent).beat()
    time.sleep(1)
"""


@dataclass
class Served:
    """A running store."""

    parent: subprocess.Popen[str]
    port: int
    folder: Path

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children")
        return [int(one) for one in tasks.read_text().split()]

    def workers(self) -> list[int]:
        return [pid for pid in self.children() if b"troth.web.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def get(self, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection(host, self.port, timeout=20)) as connection:
            connection.request("GET", path, headers=HOST)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def raw(self, sent: bytes, *, pause: float = 0.0, seconds: float = 20.0) -> bytes:
        """Send bytes (one by one with a pause) and return all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            for piece in [sent] if not pause else [sent[at : at + 1] for at in range(len(sent))]:
                try:
                    connection.sendall(piece)
                except (BrokenPipeError, ConnectionResetError):
                    break
                time.sleep(pause)
            found = b""
            try:
                while piece := connection.recv(65_536):
                    found += piece
            except ConnectionResetError:
                pass
            return found


def eventually(is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@contextmanager
def serving(folder: Path, *, workers: int = 2, jobs: bool = False) -> Iterator[Served]:
    make_settings(folder)
    command = [sys.executable, "-m", "tests.integration.web.parent", str(folder), str(workers)]
    command += [sys.executable, "-c", JOB, str(folder / "job")] if jobs else []
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    children: list[int] = []
    try:
        assert parent.stdout is not None
        line = parent.stdout.readline()
        assert line.startswith("ready "), line
        served = Served(parent, int(line.split()[1]), folder)
        assert eventually(lambda: len(served.children()) == workers + jobs)
        children = served.children()
        yield served
    finally:
        parent.terminate()
        parent.wait(30)
        if parent.stdout is not None:
            parent.stdout.close()
        assert eventually(lambda: all(gone(pid) for pid in children)), "a child was left behind"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("store"), jobs=True) as running:
        yield running


def test_it_answers_on_both_loopbacks(served: Served) -> None:
    assert served.get("/healthz")[0] == 200
    assert served.get("/page", "::1")[0] == 200
    status, body = served.get("/readyz")
    assert (status, json.loads(body)["jobs"]) == (200, "ok")


def test_a_worker_stays_small(served: Served) -> None:
    served.get("/nothing")
    for pid in served.workers():
        (resident,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line]
        assert int(resident.split()[1]) < 120 * 1024


def test_limits_count_across_workers(served: Served) -> None:
    assert eventually(lambda: len(served.workers()) == 2)
    answers = [served.get("/limited")[0] for _ in range(12)]
    assert answers.count(200) == 3
    assert answers.count(429) == 9


def test_a_second_server_of_the_same_store_is_refused(served: Served) -> None:
    command = [sys.executable, "-m", "tests.integration.web.parent", str(served.folder), "1"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, second.stdout) == (3, "This store is being served already. Nothing was started.\n")


def test_a_port_that_is_taken_is_named(served: Served) -> None:
    with pytest.raises(PortTaken, match=f"127.0.0.1 port {served.port}"):
        bind([("127.0.0.1", served.port)])


# -- slow and large ---------------------------------------------------------------------------------------------------


def test_a_large_body_is_refused_before_it_is_read(served: Served) -> None:
    head = b"POST /api/v1/wishes HTTP/1.1\r\nhost: localhost:8000\r\ncontent-type: application/json\r\n"
    answer = served.raw(head + b"content-length: 99999999\r\n\r\n" + b" " * 1000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    chunked = served.raw(
        head + b"transfer-encoding: chunked\r\n\r\n" + b"8000\r\n" + b" " * 0x8000 + b"\r\n5\r\nabcde\r\n"
    )
    assert chunked.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in chunked


def test_a_slow_body_is_given_up(served: Served) -> None:
    head = b"POST /api/v1/wishes HTTP/1.1\r\nhost: localhost:8000\r\ncontent-type: application/json\r\n"
    begun = time.monotonic()
    answer = served.raw(head + b"content-length: 20\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 15


def test_a_large_head_is_refused(served: Served) -> None:
    answer = served.raw(b"GET / HTTP/1.1\r\nhost: localhost:8000\r\nx: " + b"a" * 1_000_000)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    assert served.get("/healthz")[0] == 200


def test_a_connection_that_says_nothing_or_drips_is_closed(served: Served) -> None:
    begun = time.monotonic()
    assert served.raw(b"", seconds=40) == b""
    silent = time.monotonic() - begun
    assert served.raw(b"GET / HTTP/1.1\r\nhost: " + b"a" * 200, pause=0.1, seconds=40) == b""
    dripping = time.monotonic() - begun - silent
    assert 9 < silent < 25
    assert 9 < dripping < 40


def test_garbage_is_answered_with_400(served: Served) -> None:
    assert served.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


# -- ends ------------------------------------------------------------------------------------------------------------


def test_a_dead_worker_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, workers=1) as running:
        (first,) = running.workers()
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: bool(running.workers()) and running.workers() != [first])
        assert eventually(lambda: running.get("/healthz")[0] == 200)


def test_exactly_one_job_process_runs_and_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, workers=1, jobs=True) as running:
        assert eventually((tmp_path / "job").exists)
        (job,) = set(running.children()) - set(running.workers())
        os.kill(job, signal.SIGKILL)
        assert eventually(lambda: (tmp_path / "job").read_text() == "job job ")
        assert len(running.children()) == 2


def test_a_request_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, workers=1) as running:
        with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)) as connection:
            connection.request("GET", "/slow", headers=HOST)
            time.sleep(0.2)
            running.parent.terminate()
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"slept":true}')
        assert running.parent.wait(30) == 0


def test_children_end_with_a_killed_parent_and_the_store_can_be_served_again(tmp_path: Path) -> None:
    with serving(tmp_path, jobs=True) as running:
        children = running.children()
        running.parent.kill()
        running.parent.wait(30)
        with serving(tmp_path, workers=1) as again:
            assert all(gone(pid) for pid in children)
            assert again.get("/healthz")[0] == 200


def test_a_store_that_cannot_start_says_why_and_ends(tmp_path: Path) -> None:
    make_settings(tmp_path)
    (tmp_path / "troth.toml").write_text("[store]\nname = 1\n")
    command = [sys.executable, "-m", "tests.integration.web.parent", str(tmp_path), "2"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "store.name: found 1" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "ready" not in ended.stdout


def test_the_access_log_is_written_and_names_no_path(tmp_path: Path) -> None:
    with serving(tmp_path, workers=1) as running:
        running.get("/orders/abcdefghijklmnopqrstuv?x=secret")
        running.get("/page")
        running.get("/page")
    lines = [json.loads(line) for path in (tmp_path / "logs").iterdir() for line in path.read_text().splitlines()]
    answered = [(line["method"], line["route"], line["status"]) for line in lines if line["from"] == "troth.access"]
    assert answered == [("GET", "order", 200), ("GET", "page", 200), ("GET", "page", 200)]
    assert "abcdefghijkl" not in str(lines)
    assert "secret" not in str(lines)
