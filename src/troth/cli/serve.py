"""`troth serve`: web workers and the one job process of a store, until told to end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from troth.kernel import config
from troth.web.serving import Plan, serve

CLOCK_VARIABLE = "TROTH_CLOCK_DESCRIPTOR"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to listen and with how many workers."""
    parser.add_argument("--port", type=int, help="listen here (default: the port of store.base_url, else 8000)")
    parser.add_argument("--host", default="", help="listen on this address only (default: both loopbacks)")
    parser.add_argument("--workers", type=int, default=2, help="web workers (default: 2)")


def run(args: argparse.Namespace) -> int:
    """Serve the store in `--dir`; prints one line when it does."""
    folder = args.dir.resolve()
    settings = config.load(folder)

    def tell(port: int) -> None:
        address = settings.store.base_url if settings.https else f"http://localhost:{port}"
        print(f"ready {address}{mail_of(settings)}", flush=True)

    return serve(plan(folder, settings, args, tell))


def plan(folder: Path, settings: config.Settings, args: argparse.Namespace, tell: Callable[[int], None]) -> Plan:
    """Return what to serve, where."""
    port = args.port or urlsplit(settings.store.base_url).port or 8000
    hosts = (args.host,) if args.host else ("127.0.0.1", "::1")
    given = os.environ.get(CLOCK_VARIABLE, "")
    return Plan(
        folder=folder,
        factory="troth.app:make_site",
        addresses=tuple((host, port) for host in hosts),
        workers=args.workers,
        environ={"TROTH_STORE_BASE_URL": f"http://localhost:{port}"} if args.port and not settings.https else {},
        jobs=(sys.executable, "-m", "troth.cli", "jobs", "--dir", str(folder)),
        inherit=(int(given),) if given.isdigit() else (),
        on_ready=tell,
    )


def mail_of(settings: config.Settings) -> str:
    """Return where mail goes if that is a folder, as the line on standard output says it."""
    url = settings.mail.url
    return f" mail {url.removeprefix('file:')}" if url.startswith("file:") else ""
