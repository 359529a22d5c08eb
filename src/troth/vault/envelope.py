"""The two sealed formats (docs/formats/sealed-record.md), both AES-256-GCM (NIST SP 800-38D).

    wrapped key     0x01 ‖ kek number u16 ‖ nonce 12 ‖ AES-GCM(kek, key, aad = label of store, person and class)
    sealed record   0x01 ‖ policy revision u32 ‖ nonce 12 ‖ AES-GCM(person key, MessagePack, aad = place)

A place binds the bytes to where they stand: store, record type, row, person, class, schema and policy revision, each
length-prefixed. Bytes that were changed, moved to another row or given to another person do not open.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from troth.vault.errors import Tampered

VERSION = 1
NONCE = 12
TAG = 16
_HEAD = struct.Struct(">BI")
_WRAP_HEAD = struct.Struct(">BH")
HEAD_BYTES = _HEAD.size
BODY = HEAD_BYTES + NONCE
LEAST_BYTES = _HEAD.size + NONCE + TAG


@dataclass(frozen=True)
class Place:
    """Where a sealed record stands; the random row id keeps two records of one person apart."""

    store: str
    record: str
    row: str
    person: str
    retention: str
    schema: bytes
    revision: int

    def shared(self) -> bytes:
        """Return the part of the associated data that all rows of one person, record type and revision share."""
        names = prefixed(self.store, self.record, self.person, self.retention)
        return b"troth sealed v1" + self.schema + self.revision.to_bytes(4, "big") + names

    def aad(self) -> bytes:
        """Return the associated data; the row id ends it, all before has its length in front."""
        return self.shared() + self.row.encode()


def seal(key: AESGCM, place: Place, plain: bytes) -> bytes:
    """Seal bytes for a place under a person's key."""
    nonce = os.urandom(NONCE)
    return _HEAD.pack(VERSION, place.revision) + nonce + key.encrypt(nonce, plain, place.aad())


def unseal(key: AESGCM, aad: bytes, blob: bytes) -> bytes:
    """Open bytes sealed for the place that `aad` describes; raises `Tampered`."""
    try:
        return key.decrypt(blob[_HEAD.size : _HEAD.size + NONCE], blob[_HEAD.size + NONCE :], aad)
    except (InvalidTag, ValueError):
        raise Tampered from None


def revision_of(blob: bytes) -> int:
    """Return the policy revision in a sealed record's header; raises `Tampered` if it has none."""
    if len(blob) < LEAST_BYTES or blob[0] != VERSION:
        raise Tampered
    return int.from_bytes(blob[1:5], "big")


def wrap(kek: AESGCM, number: int, person_key: bytes, label: bytes) -> bytes:
    """Wrap a person's key under a key-encryption key; `label` says whose and which."""
    nonce = os.urandom(NONCE)
    return _WRAP_HEAD.pack(VERSION, number) + nonce + kek.encrypt(nonce, person_key, label)


def unwrap(keks: dict[int, AESGCM], wrapped: bytes, label: bytes) -> bytes:
    """Unwrap a person's key; raises `Tampered` if it was changed, moved or its key-encryption key is unknown."""
    if len(wrapped) < _WRAP_HEAD.size:
        raise Tampered
    version, number = _WRAP_HEAD.unpack_from(wrapped)
    kek = keks.get(number)
    if version != VERSION or kek is None:
        raise Tampered
    body = _WRAP_HEAD.size
    try:
        return kek.decrypt(wrapped[body : body + NONCE], wrapped[body + NONCE :], label)
    except (InvalidTag, ValueError):
        raise Tampered from None


def key_label(store: str, person: str, retention: str) -> bytes:
    """Return the associated data of a wrapped key."""
    return b"troth person key v1" + prefixed(store, person, retention)


def prefixed(*parts: str) -> bytes:
    """Join texts so that no two different lists give the same bytes: each with its length as u16 before it."""
    return b"".join(len(raw).to_bytes(2, "big") + raw for raw in (part.encode() for part in parts))
