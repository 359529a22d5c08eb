"""Issuing keys, making one again for its owner, and saying whether a typed key is good."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from troth import vault
from troth.kernel.ids import new_id
from troth.licences import records
from troth.licences.errors import LicenceUnknown
from troth.licences.key import KeyFacts, KeyRefused, LicenceKey, licence_index, make, parse
from troth.licences.model import (
    BY_STATE,
    NOT_FOUND,
    PRODUCT_MISMATCH,
    Grounds,
    Licence,
    Origin,
    State,
    Verdict,
)
from troth.licences.policy import LICENCE, ORIGIN

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork

SALT_BYTES = 16


def issue(uow: UnitOfWork, grounds: Grounds) -> LicenceKey:
    """Make and keep a licence for an order line; the next issue number if the line had one, which is then replaced.

    The key itself is not stored: only a blind index of it, and its origin sealed for the owner.
    """
    earlier = records.find_by_line(uow.db, grounds.line)
    number = 1 if earlier is None else earlier.issue + 1
    records.move_state(uow.db, grounds.line, to=State.REPLACED)
    session = vault.of(uow)
    epoch = session.keys.licence_epoch
    origin = Origin(address=grounds.address, salt=os.urandom(SALT_BYTES))
    facts = KeyFacts(
        session.keys.store_id, grounds.product, grounds.line, number, salt=origin.salt, address=origin.address
    )
    key = make(session.keys.licence[epoch], facts, epoch=epoch, tag=grounds.tag)
    row = new_id()
    records.add_licence(
        uow.db,
        {
            "id": row,
            "key_index": licence_index(session.keys.licence[epoch], key),
            "person": grounds.person,
            "product": grounds.product,
            "edition": grounds.edition,
            "line": grounds.line,
            "issue": number,
            "epoch": epoch,
            "tag": grounds.tag,
            "state": State.ACTIVE.value,
            "issued_at": uow.now,
            "origin_sealed": session.seal(ORIGIN, grounds.person, row, origin),
        },
    )
    return key


def find_licence(uow: UnitOfWork, line: str) -> Licence | None:
    """Return the newest licence of an order line, or None."""
    return records.find_by_line(uow.db, line)


def show_key(uow: UnitOfWork, line: str, *, role: str) -> LicenceKey:
    """Make the key of an order line again for its owner; raises `LicenceUnknown`."""
    found = records.find_by_line(uow.db, line)
    if found is None or found.origin is None or found.state is not State.ACTIVE:
        raise LicenceUnknown
    keys = vault.of(uow).keys
    with vault.purpose(uow, LICENCE, role=role):
        origin = found.origin.open()
    facts = KeyFacts(keys.store_id, found.product, found.line, found.issue, salt=origin.salt, address=origin.address)
    return make(keys.licence[found.epoch], facts, epoch=found.epoch, tag=found.tag)


def revoke(uow: UnitOfWork, line: str) -> None:
    """Withdraw the key of an order line."""
    records.move_state(uow.db, line, to=State.REVOKED)


def judge(uow: UnitOfWork, typed: str, product: str | None = None) -> Verdict:
    """Say whether a typed key is good (for a product): exact characters only, the corrector is the client's.

    An unreadable and an unknown key get the same verdict. Reads one row and opens nothing personal.
    """
    try:
        key = parse(typed)
    except KeyRefused:
        return NOT_FOUND
    master = vault.of(uow).keys.licence.get(key.epoch)
    found = None if master is None else records.find_by_key(uow.db, licence_index(master, key))
    if found is None:
        return NOT_FOUND
    state, of_product = found
    if product is not None and product != of_product:
        return PRODUCT_MISMATCH
    return BY_STATE[state]
