"""Recording answers, and saying whether a basis stands."""

from __future__ import annotations

from collections.abc import Iterable
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

REFUSED = "refused"


def record(uow: UnitOfWork, person: str, given: Iterable[Given], occasion: Occasion) -> None:
    """Keep a sealed receipt of each answer or notice, and let the bases that follow from them stand.

    A refused box leaves a receipt and no basis.
    """
    answers = list(given)
    rules = vault.of(uow).rules
    rows = []
    for one in answers:
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
            policy=rules.hash,
        )
        rows.append(
            {
                "id": row,
                "person": person,
                "kind": one.kind,
                "at": uow.now,
                "policy_revision": rules.revision,
                "receipt_sealed": vault.of(uow).seal(RECEIPT, person, row, content),
            }
        )
    records.add_receipts(uow.db, rows)
    allow(uow, person, (one.purpose for one in answers if one.answer != REFUSED), until=occasion.until)


def allow(uow: UnitOfWork, person: str, purposes: Iterable[Purpose], *, until: datetime | None = None) -> None:
    """Let bases stand (until an instant, or until they are ended)."""
    rows = [
        {"person": person, "purpose": name, "since_at": uow.now, "until_at": until, "ended_at": None}
        for name in dict.fromkeys(purpose.name for purpose in purposes)
    ]
    if rows:
        records.put_bases(uow.db, rows)


class Standing:
    """Says for the vault whether a person's basis for a purpose stands; a legal obligation needs no row."""

    def __init__(self, purposes: Iterable[Purpose]) -> None:
        """Know which purposes rest on a legal obligation."""
        self._legal = frozenset(one.name for one in purposes if one.basis is Basis.LEGAL)

    def __call__(self, uow: UnitOfWork, subject: str, purpose: str) -> bool:
        """Return True while the basis stands."""
        return purpose in self._legal or records.is_alive(uow.db, subject, purpose, uow.now)
