"""Receipts: what somebody was shown and what they answered (fields after ISO/IEC TS 27560 and GDPR Art. 7(1))."""

from __future__ import annotations

from dataclasses import dataclass

from troth.policy.language import Personal, Purpose


class Receipt(Personal, frozen=True):
    """The proof of one answer or notice: the words shown, the answer, and where; sealed under the person's key."""

    purpose: str
    basis: str
    shown: str
    answer: str
    method: str
    language: str
    thing: str
    at: str
    policy: str


@dataclass(frozen=True)
class Given:
    """One answer to record: `answer` is given | refused for a box, notified for a notice, contract for a basis."""

    purpose: Purpose
    kind: str
    shown: str
    answer: str


@dataclass(frozen=True)
class Occasion:
    """Where the answers were given: on which form, for which thing, in which language."""

    method: str
    thing: str
    language: str
