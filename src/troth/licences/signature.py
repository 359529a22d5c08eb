"""Signs what the store answers about licences, so that a program knows who answered and to which question.

Frozen in docs/formats/answer-signature.md with vectors: RFC 9421, RFC 9530 (sha-256), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from nacl.signing import SigningKey

from troth.kernel.codec import canonical_json
from troth.kernel.errors import Refused

USE: Final = "licence-answers"

_COMPONENTS: Final = '("@status" "content-digest" "@path";req "content-digest";req)'


class DigestRefused(Refused):
    """The Content-Digest field is missing or does not fit the body; send sha-256 of the body's octets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is signed: status and body sent, path and Content-Digest received, seconds since 1970."""

    status: int
    body: bytes
    path: str
    request_digest: str
    created: int


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key (32 octets) as the store shows it; the dates are for people."""

    public_key: bytes
    valid_from: date
    valid_until: date | None = None
    use: str = USE


def sign(key: SigningKey, kid: str, answer: Answer) -> dict[str, str]:
    """Return the three header fields of a signed answer; `request_digest` comes from `check_digest`."""
    digest = content_digest(answer.body)
    params = f'{_COMPONENTS};created={answer.created};keyid="{kid}";alg="ed25519"'
    base = (
        f'"@status": {answer.status}\n'
        f'"content-digest": {digest}\n'
        f'"@path";req: {answer.path}\n'
        f'"content-digest";req: {answer.request_digest}\n'
        f'"@signature-params": {params}'
    )
    signature = base64.b64encode(key.sign(base.encode("ascii")).signature).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"troth={params}",
        "Signature": f"troth=:{signature}:",
    }


def content_digest(body: bytes) -> str:
    """Return the Content-Digest field of a body (RFC 9530 §2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def check_digest(field: str | None, body: bytes) -> str:
    """Return the field when it fits the body received; raises `DigestRefused`."""
    expected = content_digest(body)
    if field is None or not hmac.compare_digest(field.strip(" \t").encode(), expected.encode()):
        raise DigestRefused
    return expected


def key_id(public_key: bytes) -> str:
    """Return the name of a public key: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def keys_document(keys: Iterable[PublishedKey]) -> bytes:
    """Return the JSON of /.well-known/troth-keys.json, which sold programs pin."""
    return canonical_json({"keys": [_entry(key) for key in keys]})


def _entry(key: PublishedKey) -> dict[str, str | None]:
    return {
        "alg": "ed25519",
        "kid": key_id(key.public_key),
        "public_key": base64.b64encode(key.public_key).decode(),
        "use": key.use,
        "valid_from": key.valid_from.isoformat(),
        "valid_until": key.valid_until.isoformat() if key.valid_until else None,
    }
