"""The command as another program starts it: one line when ready, quiet after, gone when told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import stripe

from paybox.cli import main

Shop: TypeAlias = Any


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-W", "error", "-m", "paybox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready, url = process.stdout.readline().split()
            assert ready == "ready"
            yield process, url
        finally:
            process.kill()


def test_a_payment_through_the_command_and_a_restart(tmp_path: Path, shop: Shop, order: Callable[..., Any]) -> None:
    options = ["--webhook", shop.url, "--webhook-secret", "whsec_of_the_tests", "--key", "sk_test_mine"]
    options += ["--state", str(tmp_path / "state.json")]
    with running(*options) as (process, url):
        client = stripe.StripeClient("sk_test_mine", base_addresses={"api": url})
        session = client.v1.checkout.sessions.create(order())
        assert str(session.url).startswith(f"{url}/c/pay/")
        assert httpx.post(str(session.url), data={"outcome": "pay"}).status_code == 303
        assert httpx.post(f"{url}/_paybox/settle", timeout=20).json() == {"settled": True}
        assert shop.types == ["payment_intent.succeeded", "checkout.session.completed"]
        process.send_signal(signal.SIGKILL)
    with running(*options) as (process, url):
        client = stripe.StripeClient("sk_test_mine", base_addresses={"api": url})
        assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


def test_the_port_asked_for_and_ipv6() -> None:
    with running("--host", "::1") as (_, url):
        assert url.startswith("http://[::1]:")
        assert httpx.get(f"{url}/_paybox/state").status_code == 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "can be reached from elsewhere"),  # noqa: S104 - it is refused
        (["--key", "sk_live_x"], "never live"),
        (["--webhook", "http://192.0.2.1/"], "is not this machine"),
        (["--state", "/dev/null/x"], "Not a directory"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_2(options: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("paybox: ")
    assert words in output.err
    assert len(output.err.splitlines()) == 1


def test_a_taken_port_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with running() as (_, url):
        assert main(["--port", url.rpartition(":")[2]]) == 2
    assert "in use" in capsys.readouterr().err


def test_nothing_is_needed_but_python(tmp_path: Path) -> None:
    """The package is copied alone beside an interpreter without site-packages, and answers."""
    source = Path(__file__).parents[1] / "src"
    code = "from paybox import Book, Paybox; print(Paybox().start().url)"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(source)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("http://127.0.0.1:")
