"""What the figures share: a store to measure, CPU time of a process group, requests over loopback, and a table."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from troth.demo.store import make_demo, stock
from troth.kernel.clock import SystemClock

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figure:
    """One claim: what was measured, its unit, and the limit it must keep (`most`: at most, else at least)."""

    name: str
    value: float
    limit: float
    unit: str = "×"
    most: bool = True
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit if self.most else self.value >= self.limit

    def line(self) -> str:
        """Return the figure as a row of the table."""
        sign = "≤" if self.most else "≥"
        verdict = "ok  " if self.kept else "MISS"
        claim = f"{self.value:>10,.2f} {self.unit:<3} {sign} {self.limit:,g}"
        return f"{verdict}  {self.name:<46} {claim:<26} {self.note}".rstrip()


@dataclass(frozen=True)
class Served:
    """A server that runs: its port and its process group."""

    port: int
    group: int
    folder: Path

    def cpu(self) -> float:
        """Return the CPU seconds its processes have used."""
        return sum(_cpu_of(pid) for pid in _pids_of(self.group))

    def rss(self) -> list[int]:
        """Return the resident bytes of each of its processes."""
        return [_rss_of(pid) for pid in _pids_of(self.group)]


@contextmanager
def store_folder() -> Iterator[Path]:
    """Make an example store, stocked, without limits that a measurement would meet."""
    with tempfile.TemporaryDirectory(prefix="troth-bench-") as scratch:
        folder = Path(scratch) / "store"
        port = free_port()
        make_demo(folder, port=port, paybox=free_port(), clock=SystemClock())
        with (folder / "troth.toml").open("a", encoding="utf-8") as file:
            file.write("\n[limits]\ncheckout = 1000000\nlook = 1000000\norder = 1000000\n")
        stock(folder, f"http://localhost:{port}")
        yield folder


@contextmanager
def serving(command: Sequence[str], port: int, folder: Path, environ: dict[str, str] | None = None) -> Iterator[Served]:
    """Run a server in a process group of its own until the block ends."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        command,
        env={**os.environ, **(environ or {})},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield Served(port, process.pid, folder)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def troth_serving(folder: Path, *, workers: int = 1) -> Iterator[Served]:
    """Serve a store as `troth serve` does."""
    port = int((folder / "troth.toml").read_text().partition("localhost:")[2].partition('"')[0])
    command = [sys.executable, "-m", "troth.cli", "serve", "--dir", str(folder), "--workers", str(workers)]
    with serving(command, port, folder) as served:
        yield served


def requests(port: int, messages: Sequence[bytes], *, connections: int = 4) -> list[bytes]:
    """Send raw HTTP/1.1 requests over a few kept connections, one after the other.

    Return the first line of each answer.
    """
    answers = []
    pool = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    for number, message in enumerate(messages):
        connection = pool[number % connections]
        connection.sendall(message)
        answers.append(_read_answer(connection))
    for connection in pool:
        connection.close()
    return answers


def get(port: int, path: str, *headers: str) -> bytes:
    """Return a raw GET."""
    more = "".join(f"{header}\r\n" for header in headers)
    return f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{more}\r\n".encode()


def per_request(served: Served, messages: Sequence[bytes], status: bytes) -> float:
    """Return the CPU microseconds a server spends on each of these requests; every answer must have the status."""
    before = served.cpu()
    answers = requests(served.port, messages)
    spent = served.cpu() - before
    wrong = [answer for answer in answers if status not in answer]
    if wrong:
        message = f"{len(wrong)} of {len(answers)} answers were not {status.decode()}: {wrong[0].decode()}"
        raise RuntimeError(message)
    return spent / len(messages) * 1e6


def ratio(ours: Callable[[], float], peer: Callable[[], float], *, rounds: int = 5) -> tuple[float, float, float]:
    """Measure both in turn, several times; return the median of ours, of the peer, and of the ratios pair by pair."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def fetch(port: int, path: str, encoding: str) -> tuple[bytes, list[tuple[str, str]]]:
    """Return body and headers of one GET, in an encoding."""
    connection = HTTPConnection("localhost", port)
    connection.request("GET", path, headers={"Accept-Encoding": encoding})
    answer = connection.getresponse()
    found = answer.read(), answer.getheaders()
    connection.close()
    return found


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int, *, seconds: float = 30.0) -> None:
    """Return once something answers at a port."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                one.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
                if one.recv(12).startswith(b"HTTP/1.1"):
                    return
        time.sleep(0.02)
    message = f"nothing answers at port {port}"
    raise RuntimeError(message)


def _read_answer(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return received
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n", 1)[0]


def _pids_of(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == group:
                found.append(int(entry.name))
    return found


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _rss_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))
