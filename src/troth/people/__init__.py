"""People: a person is an e-mail address, sealed and found by a blind index; a browser holds grants to single things.

Buyers have no account yet: the browser that bought, or a fresh single-use mail link, opens an order.
"""

from troth.people.address import AddressRefused, normalise
from troth.people.model import Grant, PersonId, Visitor
from troth.people.service import (
    check_link,
    find_person,
    get_address,
    get_or_add_person,
    grant,
    make_link,
    spend_link,
    visitor,
    withdraw_grants,
    withdraw_links,
)

__all__ = [
    "AddressRefused",
    "Grant",
    "PersonId",
    "Visitor",
    "check_link",
    "find_person",
    "get_address",
    "get_or_add_person",
    "grant",
    "make_link",
    "normalise",
    "spend_link",
    "visitor",
    "withdraw_grants",
    "withdraw_links",
]
