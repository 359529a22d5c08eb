"""The shape of the published policy: sections, items and facts, all of them data.

Items carry a `key` (`record:NAME/TOPIC`, `purpose:NAME`, `cookie:NAME` …) that serves as anchor, and by which a test
proves that nothing in the lock is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from troth.policy.difference import Change
from troth.policy.lock import Controller
from troth.policy.phrase import Phrase


@dataclass(frozen=True)
class Fact:
    """One labelled statement about an item."""

    label: Phrase
    text: Phrase


@dataclass(frozen=True)
class Item:
    """One thing of a section: opening sentences and facts."""

    key: str
    title: Phrase
    facts: tuple[Fact, ...] = ()
    lead: tuple[Phrase, ...] = ()


@dataclass(frozen=True)
class Section:
    """One question of the reader: opening sentences, items, and sections inside."""

    key: str
    title: Phrase
    lead: tuple[Phrase, ...] = ()
    items: tuple[Item, ...] = ()
    sections: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Section]:
        """Yield this section and every one inside it, in reading order."""
        yield self
        for inner in self.sections:
            yield from inner.walk()


@dataclass(frozen=True)
class Revised:
    """One entry of the dated history; the first revision has no changes, it is the beginning."""

    revision: int
    hash: str
    accepted_at: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class PolicyDocument:
    """The whole policy: five lines, five sections, what is said plainly, and the history, newest first."""

    controller: Controller
    revision: int
    hash: str
    summary: tuple[Phrase, ...]
    sections: tuple[Section, ...]
    plainly: tuple[Phrase, ...]
    history: tuple[Revised, ...]

    def items(self) -> Iterator[Item]:
        """Yield every item of every section, in reading order."""
        for section in self.sections:
            for inner in section.walk():
                yield from inner.items
