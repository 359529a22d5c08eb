"""A store small enough to read: it answers about keys over real HTTP, signed, or misbehaves on request."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nacl.signing import SigningKey
from typing_extensions import override

KEY = SigningKey(bytes(range(32)))
KID = hashlib.sha256(KEY.verify_key.encode()).hexdigest()[:16]
DOCUMENT = json.dumps(
    {
        "keys": [
            {
                "alg": "ed25519",
                "kid": KID,
                "public_key": base64.b64encode(KEY.verify_key.encode()).decode(),
                "use": "licence-answers",
                "valid_from": "2026-11-22",
                "valid_until": None,
            }
        ]
    }
).encode()
CREATED = 1_795_377_600


class Store(ThreadingHTTPServer):
    """Knows some keys; `twist` may change what a handler sends."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.good: set[str] = set()
        self.questions: list[dict[str, Any]] = []
        self.twist: Callable[[Handler, bytes], bool] | None = None

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://store.localhost:{self.port}"

    def answer(self, question: dict[str, Any]) -> bytes:
        valid = question["key"] in self.good
        said = {"valid": valid, "code": "VALID" if valid else "NOT_FOUND", "nonce": question["nonce"]}
        said["detail"] = "This key is valid." if valid else "We have issued no such key."
        return json.dumps(said).encode()


class Handler(BaseHTTPRequestHandler):
    """One question, one signed answer."""

    server: Store

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Digest"] == digest(body)
        question = json.loads(body)
        self.server.questions.append(question)
        if self.server.twist is None or not self.server.twist(self, body):
            self.reply(self.server.answer(question), self.headers["Content-Digest"])

    def reply(self, body: bytes, asked: str, *, status: int = 200, key: SigningKey = KEY) -> None:
        self.send_response(status)
        for name, value in signed(body, asked, self.path, status=status, key=key).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing."""


def digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signed(body: bytes, asked: str, path: str, *, status: int, key: SigningKey) -> dict[str, str]:
    components = '("@status" "content-digest" "@path";req "content-digest";req)'
    params = f'{components};created={CREATED};keyid="{KID}";alg="ed25519"'
    base = "\n".join(
        (
            f'"@status": {status}',
            f'"content-digest": {digest(body)}',
            f'"@path";req: {path}',
            f'"content-digest";req: {asked}',
            f'"@signature-params": {params}',
        )
    )
    signature = base64.b64encode(key.sign(base.encode()).signature).decode()
    return {
        "Content-Digest": digest(body),
        "Signature-Input": f"troth={params}",
        "Signature": f"troth=:{signature}:",
    }


@contextmanager
def running_store() -> Iterator[Store]:
    """Run a store in a thread until the block ends."""
    store = Store()
    thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield store
    finally:
        store.shutdown()
        store.server_close()
        thread.join()
