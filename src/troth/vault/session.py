"""The vault's part in a unit of work: seals, opens, indexes, shreds, and settles keys and leaves before the commit."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import IntegrityError

from troth.kernel.ids import new_id
from troth.kernel.work import StoreBusy
from troth.vault import audit, envelope, records
from troth.vault.envelope import BODY, HEAD_BYTES
from troth.vault.errors import BasisEnded, KeyGone, NotPermitted, Tampered, WrongPurpose
from troth.vault.gate import BasisAlive, Sealed
from troth.vault.policy import READING

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from troth.kernel.work import UnitOfWork
    from troth.policy.language import SealedRecord
    from troth.vault.keyfile import KeyFile

S = TypeVar("S", bound=msgspec.Struct)
_KEY_BITS = 256
_ORPHAN_AGE = timedelta(hours=1)
_BATCH = 500
_encoder = msgspec.msgpack.Encoder()
_Ready = tuple[Callable[[bytes, bytes, bytes], bytes], bytes, Callable[[bytes], Any]]
_decoder = lru_cache(maxsize=256)(msgspec.msgpack.Decoder)


class Subjects(Protocol):
    """Says which ids belong to somebody a row of the main database is about; app.py plugs it in."""

    def __call__(self, db: Connection, ids: set[str]) -> set[str]:
        """Return those ids that any table names as its subject."""
        ...


class Rules(Protocol):
    """What the vault asks of the policy; revisions are numbers of archived locks."""

    @property
    def revision(self) -> int:
        """The revision in force, under which new records are sealed."""
        ...

    @property
    def hash(self) -> str:
        """The SHA-256 of the lock in force, as published."""
        ...

    def may_open(self, revision: int, record: str, purpose: str, role: str) -> bool:
        """Return whether a record sealed under `revision` may be opened for a purpose by a role."""
        ...

    def schema_id(self, revision: int, record: str) -> bytes:
        """Return the eight bytes that name a record's fields as declared in a revision."""
        ...


