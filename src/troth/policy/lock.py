"""The lock: everything all parts declare, for one store, as one value with one hash.

It lies as `policy.lock.json` in the store's folder, sorted and indented so that people can read a difference. `hash`
is the SHA-256 (FIPS 180-4) of the canonical JSON of everything but `revision` and `hash`; equal declarations in any
order give equal hashes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from troth.kernel.codec import canonical_json, from_json
from troth.kernel.errors import Refused
from troth.policy import said
from troth.policy.errors import LockDamaged, Undeclared
from troth.policy.language import Basis, Cookie, CookieCategory, Kind, OnErase, Topic
from troth.policy.phrase import ENGLISH, Translations

LOCK_FILE = "policy.lock.json"
HOST_PREFIX = "__Host-"


class LockedPurpose(msgspec.Struct, frozen=True):
    """One reason, as accepted."""

    part: str
    basis: Basis
    text: str
    dpv: str
    category: CookieCategory | None
    mail: str | None


class LockedRetention(msgspec.Struct, frozen=True):
    """One retention class; `days` is the maker's figure where it is shorter than the program's."""

    days: int | None
    counts_from: str
    reason: str


class LockedField(msgspec.Struct, frozen=True):
    """One personal value of a record."""

    label: str
    why: str
    optional: bool
    topic: Topic


class LockedRecord(msgspec.Struct, frozen=True):
    """One kind of sealed record; `schema` names its fields and their types in 16 hexadecimal digits."""

    part: str
    fields: Mapping[str, LockedField]
    purposes: tuple[str, ...]
    readers: tuple[str, ...]
    retention: str
    schema: str

    @property
    def schema_id(self) -> bytes:
        """The eight bytes that stand in a sealed record's associated data."""
        return bytes.fromhex(self.schema)


class LockedTable(msgspec.Struct, frozen=True):
    """One table: where it leads to its person, and what an erasure does to its rows."""

    part: str
    plain: Mapping[str, str]
    sealed: Mapping[str, str]
    indexed: Mapping[str, str]
    subject: str | None
    on_erase: OnErase
    because: str


class LockedCookie(msgspec.Struct, frozen=True):
    """One cookie; `max_age` in seconds."""

    part: str
    category: CookieCategory
    max_age: int
    why: str


class LockedRecipient(msgspec.Struct, frozen=True):
    """One party that receives something, with the hosts we connect to for it."""

    part: str
    step: str
    receives: str
    fields: tuple[str, ...]
    where: str
    hosts: tuple[str, ...]


class LockedFile(msgspec.Struct, frozen=True):
    """One place where bytes rest outside the database."""

    part: str
    path: str
    holds: str
    personal: bool
    kept: str
    uploads: bool
    sealed: tuple[str, ...]


class LockedForm(msgspec.Struct, frozen=True):
    """One form: where each field goes (`record.field`, `table.column`), None with the reason in `transient`."""

    part: str
    fields: Mapping[str, str | None]
    transient: Mapping[str, str]
    why: Mapping[str, str] = {}


class LockedSentence(msgspec.Struct, frozen=True):
    """One published sentence; `original` is the program's wording where the maker has their own."""

    part: str
    number: int
    kind: Kind
    text: str
    plain: str
    probes: tuple[str, ...]
    original: str | None


class Controller(msgspec.Struct, frozen=True):
    """Who is responsible (GDPR Art. 13(1)(a))."""

    name: str
    address: str
    country: str
    contact: str


class PolicySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[policy]` in troth.toml: what the maker tightens or words differently.

    `retention` holds days by class, `readers` roles by record, `text` words by `purpose.NAME`, `field.RECORD.FIELD`,
    `cookie.NAME` or `sentence.NUMBER`.
    """

    retention: Mapping[str, int] = {}
    readers: Mapping[str, tuple[str, ...]] = {}
    text: Mapping[str, str] = {}


class Note(msgspec.Struct, frozen=True):
    """What a form says beside a field (GDPR Art. 13, at the moment of asking)."""

    why: str
    kept: str
    seen_by: str


class Lock(msgspec.Struct, frozen=True, dict=True):
    """A compiled policy; `revision` counts from 1 as the store accepts policies, 0 is one it has not accepted."""

    controller: Controller
    purposes: Mapping[str, LockedPurpose]
    retentions: Mapping[str, LockedRetention]
    roles: Mapping[str, str]
    records: Mapping[str, LockedRecord]
    tables: Mapping[str, LockedTable]
    cookies: Mapping[str, LockedCookie]
    recipients: Mapping[str, LockedRecipient]
    files: Mapping[str, LockedFile]
    forms: Mapping[str, LockedForm]
    sentences: tuple[LockedSentence, ...]
    wording: PolicySettings
    revision: int = 0
    hash: str = ""
    format: int = 1

    def record(self, name: str) -> LockedRecord:
        """Return a record; raises `Undeclared`."""
        return _get(self.records, name, "record")

    def retention(self, name: str) -> LockedRetention:
        """Return a retention class with the days that hold in this store; raises `Undeclared`."""
        return _get(self.retentions, name, "retention class")

    def cookie(self, name: str) -> Cookie | None:
        """Return a cookie by its name with or without `__Host-`, or None if nobody declares it."""
        name = name.removeprefix(HOST_PREFIX)
        found = self.cookies.get(name)
        return None if found is None else Cookie(name, found.category, found.max_age, found.why)

    def form(self, name: str) -> Collection[str] | None:
        """Return the names of a form's fields, or None if nobody declares it."""
        found = self.forms.get(name)
        return None if found is None else found.fields.keys()

    def note(self, form: str, field: str, translations: Translations = ENGLISH) -> Note | None:
        """Return what stands beside a form field, in a language; None if nobody declares the field."""
        found = self.forms.get(form)
        if found is None or field not in found.fields:
            return None
        why, kept, seen_by = said.of_form_field(self, found, field)
        return Note(*(said.begun(phrase.into(translations)) for phrase in (why, kept, seen_by)))

    def may_open(self, record: str, purpose: str, role: str) -> bool:
        """Whether a role may open a record for a purpose; False for names nobody declares."""
        return (record, purpose, role) in self.openings

    @cached_property
    def openings(self) -> frozenset[tuple[str, str, str]]:
        """Every (record, purpose, role) that may be: the matrix the office is held to."""
        return frozenset(
            (name, purpose, role)
            for name, record in self.records.items()
            for purpose in record.purposes
            for role in record.readers
        )

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Every host the program may connect to."""
        return frozenset(host for recipient in self.recipients.values() for host in recipient.hosts)

    def retention_of(self, record: str) -> LockedRetention:
        """Return the retention class of a record; raises `Undeclared`."""
        return self.retention(self.record(record).retention)


def stamped(lock: Lock, *, revision: int = 0) -> Lock:
    """Return the lock with its hash and a revision."""
    return msgspec.structs.replace(lock, revision=revision, hash=hash_of(lock))


def hash_of(lock: Lock) -> str:
    """Return the SHA-256 of what the lock declares, in hexadecimal digits."""
    return _hash_content(msgspec.structs.asdict(lock))


def lock_bytes(lock: Lock) -> bytes:
    """Return the lock as the file holds it: sorted, two spaces deep, a newline at the end."""
    return msgspec.json.format(canonical_json(lock), indent=2) + b"\n"


def parse_lock(data: bytes, *, where: str) -> Lock:
    """Read a lock and hold its bytes to their own hash; raises `LockDamaged`, naming `where`.

    The bytes are hashed, not what we make of them: a lock that an older program wrote stays valid.
    """
    try:
        lock, content = from_json(data, Lock), from_json(data, dict[str, Any])
    except Refused as error:
        raise LockDamaged(f"{where} cannot be read: {error.detail}. {LockDamaged.__doc__}") from error
    if _hash_content(content) != lock.hash:
        raise LockDamaged(f"{where} does not have the content its hash names. {LockDamaged.__doc__}")
    return lock


def read_lock(path: Path) -> Lock | None:
    """Return the lock in a file, or None if there is none yet; raises `LockDamaged`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse_lock(data, where=str(path))


def write_lock(path: Path, lock: Lock) -> None:
    """Replace the file in one step: after a crash it holds the old lock or the new one, whole."""
    write_whole(path, lock_bytes(lock))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by a synced temporary one beside it and a rename, then sync the folder (rename(2))."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


_T = TypeVar("_T")


def _hash_content(content: Mapping[str, Any]) -> str:
    declared = {name: value for name, value in content.items() if name not in {"revision", "hash"}}
    return hashlib.sha256(canonical_json(declared)).hexdigest()


def _get(things: Mapping[str, _T], name: str, kind: str) -> _T:
    found = things.get(name)
    if found is None:
        raise Undeclared("policy", f"{kind} {name}", "is not in the lock", mend="Declare it in a part's policy.py.")
    return found
