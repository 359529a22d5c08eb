"""Housekeeping: sessions and links that are over, and keys of people who never came to be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth import vault
from troth.kernel.jobs import Later, Payload
from troth.people import records

if TYPE_CHECKING:
    from troth.kernel.work import Database

EVERY = timedelta(hours=1)


def tidy(database: Database, _payload: Payload) -> None:
    """Drop what has ended; asks to be called again in an hour."""
    with database.begin() as uow:
        records.delete_ended(uow.db, uow.now)
        vault.of(uow).sweep_orphans()
        again = uow.now + EVERY
    raise Later(again)


HANDLERS = {"people.tidy": tidy}
PERIODIC = ("people.tidy",)
