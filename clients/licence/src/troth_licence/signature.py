"""Checks that an answer came from the store and belongs to the question asked.

HTTP Message Signatures (RFC 9421) in the one form of troth answer-signature v1: status and body of the answer
with path and body of the request, Ed25519, keys pinned in the program.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from troth_licence import ed25519

USE: Final = "licence-answers"

_COMPONENTS: Final = '("@status" "content-digest" "@path";req "content-digest";req)'
_INPUT: Final = re.compile(
    re.escape(_COMPONENTS) + r';created=([0-9]{1,15});keyid="([0-9a-f]{16})";alg="ed25519"', re.ASCII
)
_SIGNATURE: Final = re.compile(r":([A-Za-z0-9+/]{86}==):", re.ASCII)
# Members of a dictionary field (RFC 8941 §3.2) part at commas outside of quotes and parentheses.
_MEMBER: Final = re.compile(r'((?:[^,"()]|"(?:[^"\\]|\\.)*"|\((?:[^")]|"(?:[^"\\]|\\.)*")*\))+)(?:,|$)')


class SignatureInvalid(Exception):
    """The answer is not signed by the store, or is not the answer to this question."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; header names in lower case, `request_digest` the Content-Digest sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str
    request_digest: str


@dataclass(frozen=True)
class Verified:
    """Who signed (name of the pinned key) and when by the store's clock (seconds since 1970)."""

    kid: str
    created: int


def content_digest(body: bytes) -> str:
    """Return the Content-Digest field of a body (RFC 9530 §2)."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def pins(document: bytes) -> dict[str, bytes]:
    """Return {kid: public key} of the `licence-answers` keys in a troth-keys.json document.

    Raises ValueError when the document is none, or a name does not belong to its key.
    """
    pinned = {}
    try:
        for entry in json.loads(document)["keys"]:
            if entry["use"] != USE or entry["alg"] != "ed25519":
                continue
            public_key = base64.b64decode(entry["public_key"], validate=True)
            pinned[entry["kid"]] = public_key
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError("this is not a document of public keys") from error
    for kid, public_key in pinned.items():
        if len(public_key) != 32 or kid != hashlib.sha256(public_key).hexdigest()[:16]:  # noqa: PLR2004 - RFC 8032
            raise ValueError("a public key does not fit its name")
    if not pinned:
        raise ValueError("there is no key for licence answers in the document")
    return pinned


def verify(pinned: Mapping[str, bytes], exchange: Exchange) -> Verified:
    """Return who signed the answer; raises `SignatureInvalid` for everything but a good signature."""
    digest = exchange.headers.get("content-digest", "")
    if not hmac.compare_digest(digest.encode(), content_digest(exchange.body).encode()):
        raise SignatureInvalid("the body does not fit its digest")
    params = _member(exchange.headers.get("signature-input", ""))
    fields = _INPUT.fullmatch(params)
    signature = _SIGNATURE.fullmatch(_member(exchange.headers.get("signature", "")))
    if fields is None or signature is None:
        raise SignatureInvalid("the answer is not signed in the known form")
    created, kid = int(fields.group(1)), fields.group(2)
    if kid not in pinned:
        raise SignatureInvalid("the answer is signed with a key that this program does not know")
    base = (
        f'"@status": {exchange.status}\n'
        f'"content-digest": {digest}\n'
        f'"@path";req: {exchange.path}\n'
        f'"content-digest";req: {exchange.request_digest}\n'
        f'"@signature-params": {params}'
    )
    if not ed25519.verify(pinned[kid], base.encode(), _octets(signature.group(1))):
        raise SignatureInvalid("the signature is wrong")
    return Verified(kid, created)


def _member(field: str) -> str:
    """Return the value of the member `troth`, or nothing when it is not there exactly once."""
    members = [member.strip(" \t") for member in _MEMBER.findall(field)]
    values = [member[len("troth=") :] for member in members if member.startswith("troth=")]
    return values[0] if len(values) == 1 else ""


def _octets(text: str) -> bytes:
    """Decode base64 in its one canonical form."""
    octets = base64.b64decode(text, validate=True)
    if base64.b64encode(octets).decode() != text:
        raise SignatureInvalid("the signature is not in canonical base64")
    return octets
