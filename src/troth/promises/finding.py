"""What one proof found: counts, checksums and faults, none of which may hold a person's value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_MOST_FAULTS: Final = 20


@dataclass
class Finding:
    """Gathers what a proof sees; without a fault it is green."""

    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def green(self) -> bool:
        """Whether nothing was wrong."""
        return not self.faults

    def require(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Note a fault unless something holds; the first twenty are kept."""
        if not holds and len(self.faults) < _MOST_FAULTS:
            self.faults.append(otherwise)

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[what] = self.counts.get(what, 0) + number

    def blame(self, lines: Iterable[str]) -> None:
        """Note a fault for each line."""
        for line in lines:
            self.require(holds=False, otherwise=line)
