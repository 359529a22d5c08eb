"""Audit leaves: a salted commitment that stays, and a readable part under the person's key that can be deleted.

leaf = SHA-256(0x00 ‖ salt ‖ canonical JSON of what happened), the leaf hash of RFC 6962 §2.1 over a salted entry. The
sequencer that makes Merkle tiles of these rows comes with the next part; the leaves are written from now on.
"""

from __future__ import annotations

import hashlib
import os

from troth.kernel.codec import canonical_json
from troth.policy.language import Personal

SALT_BYTES = 16


class Reading(Personal, frozen=True):
    """The readable part of a leaf: who opened what, why and when, with the salt that proves the commitment."""

    person: str
    record: str
    purpose: str
    role: str
    at: str
    salt: bytes


def commit(reading: Reading) -> bytes:
    """Return the leaf of a reading; whoever holds the readable part can recompute it."""
    entry = {"person": reading.person, "record": reading.record, "purpose": reading.purpose, "role": reading.role}
    return commit_entry(reading.salt, entry | {"at": reading.at})


def commit_entry(salt: bytes, entry: object) -> bytes:
    """Return the leaf hash over a salt and an entry (canonical JSON)."""
    return hashlib.sha256(b"\0" + salt + canonical_json(entry)).digest()


def new_salt() -> bytes:
    """Return 128 random bits."""
    return os.urandom(SALT_BYTES)
