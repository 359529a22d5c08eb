"""What the store signs is what the format says, octet by octet, and what the SDK believes."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from troth.licences.signature import (
    Answer,
    DigestRefused,
    PublishedKey,
    check_digest,
    content_digest,
    key_id,
    keys_document,
    sign,
)
from troth_licence import signature as sdk

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs/formats/answer-signature.vectors.json").read_text()
)
VALID: dict[str, Any] = VECTORS["valid"]
KEY = SigningKey(bytes.fromhex(VECTORS["seed"]))
PUBLIC = KEY.verify_key.encode()


def test_the_vector() -> None:
    answer = Answer(VALID["status"], VALID["body"].encode(), VALID["path"], VALID["request_digest"], VALID["created"])
    assert base64.b64encode(PUBLIC).decode() == VECTORS["public_key"]
    assert key_id(PUBLIC) == VECTORS["kid"]
    assert sign(KEY, VECTORS["kid"], answer) == VALID["headers"]


@given(st.integers(100, 599), st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 2**40))
@settings(max_examples=40)
def test_the_sdk_believes_what_the_store_signs(status: int, body: bytes, asked: bytes, created: int) -> None:
    digest = check_digest(content_digest(asked), asked)
    headers = sign(KEY, key_id(PUBLIC), Answer(status, body, "/api/v1/licences/validate", digest, created))
    lowered = {name.lower(): value for name, value in headers.items()}
    exchange = sdk.Exchange(status, lowered, body, "/api/v1/licences/validate", sdk.content_digest(asked))
    pinned = sdk.pins(keys_document([PublishedKey(PUBLIC, date(2026, 11, 22))]))
    assert sdk.verify(pinned, exchange) == sdk.Verified(key_id(PUBLIC), created)


def test_the_digest_of_a_request_must_fit_its_body() -> None:
    assert check_digest(f" {content_digest(b'body')} ", b"body") == content_digest(b"body")
    for field in (None, "", "sha-256=::", content_digest(b"other"), "\u00e9", content_digest(b"body") * 2):
        with pytest.raises(DigestRefused):
            check_digest(field, b"body")


def test_the_published_document() -> None:
    document = keys_document(
        [
            PublishedKey(PUBLIC, date(2026, 11, 22)),
            PublishedKey(bytes(32), date(2025, 1, 1), date(2026, 1, 1), "passes"),
        ]
    )
    first, second = json.loads(document)["keys"]
    assert first == {
        "alg": "ed25519",
        "kid": VECTORS["kid"],
        "public_key": VECTORS["public_key"],
        "use": "licence-answers",
        "valid_from": "2026-11-22",
        "valid_until": None,
    }
    assert (second["use"], second["valid_until"]) == ("passes", "2026-01-01")
