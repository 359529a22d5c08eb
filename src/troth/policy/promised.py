"""What `/promises` and `troth promises` show of each sentence, given the lock and the evidence of the last proofs.

A disclosed sentence is shown as soon as its probes are installed; a promised one is first shown when proven, and stands
struck through once its proof fails or goes stale. Without evidence both are `unpublished`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from troth.policy.language import Kind
from troth.policy.lock import Lock, LockedSentence


class Status(StrEnum):
    """What the last proof of a sentence said."""

    PROVEN = "proven"
    FAILED = "failed"
    STALE = "stale"
    UNPUBLISHED = "unpublished"


class Evidence(msgspec.Struct, frozen=True):
    """What is known of one sentence; `where` is twin or live, `ever_proven` whether it was published before."""

    number: int
    status: Status
    where: str
    proven_at: datetime | None
    ever_proven: bool


class Promise(msgspec.Struct, frozen=True):
    """One sentence as it is shown; `published` False: it is listed as not yet promised."""

    number: int
    kind: Kind
    sentence: str
    plain: str
    original: str | None
    status: Status
    where: str
    probes: tuple[str, ...]
    proven_at: datetime | None
    published: bool
    struck: bool


def list_promises(lock: Lock, evidence: Iterable[Evidence], *, installed: Collection[str]) -> tuple[Promise, ...]:
    """Return every declared sentence by number; `installed` names the probes this machine has.

    A sentence one of whose probes is missing is never proven.
    """
    known = {one.number: one for one in evidence}
    return tuple(_promise(sentence, known.get(sentence.number), set(installed)) for sentence in lock.sentences)


def _promise(sentence: LockedSentence, known: Evidence | None, installed: set[str]) -> Promise:
    provable = set(sentence.probes) <= installed
    status = known.status if known is not None and provable else Status.UNPUBLISHED
    promised = sentence.kind is Kind.PROMISES
    published = known is not None and known.ever_proven if promised else provable
    return Promise(
        number=sentence.number,
        kind=sentence.kind,
        sentence=sentence.text,
        plain=sentence.plain,
        original=sentence.original,
        status=status,
        where=known.where if known is not None else "",
        probes=sentence.probes,
        proven_at=known.proven_at if known is not None else None,
        published=published,
        struck=promised and published and status is not Status.PROVEN,
    )
