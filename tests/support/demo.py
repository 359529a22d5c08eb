"""A real `troth demo` on a free port, in a folder of its own, and what its maker does with it from the command line.

with running_demo(folder) as demo:
    demo.url                              # http://localhost:PORT
    demo.ask("order", "list")             # `troth order list --json`
    demo.wait_for_letter("mira@meadow.example", "Your key")
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from troth.demo.store import make_demo
from troth.kernel import config
from troth.kernel.clock import SystemClock

TROTH: Final = Path(sys.executable).with_name("troth")
READY_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 30.0
T = TypeVar("T")


@dataclass(frozen=True)
class Demo:
    """A demo store that serves; `url` has no slash at its end."""

    url: str
    folder: Path
    outbox: Path

    def troth(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command on this store, as its maker does."""
        command = [str(TROTH), *words, "--dir", str(self.folder)]
        return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, check=False)

    def ask(self, *words: str) -> Any:
        """Run a command that must work; return what it says in JSON."""
        ran = self.troth(*words, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def orders(self, address: str = "") -> list[dict[str, Any]]:
        """Return the newest orders, or those of an exact address."""
        found: list[dict[str, Any]] = self.ask("order", "list", *([address] if address else []))
        return found

    def letters(self, address: str, subject: str = "") -> list[EmailMessage]:
        """Return the mails to an address whose subject holds these words, the oldest first."""
        files = sorted(self.outbox.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        letters = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [one for one in letters if address in str(one["to"]) and subject in str(one["subject"])]

    def wait_for_letter(self, address: str, subject: str) -> EmailMessage:
        """Return the newest mail to an address with these words in the subject, as soon as there is one."""
        return until(lambda: self.letters(address, subject), f"no mail {subject!r} to {address}")[-1]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """Return one of the two parts of a mail: plain or html."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def until(find: Callable[[], T | None], otherwise: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Ask again and again until there is something; fail with these words if there never is."""
    end = time.monotonic() + seconds
    while not (found := find()):
        if time.monotonic() > end:
            pytest.fail(f"{otherwise} within {seconds:.0f} seconds")
        time.sleep(0.1)
    return found


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running_demo(folder: Path, *, limits: Mapping[str, int] | None = None) -> Iterator[Demo]:
    """Run `troth demo`; `limits` are the `[limits]` a maker would set in the store's configuration."""
    port, wrote = free_port(), folder.with_name(f"{folder.name}.stderr")
    if limits:
        make_demo(folder, port=port, paybox=port, clock=SystemClock())
        with (folder / config.FILE).open("a", encoding="utf-8") as file:
            file.write("\n[limits]\n" + "".join(f"{name} = {count}\n" for name, count in limits.items()))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TROTH_")}
    with wrote.open("wb") as stderr:
        process = subprocess.Popen(
            [TROTH, "demo", "--port", str(port), "--dir", folder],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    with process:
        try:
            line = first_line(process, READY_SECONDS).split()
            assert line[:1] == ["ready"], wrote.read_text()
            assert line[2] == "mail"
            yield Demo(line[1], folder, Path(line[3]))
        finally:
            process.terminate()
            process.wait(30)


def first_line(process: subprocess.Popen[str], seconds: float) -> str:
    """Return the first line a program prints, "" if it ends or takes longer."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(seconds) else ""
