"""The payment provider's double beside a twin, run as a program and spoken to over HTTP only."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from troth.kernel.errors import Unavailable
from troth.promises.program import end, start, wait_for_ready

INSTALL: Final = "pip install 'troth[demo]'"
_SECONDS: Final = 20.0


class ToolMissing(Unavailable):
    """Something that a proof needs is not installed here; the message is the command that installs it."""


class Paybox:
    """One running paybox, which sends its webhooks to a store."""

    def __init__(self, store_url: str, port: int, *, errors: Path) -> None:
        """Choose keys nobody else has; raises `ToolMissing` where paybox is not installed."""
        if find_spec("paybox") is None:
            raise ToolMissing(INSTALL)
        self.key = f"sk_test_{secrets.token_hex(12)}"
        self.secret = f"whsec_{secrets.token_hex(12)}"
        self.url = f"http://127.0.0.1:{port}"
        self._port, self._errors = port, errors
        self._webhook = f"{store_url}/webhooks/stripe"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The settings by which a store takes this for its provider."""
        return {
            "TROTH_PAYMENTS_STRIPE_KEY": self.key,
            "TROTH_PAYMENTS_STRIPE_WEBHOOK_SECRET": self.secret,
            "TROTH_PAYMENTS_STRIPE_API_BASE": self.url,
        }

    def start(self) -> None:
        """Serve; raises `DidNotStart`."""
        command = [sys.executable, "-m", "paybox", "--port", str(self._port), "--webhook", self._webhook]
        command += ["--webhook-secret", self.secret, "--key", self.key]
        with self._errors.open("ab") as errors:
            self._process = start(command, os.environ, cwd=self._errors.parent, errors=errors)
        wait_for_ready(self._process, self._errors)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            end(self._process)

    def misbehave(self, **faults: object) -> None:
        """Set faults, such as `duplicate=2`."""
        self._ask("/_paybox/faults", faults)

    def settle(self) -> None:
        """Wait until no webhook is on its way."""
        self._ask("/_paybox/settle", {"timeout": 10})

    def state(self) -> dict[str, Any]:
        """Return all that the provider knows."""
        return self._ask("/_paybox/state", None)

    def _ask(self, path: str, content: object | None) -> dict[str, Any]:
        body = None if content is None else json.dumps(content).encode()
        request = Request(self.url + path, body, {"Content-Type": "application/json"})  # noqa: S310 - our own loopback
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            told: dict[str, Any] = json.load(answer)
        return told
