"""A person is an e-mail address; a session is a browser that was shown something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from troth.policy.language import Personal

PersonId = NewType("PersonId", str)

SESSION_LIFE = timedelta(days=30)
LINK_LIFE = timedelta(minutes=15)
INVITATION_LIFE = timedelta(minutes=10)
OFFICE_LIFE = timedelta(hours=8)


class Address(Personal, frozen=True):
    """An e-mail address, normalised as `people.address.normalise` does."""

    address: str


@dataclass(frozen=True)
class Grant:
    """What a session or a link opens: a kind of thing and its id, until an instant."""

    kind: str
    thing: str
    granted_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Visitor:
    """A session as a page needs it: what it may see. The token itself stays in the cookie."""

    grants: tuple[Grant, ...] = ()

    def find(self, kind: str, thing: str) -> Grant | None:
        """Return the grant for a thing, or None."""
        return next((one for one in self.grants if one.kind == kind and one.thing == thing), None)
