"""Who somebody is, and which browser may see what.

A session is nobody: it is a browser with grants to single things (an order, the office). Typing somebody's address
never opens anything of theirs; only buying in this browser or a fresh mail link does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth import vault
from troth.kernel.ids import new_id, new_token, token_index
from troth.people import records
from troth.people.address import normalise
from troth.people.errors import LinkSpent, PersonUnknown
from troth.people.model import SESSION_LIFE, Address, Grant, PersonId, Visitor
from troth.people.policy import ADDRESS, FIND
from troth.vault.errors import BasisEnded, Tampered

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.vault import Sealed

_TABLE = "person"


def find_person(uow: UnitOfWork, address: str, *, role: str = "job") -> PersonId | None:
    """Return the person with this address, or None; the opened value is compared after a hit of the blind index.

    Somebody whose basis has ended, after an order that was never paid, is not found until they order again.
    """
    wanted = normalise(address)
    found = records.find_person(uow.db, vault.of(uow).index(_TABLE, wanted))
    if found is None:
        return None
    try:
        return found[0] if _is(uow, found[1], wanted, role) else None
    except BasisEnded:
        return None


def get_or_add_person(uow: UnitOfWork, address: str) -> PersonId:
    """Return the person with this address, adding one if there is none.

    For somebody who orders now. Raises `AddressRefused`, or `Tampered` if index and address of a row disagree.
    """
    wanted, session = normalise(address), vault.of(uow)
    index = session.index(_TABLE, wanted)
    known = records.find_person(uow.db, index)
    if known is not None:
        try:
            same = _is(uow, known[1], wanted, "job")
        except BasisEnded:
            # Closed since an order that was never paid; the order that is being placed opens it again.
            same = True
        if not same:
            raise Tampered
        return known[0]
    person = PersonId(new_id())
    sealed = session.seal(ADDRESS, person, person, Address(wanted))
    added = records.add_person(uow.db, person, created_at=uow.now, address_index=index, address_sealed=sealed)
    return person if added else get_or_add_person(uow, address)


def _is(uow: UnitOfWork, sealed: Sealed[Address], wanted: str, role: str) -> bool:
    with vault.purpose(uow, FIND, role=role):
        return sealed.open().address == wanted


def get_address(uow: UnitOfWork, person: PersonId, *, role: str) -> str:
    """Return a person's address for a role that may know it; raises `PersonUnknown`."""
    sealed = records.find_address(uow.db, person)
    if sealed is None:
        raise PersonUnknown
    with vault.purpose(uow, FIND, role=role):
        return sealed.open().address


def grant(uow: UnitOfWork, token: str | None, kind: str, thing: str, *, life: timedelta = SESSION_LIFE) -> str:
    """Let this browser see a thing; return its session token, a new one if it had none that is still known.

    The session lasts as long as the cookie that is set with it: from now on.
    """
    end = uow.now + SESSION_LIFE
    if token is None or not records.prolong_session(uow.db, token_index(token), now=uow.now, expires_at=end):
        token = new_token()
        records.add_session(uow.db, token_index(token), created_at=uow.now, expires_at=end)
    records.add_grant(uow.db, token_index(token), Grant(kind, thing, uow.now, uow.now + life))
    return token


def visitor(uow: UnitOfWork, token: str | None) -> Visitor:
    """Return what the browser with this token may see; an unknown token is a browser that may see nothing special."""
    return Visitor(() if token is None else records.list_grants(uow.db, token_index(token), uow.now))


def withdraw_grants(uow: UnitOfWork, kind: str, thing: str) -> None:
    """Close a thing to every browser."""
    records.delete_grants(uow.db, kind, thing)


def withdraw_links(uow: UnitOfWork, kind: str, thing: str) -> None:
    """Let no link that was made open a thing any more."""
    records.delete_links(uow.db, kind, thing)


def make_link(uow: UnitOfWork, kind: str, thing: str, *, life: timedelta) -> str:
    """Return the token of a link that opens a thing once, within `life`."""
    token = new_token()
    records.add_link(uow.db, token_index(token), Grant(kind, thing, uow.now, uow.now + life))
    return token


def check_link(uow: UnitOfWork, token: str) -> Grant:
    """Return what a link would open, without using it; raises `LinkSpent`."""
    found = records.find_link(uow.db, token_index(token), uow.now)
    if found is None:
        raise LinkSpent
    return found


def spend_link(uow: UnitOfWork, token: str) -> Grant:
    """Use a link; raises `LinkSpent` if it is unknown, used already or too old."""
    found = records.spend_link(uow.db, token_index(token), uow.now)
    if found is None:
        raise LinkSpent
    return found
