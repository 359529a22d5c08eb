"""The way out: who renders, who delivers (Protocols that assembly fills in), what a list of mail shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Where a mail stands: `queued → sent | failed | dropped`; only a queued mail has a body."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Renderer(Protocol):
    """Fills in templates."""

    def render(self, name: str, language: str, context: Mapping[str, object]) -> str:
        """Return the template `name` (like `mail/key.txt`), filled in; a text's first line is the subject."""
        ...


class Delivery(Protocol):
    """Hands a message to the next server, or to a sink."""

    def deliver(self, message: bytes, *, sender: str, recipient: str, mail_id: str) -> None:
        """Return once the message is safely taken; raises `DeliveryDelayed` or `DeliveryRefused`.

        The same `mail_id` may come again after a crash; a delivery that can tell takes it once.
        """
        ...


@dataclass(frozen=True)
class Post:
    """What this process sends mail with; a resource of every unit of work, from `Database.factories`."""

    renderer: Renderer
    delivery: Delivery

    def before_commit(self) -> None:
        """Nothing waits here: letters are rows of the unit's own transaction."""

    def close(self) -> None:
        """Nothing is held here."""


@dataclass(frozen=True)
class Mail:
    """A mail as staff may see it in a list: nothing in it names anybody."""

    id: str
    kind: str
    purpose: str
    state: State
    tries: int
    queued_at: datetime
    sent_at: datetime | None
    message_id: str
    failure: str | None
