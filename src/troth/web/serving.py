"""The serving parent: binds the sockets and keeps N web workers and exactly one job process alive.

It makes the shared counters, does no other work of its own and imports little. A dead child is started
again after a pause that doubles up to half a minute; a child that fails before it was ever ready ends
everything. SIGTERM and SIGINT let requests and jobs finish; when the parent is killed its children see the
pipe close (`lifeline`) and end. One parent per store: the lock on `run/serve` is inherited, so that it is
free only when the last child of an earlier parent is gone.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from troth.kernel.errors import Conflict, Unavailable
from troth.web import lifeline
from troth.web.heartbeat import Heartbeat
from troth.web.limits import Limiter

_log = logging.getLogger("troth.serving")
_BACKLOG: Final = 512
_PATIENCE: Final = 5.0
_TRY_AGAIN: Final = 0.05
_DRAIN: Final = 15.0
_LONGEST_PAUSE: Final = 30.0
_SETTLED: Final = 60.0


class PortTaken(Unavailable):
    """Another program listens on this port. Nothing was started; choose another port or end that program."""


class AlreadyServing(Conflict):
    """This store is being served already. Nothing was started."""


@dataclass(frozen=True)
class Plan:
    """What to serve: `factory` is `module:function` making the `Site` of a folder; `jobs` the job process's command.

    `inherit` are further descriptors every child gets. `addresses` are (host, port); port 0 takes any free one, the
    same for all hosts. `on_ready` is told the port when the first worker answers; the others and the job process start
    then, so that they do not slow it down.
    """

    folder: Path
    factory: str
    addresses: tuple[tuple[str, int], ...]
    workers: int = 2
    jobs: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[int, ...] = ()
    on_ready: Callable[[int], None] = lambda _port: None


@dataclass
class _Child:
    """One process to keep alive."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    due_at: float = 0.0


def serve(plan: Plan) -> int:
    """Serve until SIGTERM or SIGINT; return 0, or 1 if a child could not start.

    Raises `PortTaken` or `AlreadyServing`; nothing was started then.
    """
    with ExitStack() as stack:
        lock = stack.enter_context(closing(_only_one(plan.folder)))
        sockets = [stack.enter_context(one) for one in bind(plan.addresses)]
        limiter = Limiter.create()
        stack.callback(limiter.close)
        return _Parent(plan, sockets, limiter, lock.fileno()).run()


def bind(addresses: Sequence[tuple[str, int]]) -> list[socket.socket]:
    """Listen on every address, waiting a little for a port to be free; without IPv6 its addresses are left out."""
    found: list[socket.socket] = []
    port = 0
    for host, wanted in addresses:
        one = _listen(host, wanted or port)
        if one is not None:
            found.append(one)
            port = one.getsockname()[1]
    if not found:
        raise PortTaken
    return found


