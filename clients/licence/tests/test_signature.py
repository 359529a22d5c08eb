"""Only the store's own answer to the question asked is believed."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from troth_licence.signature import Exchange, SignatureInvalid, Verified, content_digest, pins, verify

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs/formats/answer-signature.vectors.json").read_text()
)
VALID: dict[str, Any] = VECTORS["valid"]
PINNED = {VECTORS["kid"]: base64.b64decode(VECTORS["public_key"])}


def exchange_of(vector: dict[str, Any]) -> Exchange:
    return Exchange(
        status=vector["status"],
        headers={name.lower(): value for name, value in vector["headers"].items()},
        body=vector["body"].encode(),
        path=vector["path"],
        request_digest=vector["request_digest"],
    )


def document(**changes: object) -> bytes:
    entry = {
        "alg": "ed25519",
        "kid": VECTORS["kid"],
        "public_key": VECTORS["public_key"],
        "use": "licence-answers",
    }
    return json.dumps({"keys": [{**entry, **changes}]}).encode()


def test_the_vector_is_believed() -> None:
    assert verify(PINNED, exchange_of(VALID)) == Verified(VECTORS["kid"], VALID["created"])
    assert content_digest(VALID["request_body"].encode()) == VALID["request_digest"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_what_must_be_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(PINNED, exchange_of(vector))


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_proxys_own_signature_beside_ours_is_ignored(where: str) -> None:
    vector = json.loads(json.dumps(VALID))
    foreign = {
        "Signature-Input": 'proxy=("@method" "x,y");created=1;keyid="a,b\\"c";alg="hmac-sha256"',
        "Signature": "proxy=:AAAA:",
    }
    for name, value in foreign.items():
        ours = vector["headers"][name]
        vector["headers"][name] = f"{value}, {ours}" if where == "before" else f"{ours},\t{value}"
    assert verify(PINNED, exchange_of(vector)).kid == VECTORS["kid"]


def test_two_members_of_our_name_are_refused() -> None:
    vector = json.loads(json.dumps(VALID))
    vector["headers"]["Signature"] = f"{VALID['headers']['Signature']}, {VALID['headers']['Signature']}"
    with pytest.raises(SignatureInvalid):
        verify(PINNED, exchange_of(vector))


def test_pins_are_read_from_the_stores_document() -> None:
    assert pins(document()) == PINNED
    with_future = json.loads(document())
    with_future["keys"].append({"alg": "ml-dsa-44", "kid": "x", "public_key": "", "use": "licence-answers"})
    with_future["keys"].append({"alg": "ed25519", "kid": "y", "public_key": "", "use": "passes"})
    assert pins(json.dumps(with_future).encode()) == PINNED


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":[{}]}',
        document(kid="0" * 16),
        document(public_key="!"),
        document(public_key=base64.b64encode(bytes(31)).decode(), kid=hashlib.sha256(bytes(31)).hexdigest()[:16]),
        document(public_key=None),
        document(use="passes"),
    ],
)
def test_a_document_that_is_none_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match=r"document|name|Expecting"):
        pins(wrong)
