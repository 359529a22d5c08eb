"""The installed program as processes: its commands, and a store it serves."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import troth
from troth.promises.visitor import Transcript, Visitor

_READY_SECONDS: Final = 60.0
_COMMAND_SECONDS: Final = 60.0
_END_SECONDS: Final = 10.0


class DidNotStart(Exception):
    """A process of the twin ended, or was not ready in time; the message holds what it said."""


def installed() -> Path:
    """Return the folder this program was loaded from."""
    return Path(troth.__file__).resolve().parent.parent


@dataclass(frozen=True)
class Program:
    """A program to run: the folder that holds its package, the environment it runs in, descriptors it inherits."""

    root: Path
    environ: Mapping[str, str] = field(repr=False)
    descriptors: tuple[int, ...] = ()

    def command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """Return command line and environment for a `troth` command."""
        path = os.pathsep.join(filter(None, (str(self.root), os.environ.get("PYTHONPATH", ""))))
        return [sys.executable, "-m", "troth.cli", *arguments], {**os.environ, **self.environ, "PYTHONPATH": path}


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Standard output as JSON; None if it is none."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None


class Instance:
    """One store served by one program, on a port of its own."""

    def __init__(self, program: Program, folder: Path, port: int, *, errors: Path) -> None:
        """Take a folder that holds a store; `errors` collects what the processes write to standard error."""
        self.program = program
        self.folder = folder
        self.base_url = f"http://localhost:{port}"
        self.errors = errors
        self.transcript = Transcript()
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> Said:
        """Run a command on this store and return what it said."""
        command, environ = self.program.command(*arguments, "--dir", str(self.folder))
        return run_once(command, environ, cwd=self.folder.parent, descriptors=self.program.descriptors)

    def start(self, *, workers: int = 2) -> None:
        """Serve; raises `DidNotStart`."""
        arguments = ("serve", "--dir", str(self.folder), "--port", str(self._port), "--workers", str(workers))
        command, environ = self.program.command(*arguments)
        with self.errors.open("ab") as errors:
            self._process = start(
                command, environ, cwd=self.folder.parent, errors=errors, descriptors=self.program.descriptors
            )
        wait_for_ready(self._process, self.errors)

    def stop(self) -> None:
        """End every process of the store."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def pause(self) -> None:
        """Hold every process where it is, so that the files on disk stand still."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the processes go on."""
        self._signal(signal.SIGCONT)

    def visitor(self, name: str) -> Visitor:
        """Open a browser on this store."""
        return Visitor(name, self.base_url, self.transcript)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)


def run_once(command: Sequence[str], environ: Mapping[str, str], *, cwd: Path, descriptors: Sequence[int] = ()) -> Said:
    """Run a program to its end and return what it said; one that takes a minute is ended (code -9)."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and program
            command,
            env=dict(environ),
            cwd=cwd,
            pass_fds=tuple(descriptors),
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said(-9, "", "the command did not end")
    return Said(done.returncode, done.stdout, done.stderr)


def start(
    command: Sequence[str], environ: Mapping[str, str], *, cwd: Path, errors: IO[bytes], descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and programs
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        pass_fds=tuple(descriptors),
        start_new_session=True,
    )


def wait_for_ready(process: subprocess.Popen[bytes], errors: Path) -> str:
    """Wait for the line `ready …` on standard output and return it; raises `DidNotStart`."""
    until = time.monotonic() + _READY_SECONDS
    line = b""
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None:
            selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and time.monotonic() < until:
            for key, _ in selector.select(0.2):
                chunk = os.read(key.fd, 4096)
                if not chunk:
                    until = 0.0
                line += chunk
    if not line.startswith(b"ready"):
        end(process)
        told = errors.read_text(encoding="utf-8", errors="replace") if errors.exists() else ""
        raise DidNotStart(told[-4000:])
    return line.decode()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process group: politely, then not; returns when its leader is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
