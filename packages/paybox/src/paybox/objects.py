"""What the book holds: frozen records in Stripe's words, amounts in minor units, instants in Unix seconds.

A change makes a new record (`dataclasses.replace`), so an event can keep the record as it was, as Stripe does.
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ALPHABET = (string.ascii_letters + string.digits).encode()
LETTER_OF_BYTE = bytes(ALPHABET[byte % len(ALPHABET)] for byte in range(256))

SessionStatus: TypeAlias = Literal["open", "complete", "expired"]
IntentStatus: TypeAlias = Literal["requires_payment_method", "requires_confirmation", "succeeded", "canceled"]


class Ids:
    """Names in Stripe's shape and length; the same seed gives the same names."""

    def __init__(self, seed: int | None = None) -> None:
        """Draw from the operating system's randomness, or repeat a seed."""
        self._random = random.Random(seed)  # noqa: S311 - names of test objects, not secrets

    def new(self, prefix: str, length: int) -> str:
        """Return `prefix` and `length` random letters and digits."""
        return prefix + self._random.randbytes(length).translate(LETTER_OF_BYTE).decode()


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a session: what is sold, at how much a piece, how many."""

    name: str
    unit_amount: int
    quantity: int = 1
    description: str | None = None
    id: str = ""
    price: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What a shop asks for when it creates a Checkout Session; `echo` is kept and answered, without effect."""

    lines: tuple[LineItem, ...]
    currency: str
    success_url: str
    cancel_url: str | None = None
    client_reference_id: str | None = None
    customer_email: str | None = None
    expires_at: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    echo: Mapping[str, object] = field(default_factory=dict)
    intent_description: str | None = None
    intent_metadata: Mapping[str, str] = field(default_factory=dict)
    intent_echo: Mapping[str, object] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        """The sum of all lines."""
        return sum(line.unit_amount * line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class Session:
    """A Checkout Session; pays at most once."""

    id: str
    created: int
    expires_at: int
    terms: SessionTerms
    status: SessionStatus = "open"
    intent: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """The card someone pays with: country of its bank, and why it declines, if it does (a Stripe decline code)."""

    country: str = "DE"
    decline: str | None = None
    brand: str = "visa"
    last4: str = "4242"
    method: str = ""


@dataclass(frozen=True, slots=True)
class IntentTerms:
    """What a PaymentIntent is created with."""

    amount: int
    currency: str
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    card: Card | None = None
    echo: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """A PaymentIntent, from asking to paid."""

    id: str
    created: int
    terms: IntentTerms
    status: IntentStatus
    session: str | None = None
    card: Card | None = None
    charge: str | None = None
    decline: str | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """One try to move the money; `refunded` never exceeds `amount`."""

    id: str
    created: int
    intent: str
    amount: int
    currency: str
    card: Card
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    email: str | None = None
    refunded: int = 0

    @property
    def paid(self) -> bool:
        """Whether the card accepted."""
        return self.card.decline is None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back from one charge."""

    id: str
    created: int
    charge: str
    intent: str
    amount: int
    currency: str
    reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """The API request that led to an event; both empty when a person on the page or the clock did."""

    request: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with its subject as it was at that moment."""

    id: str
    created: int
    type: str
    subject: Session | Intent | Charge
    cause: Cause = field(default_factory=Cause)


Thing: TypeAlias = Session | Intent | Charge | Refund
