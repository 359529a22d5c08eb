"""Recording answers, and saying whether a basis stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from troth import vault
from troth.consent import records
from troth.consent.model import Given, Occasion, Receipt
from troth.consent.policy import RECEIPT
from troth.kernel.ids import new_id
from troth.policy.language import Basis

if TYPE_CHECKING:
    from datetime import datetime

    from troth.kernel.work import UnitOfWork
    from troth.policy.language import Purpose


def record(uow: UnitOfWork, person: str, given: Iterable[Given], occasion: Occasion) -> None:
    """Keep a sealed receipt of each answer or notice; which bases follow from them is said by `allow`."""
    session = vault.of(uow)
    rows = []
    for one in given:
        row = new_id()
        content = Receipt(
            purpose=one.purpose.name,
            basis=one.purpose.basis.value,
            shown=one.shown,
            answer=one.answer,
            method=occasion.method,
            language=occasion.language,
            thing=occasion.thing,
            at=uow.now.isoformat(),
            policy=session.rules.hash,
        )
        rows.append(
            {
                "id": row,
                "person": person,
                "kind": one.kind,
                "at": uow.now,
                "policy_revision": session.rules.revision,
                "receipt_sealed": session.seal(RECEIPT, person, row, content),
            }
        )
    if rows:
        records.add_receipts(uow.db, rows)


def allow(uow: UnitOfWork, person: str, bases: Mapping[Purpose, datetime | None]) -> None:
    """Let bases stand, each until an instant, or (None) until it is ended."""
    rows = [
        {"person": person, "purpose": purpose.name, "since_at": uow.now, "until_at": until, "ended_at": None}
        for purpose, until in bases.items()
    ]
    if rows:
        records.put_bases(uow.db, rows)


def prolong(uow: UnitOfWork, person: str, purpose: Purpose) -> None:
    """Let a basis that stands for a time stand until it is ended; one that does not stand stays so."""
    if records.is_alive(uow.db, person, purpose.name, uow.now):
        allow(uow, person, {purpose: None})


def end(uow: UnitOfWork, person: str, purposes: Iterable[Purpose]) -> None:
    """End bases that stand, now."""
    records.end_bases(uow.db, person, [one.name for one in purposes], uow.now)


def shorten(uow: UnitOfWork, person: str, purpose: Purpose, *, until: datetime) -> None:
    """Let a basis that stands end at an instant, or before if it would have."""
    records.shorten_basis(uow.db, person, purpose.name, until)


class Standing:
    """Says for the vault whether a person's basis for a purpose stands; a legal obligation needs no row."""

    def __init__(self, purposes: Iterable[Purpose]) -> None:
        """Know which purposes rest on a legal obligation."""
        self._legal = frozenset(one.name for one in purposes if one.basis is Basis.LEGAL)

    def __call__(self, uow: UnitOfWork, subject: str, purpose: str) -> bool:
        """Return True while the basis stands."""
        return purpose in self._legal or records.is_alive(uow.db, subject, purpose, uow.now)
