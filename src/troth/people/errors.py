"""What people and their links can get wrong.

TrothError
├── Conflict ── LinkSpent     a mail link was used already or is too old
└── NotFound ── PersonUnknown no person of that id
"""

from __future__ import annotations

from troth.kernel.errors import Conflict, NotFound


class LinkSpent(Conflict):
    """This link was used already or is older than it may be. Nothing is lost: ask for a new one."""


class PersonUnknown(NotFound):
    """There is no such person in this store."""
