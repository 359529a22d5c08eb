"""Products, orders and payments as values.

An order's states, and what moves it (every other move is refused):

    from        paid   fulfilled  failed  cancelled  expired  refunded
    initiated    x                  x        x          x
    failed       x                           x          x
    paid                   x                                     x
    fulfilled                                                    x
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from troth.kernel.money import Money
from troth.policy.language import Personal
from troth.shop.tax import Sum

if TYPE_CHECKING:
    from troth.vault import Sealed

BOUGHT, LINKED = "order", "order-link"
"""What a browser may hold for an order: it bought it, or it used a mail link to it."""
MAIL_LINK = "order"
"""What a mail link to an order opens."""
OPEN_DAYS = 30
REISSUE_LIFE = timedelta(hours=24)
PAGE_MARGIN = timedelta(minutes=2)
PAGE_PATIENCE = timedelta(minutes=10)
_NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Price(msgspec.Struct, frozen=True):
    """A price in one currency, in its minor units; whether it holds tax is the product's matter."""

    currency: str
    minor: int

    @property
    def money(self) -> Money:
        """The price as an amount."""
        return Money(self.minor, self.currency)


class Edition(msgspec.Struct, frozen=True):
    """One way to buy a program; `tag` (0–15) marks it inside the key."""

    id: str
    name: str
    per: str
    differs: tuple[str, ...]
    tag: int
    prices: tuple[Price, ...]

    def find_price(self, currency: str) -> Price | None:
        """Return the price in a currency, or None."""
        return next((one for one in self.prices if one.currency == currency), None)


class News(msgspec.Struct, frozen=True):
    """What a version brought."""

    version: str
    released_on: date
    changes: tuple[str, ...]


class Question(msgspec.Struct, frozen=True):
    """A question buyers ask, and the answer."""

    question: str
    answer: str


class Picture(msgspec.Struct, frozen=True):
    """A real picture of the program; `object` is a file beside the product file, afterwards the object kept of it."""

    object: str = msgspec.field(name="file")
    alt: str
    width: int
    height: int
    caption: str = ""


class Product(msgspec.Struct, frozen=True):
    """A program as its page shows it; the first edition is the one offered first."""

    slug: str
    title: str
    promise: str
    editions: tuple[Edition, ...]
    includes_tax: bool
    lead: str = ""
    points: tuple[str, ...] = ()
    badge: str = ""
    picture: Picture | None = None
    requirements: str = ""
    licence: tuple[str, ...] = ()
    news: tuple[News, ...] = ()
    questions: tuple[Question, ...] = ()
    steps: tuple[str, ...] = ()

    def find_edition(self, edition: str) -> Edition | None:
        """Return an edition by its id, or None."""
        return next((one for one in self.editions if one.id == edition), None)


@dataclass(frozen=True)
class Release:
    """A file people download; `trial` ones are open to everybody."""

    id: str
    product: str
    version: str
    label: str
    os: str
    trial: bool
    name: str
    object: str
    size: int
    sha256: str
    released_on: date


class State(StrEnum):
    """Where an order stands."""

    INITIATED = "initiated"
    PAID = "paid"
    FULFILLED = "fulfilled"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.INITIATED: frozenset({State.PAID, State.FAILED, State.CANCELLED, State.EXPIRED}),
    State.FAILED: frozenset({State.PAID, State.CANCELLED, State.EXPIRED}),
    State.PAID: frozenset({State.FULFILLED, State.REFUNDED}),
    State.FULFILLED: frozenset({State.REFUNDED}),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REFUNDED: frozenset(),
}


PAYABLE = frozenset({State.INITIATED, State.FAILED})
"""The states in which an order can be paid."""


def sources(target: State) -> tuple[State, ...]:
    """Return the states from which an order may come to `target`."""
    return tuple(state for state, targets in TRANSITIONS.items() if target in targets)


class Method(StrEnum):
    """How an order is paid."""

    CARD = "card"
    BANK = "bank"


class Flag(StrEnum):
    """Why the maker should look at an order; the words stand in lists and in the office."""

    COUNTRY = "country differs"
    SUM = "paid another amount: refund it"
    AGAIN = "paid twice or too late: refund it"
    FOREIGN = "payment of another mode or order"
    PART = "refunded in part at the provider"
    REFUSED = "the provider refused the refund"
    GONE = "its edition is no longer offered"


class Draft(Personal, frozen=True):
    """What a buyer typed, while nothing is paid; `token` opens the order's page."""

    email: str
    token: str
    name: str = ""
    address: str = ""
    vat_id: str = ""


class Buyer(Personal, frozen=True):
    """What is kept of a paying buyer to help later."""

    email: str
    token: str


class Invoice(Personal, frozen=True):
    """What the books must name of a business; empty for a consumer."""

    name: str
    address: str
    vat_id: str


@dataclass(frozen=True)
class Checkout:
    """Everything a checkout hands over, from the form or the API.

    `shown` is the sum the buyer saw (None: none was shown).
    """

    product: str
    edition: str
    email: str = field(repr=False)
    country: str
    currency: str
    shown: Money | None = None
    business: bool = False
    name: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    vat_id: str = field(default="", repr=False)
    method: Method = Method.CARD
    deliver_now: bool = False
    waiver: bool = False
    news: bool = False
    no_similar: bool = False
    once: str | None = field(default=None, repr=False)
    language: str = "en"
    form: str = "checkout"


@dataclass(frozen=True)
class Order:
    """An order as the store keeps it; what names a person is sealed."""

    id: str
    number: str
    person: str
    state: State
    product: str
    edition: str
    sum: Sum
    tax_country: str
    tax_rate: int
    tax_notice: str
    country: str
    business: bool
    method: Method
    language: str
    flag: str
    created_at: datetime
    deliver_at: datetime | None
    paid_at: datetime | None
    fulfilled_at: datetime | None
    refunded_at: datetime | None
    waits: bool
    asked: bool
    draft: Sealed[Draft] | None
    buyer: Sealed[Buyer] | None
    invoice: Sealed[Invoice] | None

    @property
    def line(self) -> str:
        """The name of its one line, which the licence key is made for."""
        return f"{self.id}-1"

    @property
    def agreed(self) -> bool:
        """Whether the buyer ticked both boxes about delivery before the withdrawal period ends."""
        return not self.waits and self.asked

    @property
    def expires_at(self) -> datetime:
        """When an unpaid order is forgotten."""
        return self.created_at + timedelta(days=OPEN_DAYS)


@dataclass(frozen=True)
class Attempt:
    """One try to pay an order with a provider."""

    id: str
    order: str
    provider: str
    reference: str | None
    url: str | None
    state: str
    created_at: datetime
    expires_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """Whether a buyer can still pay on its page, with some time to do so."""
        return self.url is not None and self.expires_at is not None and self.expires_at > now + PAGE_MARGIN

    def is_under_way(self, now: datetime) -> bool:
        """Whether the provider was asked for its page a little while ago and has not been heard."""
        return self.reference is None and self.created_at > now - PAGE_PATIENCE


@dataclass(frozen=True)
class Payment:
    """One row of the ledger; `minor` is negative for a refund."""

    number: int
    id: str
    order: str
    kind: str
    provider: str
    reference: str
    minor: int
    currency: str
    at: datetime
    hash: bytes


def new_order_number() -> str:
    """Return a number to read out: eight characters without look-alikes, random, so that it tells no sales."""
    letters = "".join(secrets.choice(_NUMBER_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
