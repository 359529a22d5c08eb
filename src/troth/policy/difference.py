"""The difference between two policies: changes in plain words, each in one of three directions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override

from troth.policy.phrase import ENGLISH, Phrase, Translations, counted, listed

Path = tuple[str, ...]
"""Where a statement stands in the lock file, key by key."""


class Direction(StrEnum):
    """Whether a change asks more of people, less, or only says it otherwise."""

    WIDENING = "widening"
    NARROWING = "narrowing"
    WORDING = "wording"


@dataclass(frozen=True)
class Change:
    """One change; `path` names the statement in the lock file."""

    direction: Direction
    path: Path
    said: Phrase


@dataclass(frozen=True)
class Difference:
    """All changes between two policies: widening first, then narrowing, then wording."""

    changes: tuple[Change, ...]

    def of(self, direction: Direction) -> tuple[Change, ...]:
        """Return the changes of one direction."""
        return tuple(change for change in self.changes if change.direction == direction)

    @property
    def widens(self) -> bool:
        """Whether consent given under the old policy no longer covers the new one."""
        return bool(self.of(Direction.WIDENING))

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.changes)

    @override
    def __str__(self) -> str:
        """Return one line per change, in English."""
        return "\n".join(f"  {change.direction}: {change.said}" for change in self.changes)

    def summary(self, translations: Translations = ENGLISH) -> str:
        """Return how much changed in each direction, as one line."""
        ngettext = counted
        widening, narrowing, wording = (len(self.of(direction)) for direction in Direction)
        told = {
            ngettext("%(count)d change asks for more", "%(count)d changes ask for more", widening): widening,
            ngettext("%(count)d change asks for less", "%(count)d changes ask for less", narrowing): narrowing,
            ngettext("%(count)d change of wording", "%(count)d changes of wording", wording): wording,
        }
        return listed(tuple(phrase for phrase, count in told.items() if count)).into(translations)
