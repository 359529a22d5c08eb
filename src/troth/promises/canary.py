"""Made-up people, each of whose values is unique: whoever meets one of them anywhere knows whose it was.

They exist in a twin only. Every value holds the run's marker, a word nobody else uses; VAT numbers, which are digits,
are drawn at random and pass their check (ISO 7064 MOD 11,10).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from troth.promises.search import Secret

_LETTERS: Final = "bcdfghjkmnpqrstvwxz"
_DIGITS: Final = "23456789"
COUNTRY: Final = "DE"
"""Where they all live: a country every store's tax rule knows."""


def new_marker() -> str:
    """Return a word of eight letters and digits that begins with a letter and was never used."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(7))


@dataclass(frozen=True)
class Canary:
    """A made-up person; `name`, `address` and `vat_id` are typed by those who buy as a business."""

    letter: str
    email: str
    name: str
    address: str
    vat_id: str

    @classmethod
    def hatch(cls, letter: str, marker: str) -> Canary:
        """Make a person with values nobody else has."""

        def word() -> str:
            return marker + "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(8))

        street, town = word(), word()
        return cls(
            letter=letter,
            email=f"{word()}@{word()}.example",
            name=f"Zoë {word().capitalize()} & Söhne",
            address=f"Straße {street} 7\n24103 {town}",
            vat_id=f"{COUNTRY}{_vat_digits()}",
        )

    def secrets(self) -> Iterator[Secret]:
        """Yield what must be found nowhere: each typed value without the signs that every encoding changes."""
        local, _, domain = self.email.partition("@")
        yield Secret(self.letter, "e-mail address", local)
        yield Secret(self.letter, "e-mail domain", domain.partition(".")[0])
        yield Secret(self.letter, "name", self.name.split()[1])
        yield Secret(self.letter, "street", self.address.split()[1])
        yield Secret(self.letter, "town", self.address.split()[-1])
        yield Secret(self.letter, "VAT number", self.vat_id.removeprefix(COUNTRY))


def _vat_digits() -> str:
    """Return nine digits that a German VAT number may have."""
    digits = [1 + secrets.randbelow(9), *(secrets.randbelow(10) for _ in range(7))]
    rest = 10
    for digit in digits:
        rest = (rest + digit) % 10 or 10
        rest = 2 * rest % 11
    return "".join(map(str, [*digits, (11 - rest) % 10]))
