"""`troth demo`: a complete example store on this machine, with a local payment double; nothing leaves the machine."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from troth.cli.serve import mail_of, plan
from troth.kernel import config
from troth.kernel.clock import SystemClock
from troth.kernel.errors import Unavailable
from troth.web.serving import serve

PORT = 8000
_PATIENCE_SECONDS = 10.0


class NoPaybox(Unavailable):
    """The local payment double did not start. Nothing was lost; it is `paybox`, part of `troth[demo]`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the port and the number of workers."""
    parser.add_argument("--port", type=int, default=PORT, help=f"serve at this port (default: {PORT})")
    parser.add_argument("--workers", type=int, default=2, help="web workers (default: 2)")
    parser.add_argument("--make", action="store_true", help="make the store and do not serve it")
    parser.set_defaults(host="")


def run(args: argparse.Namespace) -> int:
    """Make the example store in `--dir` (default: ./demo-store) if there is none, and serve it."""
    from troth.demo.store import make_demo, stock  # noqa: PLC0415 - the parent process stays small

    folder = (Path("demo-store") if args.dir == Path() else args.dir).resolve()
    base_url, paybox = f"http://localhost:{args.port}", _free_port()
    if not (folder / config.FILE).exists():
        make_demo(folder, port=args.port, paybox=paybox, clock=SystemClock())
    stock(folder, base_url)
    if args.make:
        return 0
    settings = config.load(folder)
    stripe = settings.payments.stripe
    if stripe is None:
        raise NoPaybox("This demo store has no payment double configured; choose an empty folder.")
    if not settings.demo:
        raise NoPaybox("This is no demo store; serve it with `troth serve`.")
    box = subprocess.Popen(  # noqa: S603 - our own interpreter
        [
            sys.executable, "-m", "paybox", "--port", str(paybox),
            "--webhook", f"{base_url}/webhooks/stripe", "--webhook-secret", stripe.webhook_secret,
            "--key", stripe.key, "--state", str(folder / "run" / "paybox.json"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    try:
        _wait_for(paybox, box)

        def tell(port: int) -> None:
            print(f"ready http://localhost:{port}{mail_of(settings)}", flush=True)

        told = replace(
            plan(folder, settings, args, tell),
            environ={
                "TROTH_STORE_BASE_URL": base_url,
                "TROTH_PAYMENTS_STRIPE_API_BASE": f"http://127.0.0.1:{paybox}",
            },
        )
        return serve(told)
    finally:
        box.terminate()
        box.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int, box: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and box.poll() is None:
        with socket.socket() as one:
            one.settimeout(0.5)
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NoPaybox
