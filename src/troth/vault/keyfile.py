"""The store's root secrets: one small file outside the database, readable by its owner only.

Content (JSON): the store's id, key-encryption keys by number, the blind-index key, licence master keys by epoch and
signing seeds by use. Every other key is derived from these by HKDF-SHA256 (RFC 5869) or wrapped under them.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from typing_extensions import override

from troth.kernel.codec import from_json, to_json
from troth.kernel.errors import Refused
from troth.kernel.ids import new_id
from troth.vault.errors import KeyFileMissing

KEY_BYTES = 32


class SigningKey(msgspec.Struct, frozen=True):
    """An Ed25519 seed (RFC 8032) and the day since which it is used."""

    seed: bytes
    since: str

    @override
    def __repr__(self) -> str:
        """Say what it is, never the seed."""
        return f"<signing key since {self.since}>"

    @override
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show as little to tools that ask for a richer repr."""
        return []


class KeyFile(msgspec.Struct, frozen=True):
    """All root secrets of one store."""

    store_id: str
    kek: dict[int, bytes]
    index: bytes
    licence: dict[int, bytes]
    signing: dict[str, SigningKey]

    @override
    def __repr__(self) -> str:
        """Show nothing but whose keys these are."""
        return f"<keys of store {self.store_id}>"

    @override
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show as little to tools that ask for a richer repr."""
        return []

    @property
    def kek_number(self) -> int:
        """The key-encryption key new person keys are wrapped under."""
        return max(self.kek)

    @property
    def licence_epoch(self) -> int:
        """The master key new licence keys are made from."""
        return max(self.licence)

    @property
    def whole(self) -> bool:
        """Whether every kind of key is there in its full length."""
        seeds = [key.seed for key in self.signing.values()]
        every = [self.index, *self.kek.values(), *self.licence.values(), *seeds]
        return bool(self.kek and self.licence and seeds) and all(len(one) == KEY_BYTES for one in every)

    def derive(self, label: str) -> bytes:
        """Return 32 bytes for one use, derived from the index key; equal labels give equal keys."""
        return _hkdf(self.index, label)


def create(path: Path, *, today: str) -> KeyFile:
    """Make fresh keys and write them, 0600 in a 0700 folder; refuses to overwrite (raises FileExistsError)."""
    keys = KeyFile(
        store_id=new_id(),
        kek={1: secrets.token_bytes(KEY_BYTES)},
        index=secrets.token_bytes(KEY_BYTES),
        licence={0: secrets.token_bytes(KEY_BYTES)},
        signing={"answers": SigningKey(secrets.token_bytes(KEY_BYTES), today)},
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{keys.store_id}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(to_json(keys))
        file.flush()
        os.fsync(file.fileno())
    try:
        # Whole or not there: a store must not start to seal under keys that a power cut can take back.
        path.hardlink_to(part)
    finally:
        part.unlink()
    _sync_folder(path.parent)
    return keys


def load(path: Path) -> KeyFile:
    """Read the key file; raises `KeyFileMissing`, which names the file and never its content."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KeyFileMissing(f"The key file {path} cannot be read ({error.strerror}).") from error
    keys = _decode(content)
    if keys is None or not keys.whole:
        raise KeyFileMissing(f"The key file {path} is damaged; put it back from the recovery sheet.")
    return keys


def _decode(content: bytes) -> KeyFile | None:
    try:
        return from_json(content, KeyFile)
    except Refused:
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@lru_cache(maxsize=256)
def _hkdf(secret: bytes, label: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"troth " + label.encode()).derive(secret)
