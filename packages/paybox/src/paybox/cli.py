"""The command `paybox`: serve until told to stop, one line on standard output when ready."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from paybox.box import KEY, SECRET, Paybox
from paybox.place import Place

WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when it was stopped, 2 for wrong use, each with a sentence on standard error."""
    asked = _parser().parse_args(arguments)
    try:
        place = Place(asked.host, asked.port, asked.public_url, asked.expose, asked.state)
        box = Paybox(webhook=asked.webhook, secret=asked.webhook_secret, key=asked.key, place=place)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with box:
            sys.stdout.write(f"ready {box.url}\n")
            sys.stdout.flush()
            stop.wait()
    except (ValueError, OSError) as error:
        sys.stderr.write(f"paybox: {error}\n")
        return WRONG_USE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paybox", description="A stateful double of Stripe for tests. Never let others reach it."
    )
    parser.add_argument("--port", type=int, default=0, help="the port to serve at (default: a free one)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to serve at (default: 127.0.0.1)")
    parser.add_argument("--public-url", help="how browsers address it, where that differs")
    parser.add_argument("--webhook", metavar="URL", help="where webhooks go (default: nowhere)")
    parser.add_argument("--webhook-secret", default=SECRET, help=f"what signs them (default: {SECRET})")
    parser.add_argument("--key", default=KEY, help=f"the API key it accepts (default: {KEY})")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep everything in FILE over restarts")
    parser.add_argument("--expose", action="store_true", help="allow a host and webhooks that are not this machine")
    return parser
