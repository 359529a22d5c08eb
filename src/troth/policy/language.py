"""The language in which a part declares what it collects.

Each part makes one `PartPolicy` in its `policy.py`; the compiler reads them all and yields the lock from which the
published policy, the form notes, the cookie gate, the vault's gate, export, erasure and retention follow.
A field, column, cookie, recipient or file store that no part declares does not build.
Terms follow GDPR Art. 4–6, 13 and 30; purposes map to the W3C Data Privacy Vocabulary in `dpv`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from typing_extensions import override

S_co = TypeVar("S_co", bound=msgspec.Struct, covariant=True)


class Personal(msgspec.Struct, frozen=True):
    """What a sealed record holds once opened; its repr is a marker, so that no log or traceback shows a person."""

    @override
    def __repr__(self) -> str:
        """Name the kind, never the values."""
        return f"<personal {type(self).__name__}>"

    @override
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show as little to tools that ask for a richer repr; msgspec's own would list the values."""
        return []


class Basis(StrEnum):
    """Why we may (GDPR Art. 6(1))."""

    CONTRACT = "contract"
    LEGAL = "legal obligation"
    CONSENT = "consent"
    INTEREST = "legitimate interest"


class Kind(StrEnum):
    """Discloses (we tell you what we do) or promises (published once proven)."""

    DISCLOSES = "discloses"
    PROMISES = "promises"


class CookieCategory(StrEnum):
    """The three categories a visitor can tell apart."""

    MANDATORY = "mandatory"
    ANALYTICAL = "analytical"
    TARGET = "target"


class Topic(StrEnum):
    """The heading of the published policy under which a reader looks for a field."""

    EMAIL = "email"
    PURCHASE = "purchase"
    VISIT = "visit"
    FILES = "files"
    OTHER = "other"


class OnErase(StrEnum):
    """What happens to a table's rows when a person is erased."""

    DELETE = "delete"
    SEVER = "sever"
    KEEP = "keep"


@dataclass(frozen=True)
class Purpose:
    """One reason to collect and open data; `text` completes "We use it …" and is published.

    A purpose on the basis of consent names what the consent is given with: the cookie `category`, or the kind of `mail`
    that is asked for by its own box.
    """

    name: str
    basis: Basis
    text: str
    dpv: str = "dpv:ServiceProvision"
    category: CookieCategory | None = None
    mail: str | None = None


@dataclass(frozen=True)
class Retention:
    """A retention class: one key per person and class is shredded when it ends.

    `days` counts from `counts_from` (an event a reader understands); None means until the person asks or the basis
    ends, and `counts_from` then says how long in words. A maker may shorten it, but not below `least`, with which the
    store still works, and not at all where a law asks for it.
    """

    name: str
    days: int | None
    counts_from: str
    reason: str
    least: int = 1


@dataclass(frozen=True)
class FieldRule:
    """One personal value: why it is asked, in the words shown beside the form field.

    Without a `topic` the compiler finds the heading: by name and label, else what a form asks is about the purchase and
    the rest is what the store notes down itself.
    """

    label: str
    why: str
    optional: bool = False
    topic: Topic | None = None


@dataclass(frozen=True)
class Role:
    """Somebody who may read; `text` is what the published policy calls them."""

    name: str
    text: str


ROLES = (
    Role("buyer", "you"),
    Role("maker", "the maker of this store"),
    Role("staff", "people whom the maker invited to help"),
    Role("job", "our program by itself"),
)
"""The roles every store has; a part that needs another declares it."""


@dataclass(frozen=True)
class SealedRecord(Generic[S_co]):
    """One sealed blob per row: the struct's fields are personal and open only for `purposes` to `readers`.

    `struct` field names equal the keys of `fields`; `readers` are roles (buyer, maker, job, …).
    """

    name: str
    struct: type[S_co]
    retention: Retention
    purposes: tuple[Purpose, ...]
    readers: tuple[str, ...]
    fields: Mapping[str, FieldRule]


@dataclass(frozen=True)
class Table:
    """Classifies every column of one table; the compiler compares it with the real schema.

    `plain` gives, for each column that names nobody, the reason it may stand unsealed; `sealed` maps a blob column to
    its record; `indexed` maps a blind-index column to the `record.field` it finds; `subject` is the column holding the
    PersonId (None: the table is about nobody). What outlives an erasure (`on_erase` other than delete) says why in
    `because`.
    """

    name: str
    plain: Mapping[str, str]
    sealed: Mapping[str, SealedRecord[msgspec.Struct]] = field(default_factory=dict)
    indexed: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    on_erase: OnErase = OnErase.DELETE
    because: str = ""


@dataclass(frozen=True)
class Cookie:
    """A cookie, by its name without the `__Host-` prefix; `max_age` in seconds."""

    name: str
    category: CookieCategory
    max_age: int
    why: str


@dataclass(frozen=True)
class Recipient:
    """A party that receives something, derived from the configuration: present only if `setting` is configured.

    An empty `setting` means always; a `file:` address is our own disk and makes no recipient. `host_setting` names the
    setting from which the outbound host is read; None: no connection of ours (we name it only). `default_host` stands
    in where that setting names no host (`s3://bucket`; `s3://bucket?endpoint=https://…` does). `fields` are the
    `record.field`s it is given, named in the notes beside the form; `where` says in which country it works, and under
    which safeguard if that is outside the EU (GDPR Art. 13(1)(f)).
    """

    name: str
    setting: str
    step: str
    receives: str
    host_setting: str | None = None
    default_host: str | None = None
    fields: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True)
class FileStore:
    """A folder, cache or queue in which bytes rest, and what keeps them from naming anybody.

    `uploads` is true of a place for files people give us; `sealed` are records that rest here instead of in a table.
    """

    name: str
    path: str
    holds: str
    personal: bool
    kept: str
    uploads: bool = False
    sealed: tuple[SealedRecord[msgspec.Struct], ...] = ()


@dataclass(frozen=True)
class Form:
    """A form: where each of its fields goes, or None with the reason in `transient` if it is not kept at all.

    A field goes to `record.field` of a sealed record or to `table.column` of a plain column. `why` says it in this
    form's words, for fields whose record or column says it too generally.
    """

    name: str
    fields: Mapping[str, str | None]
    transient: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sentence:
    """One numbered sentence of the published policy; `plain` says in simple words what is checked."""

    number: int
    kind: Kind
    text: str
    plain: str
    probes: tuple[str, ...]


@dataclass(frozen=True)
class PartPolicy:
    """Everything one part declares."""

    part: str
    purposes: tuple[Purpose, ...] = ()
    records: tuple[SealedRecord[msgspec.Struct], ...] = ()
    tables: tuple[Table, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    files: tuple[FileStore, ...] = ()
    forms: tuple[Form, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    roles: tuple[Role, ...] = ()
