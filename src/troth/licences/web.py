"""Checking a key from inside a program: one signed answer, the same for an unknown key as for any other refusal."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from nacl.signing import SigningKey
from starlette.responses import Response

from troth import vault
from troth.kernel.codec import to_json
from troth.licences import signature
from troth.licences.model import Verdict
from troth.licences.service import judge
from troth.web.body import JSON
from troth.web.limits import Limit
from troth.web.route import Api, Route

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.web.call import Call

LONGEST_NONCE = 64


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program sends: the typed key, a number used once, and which program it is."""

    key: str = msgspec.field()
    nonce: str = ""
    product: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """What it gets back: nothing in it says whose the key is."""

    valid: bool
    code: str
    detail: str
    nonce: str


async def validate(call: Call) -> Response:
    """Say whether a key is good; the answer is signed whatever it says (RFC 9421)."""
    asked = call.json(Validation)
    if len(asked.nonce) > LONGEST_NONCE:
        asked = msgspec.structs.replace(asked, nonce=asked.nonce[:LONGEST_NONCE])
    sent = call.header("content-digest")
    digest = signature.check_digest(sent, call.body) if sent else signature.content_digest(call.body)
    verdict, signer = await call.glance(_judge, asked)
    body = to_json(Answer(verdict.valid, verdict.code, verdict.detail, asked.nonce))
    created = int(call.site.setup.database.clock.now().timestamp())
    answer = signature.Answer(200, body, call.path, digest, created)
    headers = signature.sign(signer, _kid(signer), answer)
    return Response(body, 200, {name.lower(): value for name, value in headers.items()}, media_type=JSON)


@lru_cache(maxsize=8)
def _signer(seed: bytes) -> SigningKey:
    """Return the key of a seed; making it costs more than signing."""
    return SigningKey(seed)


@lru_cache(maxsize=8)
def _kid(signer: SigningKey) -> str:
    return signature.key_id(signer.verify_key.encode())


def _judge(uow: UnitOfWork, asked: Validation) -> tuple[Verdict, SigningKey]:
    return judge(uow, asked.key, asked.product), SigningKey(vault.of(uow).keys.signing["answers"].seed)


async def keys(call: Call) -> Response:
    """Publish the keys answers are signed with, by use; programs pin them, they do not fetch them for trust."""
    return Response(await call.read(published), media_type=JSON)


def published(uow: UnitOfWork) -> bytes:
    """Return the document of public keys."""
    signing = vault.of(uow).keys.signing["answers"]
    key = SigningKey(signing.seed).verify_key.encode()
    return signature.keys_document([signature.PublishedKey(key, date.fromisoformat(signing.since))])


ROUTES = (
    Route(
        "POST",
        "/api/v1/licences/validate",
        validate,
        "api-validate",
        body_limit=4096,
        limits=(Limit("validate", 600, per=60),),
        api=Api("Say whether a licence key is good.", request=Validation, answers={200: Answer}, tag="licences"),
    ),
    Route("GET", "/.well-known/troth-keys.json", keys, "keys", cache=300),
)