def _listen(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and family == socket.AF_INET6:
                return None
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                raise PortTaken(f"{host} port {port}: {error.strerror}. {PortTaken.__doc__}") from error
            time.sleep(_TRY_AGAIN)


class _Parent:
    """Starts, watches and ends the children."""

    def __init__(self, plan: Plan, sockets: Sequence[socket.socket], limiter: Limiter, lock: int) -> None:
        self._plan, self._sockets, self._limiter, self._lock = plan, sockets, limiter, lock
        self._lifeline, self._held_end = os.pipe()
        self._ready, self._ready_end = os.pipe()
        self._answers = False
        self._jobs_started = False
        self._ending = 0.0
        self._failed = False
        names = [f"worker {number + 1}" for number in range(plan.workers)]
        self._children = [_Child(name, self._start_worker) for name in names]
        if plan.jobs:
            self._children.append(_Child("jobs", self._start_jobs))

    def run(self) -> int:
        """Keep the children alive until a signal, then end them; return the exit code."""
        wake, wake_end = os.pipe()
        for end in (wake, wake_end, self._ready):
            os.set_blocking(end, False)
        old_wake = signal.set_wakeup_fd(wake_end)
        handled = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        old = {number: signal.signal(number, self._on_signal) for number in handled}
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(wake, selectors.EVENT_READ)
                selector.register(self._ready, selectors.EVENT_READ)
                while self._step():
                    for key, _ in selector.select(self._pause()):
                        self._take(key.fd)
        finally:
            signal.set_wakeup_fd(old_wake)
            for number, handler in old.items():
                signal.signal(number, handler)
            for end in (wake, wake_end, self._ready, self._ready_end, self._lifeline, self._held_end):
                os.close(end)
        return 1 if self._failed else 0

    def _step(self) -> bool:
        """Bury the dead, start what is due, push what does not end; return False when nothing is left to do."""
        now = time.monotonic()
        for child in self._children:
            self._bury(child, now)
            may_start = not self._ending and (self._answers or child is self._children[0])
            if child.process is None and may_start and now >= child.due_at:
                child.process, child.started_at = child.start(), now
        alive = [child.process for child in self._children if child.process is not None]
        if self._ending and now > self._ending:
            for process in alive:
                process.kill()
        return not self._ending or bool(alive)

    def _bury(self, child: _Child, now: float) -> None:
        if child.process is None or child.process.poll() is None:
            return
        code, child.process = child.process.returncode, None
        if self._ending:
            return
        _log.error("%s ended with status %s", child.name, code)
        if not self._answers:
            # Nothing has worked yet: what it wrote to standard error says why, and trying again would not help.
            self._failed = True
            self._end()
            return
        child.failures = 0 if now - child.started_at > _SETTLED else child.failures + 1
        child.due_at = now + min(0.1 * 2**child.failures, _LONGEST_PAUSE)

    def _pause(self) -> float:
        """Return how long nothing will happen unless somebody wakes us."""
        if self._ending:
            return 0.2
        waiting = [child.due_at for child in self._children if child.process is None]
        return max(min(waiting, default=time.monotonic() + 60.0) - time.monotonic(), 0.01)

    def _take(self, descriptor: int) -> None:
        """Read what woke us: signals need no more than that; the first ready worker is announced."""
        told = os.read(descriptor, 64)
        if descriptor == self._ready and told and not self._answers:
            self._answers = True
            self._plan.on_ready(self._sockets[0].getsockname()[1])

    def _on_signal(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self._end()

    def _end(self) -> None:
        if self._ending:
            return
        self._ending = time.monotonic() + _DRAIN
        for child in self._children:
            if child.process is not None:
                child.process.terminate()

    def _start_worker(self) -> subprocess.Popen[bytes]:
        sockets = [one.fileno() for one in self._sockets]
        numbers = [self._limiter.descriptor, self._ready_end, *sockets]
        command = [sys.executable, "-m", "troth.web.worker", self._plan.factory, str(self._plan.folder)]
        return self._start([*command, *map(str, numbers)], numbers)

    def _start_jobs(self) -> subprocess.Popen[bytes]:
        if not self._jobs_started:
            # The first sign of life is ours: until the next is due the job process has time to start.
            Heartbeat(self._plan.folder).beat()
            self._jobs_started = True
        return self._start(self._plan.jobs, [])

    def _start(self, command: Sequence[str], descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
        environ = {**os.environ, "PYTHONSAFEPATH": "1", **self._plan.environ, lifeline.VARIABLE: str(self._lifeline)}
        return subprocess.Popen(  # noqa: S603 - our own interpreter, or the command of our own caller
            command,
            pass_fds=(self._lifeline, self._lock, *self._plan.inherit, *descriptors),
            env=environ,
            stdin=subprocess.DEVNULL,
        )


def _only_one(folder: Path) -> _Lock:
    """Take the store's serving lock, waiting a little for the children of a killed parent."""
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    file = _Lock(folder / "run" / "serve")
    until = time.monotonic() + _PATIENCE
    while not file.take():
        if time.monotonic() > until:
            file.close()
            raise AlreadyServing
        time.sleep(_TRY_AGAIN)
    return file


class _Lock:
    """An advisory lock on a file (flock(2)), shared with every child that inherits the descriptor."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def take(self) -> bool:
        """Try once."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def fileno(self) -> int:
        """Return the descriptor children inherit."""
        return self._file.fileno()

    def close(self) -> None:
        """Give our copy back."""
        self._file.close()
