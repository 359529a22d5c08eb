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

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork

_TABLE = "person"


def find_person(uow: UnitOfWork, address: str, *, role: str = "job") -> PersonId | None:
    """Return the person with this address, or None; the opened value is compared after a hit of the blind index."""
    wanted = normalise(address)
    found = records.find_person(uow.db, vault.of(uow).index(_TABLE, wanted))
    if found is None:
        return None
    with vault.purpose(uow, FIND, role=role):
        return found[0] if found[1].open().address == wanted else None


def get_or_add_person(uow: UnitOfWork, address: str) -> PersonId:
    """Return the person with this address, adding one if there is none; raises `AddressRefused`."""
    known = find_person(uow, address)
    if known is not None:
        return known
    wanted, person = normalise(address), PersonId(new_id())
    session = vault.of(uow)
    added = records.add_person(
        uow.db,
        person,
        created_at=uow.now,
        address_index=session.index(_TABLE, wanted),
        address_sealed=session.seal(ADDRESS, person, person, Address(wanted)),
    )
    return person if added else get_or_add_person(uow, address)


def get_address(uow: UnitOfWork, person: PersonId, *, role: str) -> str:
    """Return a person's address for a role that may know it; raises `PersonUnknown`."""
    sealed = records.find_address(uow.db, person)
    if sealed is None:
        raise PersonUnknown
    with vault.purpose(uow, FIND, role=role):
        return sealed.open().address


def grant(uow: UnitOfWork, token: str | None, kind: str, thing: str, *, life: timedelta = SESSION_LIFE) -> str:
    """Let this browser see a thing; return its session token, a new one if it had none that is still known."""
    if token is None or not records.has_session(uow.db, token_index(token), uow.now):
        token = new_token()
        records.add_session(uow.db, token_index(token), created_at=uow.now, expires_at=uow.now + SESSION_LIFE)
    records.add_grant(uow.db, token_index(token), Grant(kind, thing, uow.now, uow.now + life))
    return token


def visitor(uow: UnitOfWork, token: str | None) -> Visitor:
    """Return what the browser with this token may see; an unknown token is a browser that may see nothing special."""
    return Visitor(() if token is None else records.list_grants(uow.db, token_index(token), uow.now))


def withdraw_grants(uow: UnitOfWork, kind: str, thing: str) -> None:
    """Close a thing to every browser."""
    records.delete_grants(uow.db, kind, thing)


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
