"""A licence as the store keeps it: no key, only the mark it is found by."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.policy.language import Personal

if TYPE_CHECKING:
    from datetime import datetime

    from troth.vault import Sealed


class State(StrEnum):
    """Whether a key opens the program."""

    ACTIVE = "active"
    REPLACED = "replaced"
    REVOKED = "revoked"


class Origin(Personal, frozen=True):
    """What a key was made from beside the order line: the address at purchase and 128 random bits."""

    address: str
    salt: bytes


@dataclass(frozen=True)
class Grounds:
    """What a new licence rests on."""

    person: str
    address: str = field(repr=False)
    product: str
    edition: str
    line: str
    tag: int


@dataclass(frozen=True)
class Licence:
    """One issued licence; the key is made again from the origin when its owner asks.

    Once its person is erased nothing says whose it was, and the key cannot be made again; it goes on working.
    """

    id: str
    person: str | None
    product: str
    edition: str
    line: str
    issue: int
    epoch: int
    tag: int
    state: State
    issued_at: datetime
    origin: Sealed[Origin] | None


@dataclass(frozen=True)
class Verdict:
    """The answer to "is this key good?": nothing in it says whose it is."""

    valid: bool
    code: str
    detail: str


VALID = Verdict(valid=True, code="VALID", detail="This key is good.")
NOT_FOUND = Verdict(valid=False, code="NOT_FOUND", detail="No licence has this key.")
PRODUCT_MISMATCH = Verdict(valid=False, code="PRODUCT_MISMATCH", detail="This key belongs to another program.")
BY_STATE = {
    State.ACTIVE: VALID,
    State.REPLACED: Verdict(valid=False, code="REPLACED", detail="This key was replaced by a newer one."),
    State.REVOKED: Verdict(valid=False, code="REVOKED", detail="This key was withdrawn after a refund."),
}