@dataclass
class VaultAccess:
    """What every vault session of a process shares."""

    keys: KeyFile
    engine: Engine
    rules: Rules
    basis_alive: BasisAlive
    keks: dict[int, AESGCM] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Prepare the key-encryption keys once."""
        self.keks = {number: AESGCM(raw) for number, raw in self.keys.kek.items()}


class Vault:
    """One unit of work's vault session."""

    def __init__(self, uow: UnitOfWork, access: VaultAccess) -> None:
        """Attach to a unit of work; nothing is read until it is needed."""
        self._uow = uow
        self._access = access
        self._connection: Connection | None = None
        self._keys: dict[tuple[str, str], AESGCM] = {}
        self._new_keys: list[dict[str, object]] = []
        self._read: dict[tuple[str, str, str, str], None] = {}
        self._leaves: list[dict[str, object]] = []
        self._alive: set[tuple[str, str]] = set()
        self._prepared: list[dict[tuple[str, bytes, str], _Ready]] = []
        self._forgotten: set[str] = set()
        self._settled = False

    # -- sealing -----------------------------------------------------------------------------------------------------

    def seal(self, record: SealedRecord[S], person: str, row: str, value: S) -> bytes:
        """Seal a person's values for one row; makes the person's key for the record's class if there is none."""
        place = self._place(record, person, row, self._access.rules.revision)
        return envelope.seal(self._key(person, record.retention.name, make=True), place, _encoder.encode(value))

    def index(self, table: str, value: str) -> bytes:
        """Return the blind index of a near-unique value in a table: version byte ‖ keyed BLAKE2b-128 (RFC 7693)."""
        key = self._access.keys.derive(f"blind index {table} v1")
        return b"\x01" + hashlib.blake2b(value.encode(), key=key, digest_size=16).digest()

    def derive(self, label: str) -> bytes:
        """Return a secret of 32 bytes for one use of this store."""
        return self._access.keys.derive(label)

    @property
    def keys(self) -> KeyFile:
        """The store's root secrets, for the parts that make keys and signatures."""
        return self._access.keys

    @property
    def rules(self) -> Rules:
        """The policy in force."""
        return self._access.rules

    # -- opening -----------------------------------------------------------------------------------------------------

    def opener(self, purpose: str, role: str) -> Callable[[Sealed[S]], S]:
        """Return the function that opens containers for one purpose in one role, each only if it may.

        What is the same for all rows of a person and record type is checked and prepared once: permission, basis, key,
        the shared part of the associated data and the audit leaf.
        """
        prepared: dict[tuple[str, bytes, str], _Ready] = {}
        self._prepared.append(prepared)

        def open_one(sealed: Sealed[S]) -> S:
            blob = sealed.blob
            place = (sealed.person, blob[:HEAD_BYTES], sealed.record.name)
            ready = prepared.get(place)
            if ready is None:
                ready = prepared[place] = self._prepare(sealed, purpose, role)
            decrypt, shared, decode = ready
            # The steps of `envelope.unseal` without its call: whole reports pass through these lines.
            try:
                return cast("S", decode(decrypt(blob[HEAD_BYTES:BODY], blob[BODY:], shared + sealed.row.encode())))
            except (InvalidTag, ValueError):
                # What does not fit must not travel on, in no error's words and in no frame.
                pass
            raise Tampered

        return open_one

    def _prepare(self, sealed: Sealed[S], purpose: str, role: str) -> _Ready:
        record, person = sealed.record, sealed.person
        revision = envelope.revision_of(sealed.blob)
        self._permit(record, revision, purpose, role)
        self._require_basis(person, purpose)
        key = self._key(person, record.retention.name, make=False)
        # Written down only now: for somebody whose keys are gone, a leaf would make a new one.
        self._read[person, record.name, purpose, role] = None
        shared = self._place(record, person, sealed.row, revision).shared()
        return key.decrypt, shared, _decoder(record.struct).decode

    def _permit(self, record: SealedRecord[S], revision: int, purpose: str, role: str) -> None:
        if not self._uow.writing:
            raise NotPermitted("A unit of work that only reads cannot write down that something was opened.")
        self._require_unsettled()
        rules = self._access.rules
        for one in {revision, rules.revision}:
            if not rules.may_open(one, record.name, purpose, role):
                raise WrongPurpose(f"{record.name} may not be opened for {purpose} by {role}.")

    def _require_basis(self, person: str, purpose: str) -> None:
        if (person, purpose) in self._alive:
            return
        if not self._access.basis_alive(self._uow, person, purpose):
            raise BasisEnded
        # One that does not stand is asked for again: this unit of work may be about to let it.
        self._alive.add((person, purpose))

    # -- the audit log -----------------------------------------------------------------------------------------------

    def write_down(self, kind: str, row: str, leaf: bytes) -> None:
        """Append a leaf made elsewhere (a payment's row hash, for one) to the one audit log."""
        self._leaves.append({"row": row, "kind": kind, "leaf": leaf, "person": None, "readable_sealed": None})

    def shred(self, person: str, retentions: Iterable[str] | None = None) -> int:
        """Destroy a person's keys (of some classes, or all): what they sealed cannot be opened by anybody again.

        Keys made in this unit of work are destroyed too; what it read of the person keeps its leaf without a readable
        part, if the audit class goes.
        """
        wanted = None if retentions is None else set(retentions)

        def goes(owner: object, retention: object) -> bool:
            return owner == person and (wanted is None or retention in wanted)

        for prepared in self._prepared:
            prepared.clear()
        self._keys = {place: key for place, key in self._keys.items() if not goes(*place)}
        kept = [row for row in self._new_keys if not goes(row["person"], row["retention"])]
        made, self._new_keys = len(self._new_keys) - len(kept), kept
        if goes(person, READING.retention.name):
            self._forgotten.add(person)
        self._uow.after_commit(lambda: records.empty_log(self._access.engine))
        return made + records.delete_keys(self._vault_db(), person, wanted)

    def sweep_orphans(self) -> int:
        """Destroy keys whose person never came to be (a crash between the two commits); return how many people.

        `Subjects` is asked about a few hundred people at a time, so that their ids fit into one statement.
        """
        known = self._uow.database.port(Subjects)  # type: ignore[type-abstract]
        candidates = sorted(records.keys_before(self._vault_db(), self._uow.now - _ORPHAN_AGE))
        batches = [set(candidates[start : start + _BATCH]) for start in range(0, len(candidates), _BATCH)]
        orphans = [person for batch in batches for person in batch - known(self._uow.db, batch)]
        for person in orphans:
            records.delete_keys(self._vault_db(), person, None)
        return len(orphans)

    # -- taking part in the unit of work -----------------------------------------------------------------------------

    def before_commit(self) -> None:
        """Write the leaves of what was opened, then commit the key database first."""
        at = self._uow.now.isoformat()
        leaves = [self._leaf_of(*what, at) for what in self._read] + self._leaves
        if leaves:
            records.add_leaves(self._uow.db, leaves)
        self._read, self._leaves = {}, []
        if self._new_keys:
            self._add_keys()
        if self._connection is not None:
            self._connection.commit()
        self._settled = True

    def close(self) -> None:
        """Give the connection back; what was not committed is undone."""
        if self._connection is not None:
            self._connection.close()

    def _add_keys(self) -> None:
        try:
            records.add_keys(self._vault_db(), self._new_keys)
        except IntegrityError as error:
            # Two units of work made this person's first key at once (PostgreSQL): the second is done again.
            raise StoreBusy from error.orig
        self._new_keys = []

    def _require_unsettled(self) -> None:
        """Refuse what would need a key or a leaf after both are written."""
        if self._settled:
            raise NotPermitted("This unit of work has ended; what it opens or seals now would not be kept.")

    def _leaf_of(self, person: str, record: str, purpose: str, role: str, at: str) -> dict[str, object]:
        reading = audit.Reading(person, record, purpose, role, at, audit.new_salt())
        row, forgotten = new_id(), person in self._forgotten
        return {
            "row": row,
            "kind": "open",
            "leaf": audit.commit(reading),
            "person": None if forgotten else person,
            "readable_sealed": None if forgotten else self.seal(READING, person, row, reading),
        }

    # -- keys --------------------------------------------------------------------------------------------------------

    def _place(self, record: SealedRecord[S], person: str, row: str, revision: int) -> envelope.Place:
        schema = self._access.rules.schema_id(revision, record.name)
        return envelope.Place(
            self._access.keys.store_id, record.name, row, person, record.retention.name, schema, revision
        )

    def _key(self, person: str, retention: str, *, make: bool) -> AESGCM:
        key = self._keys.get((person, retention))
        if key is None:
            key = self._keys[person, retention] = AESGCM(self._raw_key(person, retention, make=make))
        return key

    def _raw_key(self, person: str, retention: str, *, make: bool) -> bytes:
        keys = self._access.keys
        label = envelope.key_label(keys.store_id, person, retention)
        wrapped = records.find_key(self._vault_db(), person, retention)
        if wrapped is not None:
            return envelope.unwrap(self._access.keks, wrapped, label)
        if not make:
            raise KeyGone
        self._require_unsettled()
        raw = os.urandom(_KEY_BITS // 8)
        number = keys.kek_number
        self._new_keys.append(
            {
                "person": person,
                "retention": retention,
                "wrapped": envelope.wrap(self._access.keks[number], number, raw, label),
                "made_at": self._uow.now,
            }
        )
        return raw

    def _vault_db(self) -> Connection:
        if self._connection is None:
            self._connection = self._access.engine.connect()
        return self._connection


def of(uow: UnitOfWork) -> Vault:
    """Return the unit of work's vault session."""
    return uow.resource(Vault)
