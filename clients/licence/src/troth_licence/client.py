"""Asks the store whether a key is good, and believes only its signed answer.

    LicenceError
    ├── ServerUnreachable   no answer came: say so, and go on in a grace mode
    └── AnswerNotTrusted    an answer came that the store did not sign for this question: do not use it

Nothing is sent but the key, a random nonce and the product's name.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from troth_licence.key import Key
from troth_licence.signature import Exchange, SignatureInvalid, Verified, content_digest, verify

PATH: Final = "/api/v1/licences/validate"

_MAX_ANSWER: Final = 64 * 1024
_SIGNED: Final = ("content-digest", "signature-input", "signature")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class LicenceError(Exception):
    """No answer about the key that could be used."""


class ServerUnreachable(LicenceError):
    """The store could not be reached, so nothing is known about the key yet. Please try again later."""


class AnswerNotTrusted(LicenceError):
    """Something answered that is not the store this program was made for."""


@dataclass(frozen=True)
class Answer:
    """What the store says: `valid`, a stable `code`, a sentence for people, and the seconds on its clock."""

    valid: bool
    code: str
    detail: str
    created: int


class LicenceClient:
    """One store, by its base address and the public keys pinned in the program."""

    def __init__(self, base_url: str, pinned: Mapping[str, bytes], *, timeout: float = 10.0) -> None:
        """Keep the address, the keys (see `signature.pins`) and the seconds to wait.

        Raises ValueError unless the address is `https://host`, or `http://` on this computer.
        """
        parts = urllib.parse.urlsplit(base_url)
        host = parts.hostname or ""
        here = host in _LOOPBACK or host.endswith(".localhost")
        if not host or parts.scheme not in (("https", "http") if here else ("https",)):
            raise ValueError("the store's address begins with https:// (or http:// on this computer)")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("the store's address is a host and nothing else")
        self._url = f"{parts.scheme}://{parts.netloc}{PATH}"
        self._pinned = dict(pinned)
        self._timeout = timeout
        self._opener = _opener(to_loopback=here)

    def validate(self, key: Key, *, product: str | None = None, nonce: str | None = None) -> Answer:
        """Ask about a key (for a product's slug); raises `ServerUnreachable` or `AnswerNotTrusted`.

        `nonce` is for tests; without it fresh random text is sent, which the answer must repeat.
        """
        nonce = nonce or secrets.token_urlsafe(16)
        question = {"key": key.display, "nonce": nonce}
        if product is not None:
            question["product"] = product
        body = json.dumps(question, separators=(",", ":"), sort_keys=True).encode()
        exchange = self._send(body)
        try:
            verified = verify(self._pinned, exchange)
        except SignatureInvalid as error:
            raise AnswerNotTrusted(f"{_first_line(AnswerNotTrusted)} ({error})") from error
        return _answer(exchange, verified, nonce)

    def _send(self, body: bytes) -> Exchange:
        """Post the question; an answer without status 200 is none."""
        digest = content_digest(body)
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked when the client was made
            self._url,
            data=body,
            headers={
                "Content-Type": "application/json",
                "Content-Digest": digest,
                "Accept": "application/json",
                "User-Agent": "troth-licence",
            },
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                headers = {name: ", ".join(response.headers.get_all(name, [])) for name in _SIGNED}
                received = response.read(_MAX_ANSWER + 1)
                status = response.status
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachable(f"{_first_line(ServerUnreachable)} ({_reason(error)})") from error
        if len(received) > _MAX_ANSWER:
            raise AnswerNotTrusted
        return Exchange(status, headers, received, PATH, digest)


def _answer(exchange: Exchange, verified: Verified, nonce: str) -> Answer:
    """Read the body, which is the store's by now; still its form and the nonce are checked."""
    try:
        said: Any = json.loads(exchange.body)
        valid, code, detail, echoed = said["valid"], said["code"], said["detail"], said["nonce"]
    except (ValueError, KeyError, TypeError) as error:
        raise AnswerNotTrusted("The store's answer has an unknown form. Please update the program.") from error
    texts = (code, detail, echoed)
    if not isinstance(valid, bool) or not all(isinstance(text, str) for text in texts) or echoed != nonce:
        raise AnswerNotTrusted
    return Answer(valid, code, detail, verified.created)


def _reason(error: Exception) -> str:
    """Say in a few words why nothing came."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"status {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLError):
        return "the encrypted connection could not be checked"
    if isinstance(cause, (TimeoutError, socket.timeout)):
        return "no answer in time"
    return cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause).__name__


def _first_line(kind: type[LicenceError]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


# --- Connections ---


class _LoopbackConnection(http.client.HTTPConnection):
    """Connects to this computer whatever a name server would say (RFC 6761 §6.3)."""

    # typing has no `override` before Python 3.12.
    def connect(self) -> None:  # type: ignore[explicit-override]
        """Try both loopback addresses."""
        try:
            self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        except ConnectionRefusedError:
            self.sock = socket.create_connection(("::1", self.port), self.timeout)


class _LoopbackTLSConnection(http.client.HTTPSConnection, _LoopbackConnection):
    """The same under TLS; the certificate is still checked against the name."""


class _LoopbackHandler(urllib.request.AbstractHTTPHandler):
    """Opens addresses on this computer."""

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Open without TLS."""
        return self.do_open(_LoopbackConnection, request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Open with TLS."""
        return self.do_open(_LoopbackTLSConnection, request)


def _opener(*, to_loopback: bool) -> urllib.request.OpenerDirector:
    """Return an opener that follows no redirect: a question goes to the store it is for, or nowhere."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    if to_loopback:
        opener.add_handler(_LoopbackHandler())
    else:
        opener.add_handler(urllib.request.ProxyHandler())
        opener.add_handler(urllib.request.HTTPHandler())
        opener.add_handler(urllib.request.HTTPSHandler())
    return opener
