"""Our formats read a second time, from their description and not with the store's own code.

docs/formats/sealed-record.md (wrapped keys, sealed records), docs/formats/licence-key.md (keys and their master), and
the key file. What both readings agree on is what is written there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12
_KEY_BYTES: Final = 32
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_POLYNOMIAL: Final = 37
_PARITY: Final = 5


class DoesNotOpen(Exception):
    """These bytes are not what was sealed in this place, or not under this key."""


@dataclass(frozen=True)
class Keys:
    """A twin's key file."""

    store: str
    kek: Mapping[int, bytes] = field(repr=False)
    licence: Mapping[int, bytes] = field(repr=False)
    all: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Keys:
        """Read the file; every base64 text of 32 bytes in it counts as a key."""
        content = json.loads(path.read_bytes())
        return cls(
            store=content["store_id"],
            kek={int(number): _binary(text) for number, text in content["kek"].items()},
            licence={int(epoch): _binary(text) for epoch, text in content["licence"].items()},
            all=tuple(_keys_in(content)),
        )

    def unwrap(self, wrapped: bytes, person: str, retention: str) -> bytes:
        """Return a person's key for a class of keeping; raises `DoesNotOpen`."""
        label = b"troth person key v1" + _prefixed(2, self.store, person, retention)
        kek = self.kek.get(int.from_bytes(wrapped[1:3], "big"))
        if wrapped[:1] != b"\x01" or kek is None:
            raise DoesNotOpen
        return _opened(kek, wrapped[3:], label)


@dataclass(frozen=True)
class Seat:
    """The place a sealed record belongs to; `schema` are the eight bytes that name its fields."""

    store: str
    record: str
    row: str
    person: str
    retention: str
    schema: bytes

    def read(self, key: bytes, blob: bytes) -> dict[str, Any]:
        """Open a sealed record; raises `DoesNotOpen`."""
        revision = blob[1:5]
        names = _prefixed(2, self.store, self.record, self.person, self.retention)
        label = b"troth sealed v1" + self.schema + revision + names + self.row.encode()
        if blob[:1] != b"\x01":
            raise DoesNotOpen
        content: dict[str, Any] = msgspec.msgpack.decode(_opened(key, blob[5:], label))
        return content


def revision_of(blob: bytes) -> int:
    """Return the policy revision a record was sealed under, from its header."""
    return int.from_bytes(blob[1:5], "big")


@dataclass(frozen=True)
class KeyOrigin:
    """What a licence key is made from, section 2 of its description."""

    store: str
    product: str
    line: str
    issue: int
    salt: bytes = field(repr=False)
    address: str = field(repr=False)

    def make(self, master: bytes, *, epoch: int, tag: int) -> str:
        """Return the key in its form for people: 100 data bits and five parity characters."""
        mac_key = _hkdf(master, b"troth licence-key v1")
        names = _prefixed(4, self.store, self.product, self.line)
        rest = [self.issue.to_bytes(4, "big"), self.salt, self.address.encode()]
        message = names + b"".join(len(one).to_bytes(4, "big") + one for one in rest)
        mac = int.from_bytes(hmac.digest(mac_key, message, "sha256"), "big") >> (256 - 90)
        bits = 1 << 97 | epoch << 94 | tag << 90 | mac
        data = [bits >> 5 * place & 31 for place in reversed(range(20))]
        text = "".join(_ALPHABET[value] for value in data + _parity(data))
        return "-".join(text[start : start + 5] for start in range(0, len(text), 5))


def _parity(data: list[int]) -> list[int]:
    """Return the remainder of d(x)·x⁵ by g(x) = (x − 2)…(x − 2⁵), by long division."""
    generator = [1]
    for power in range(1, _PARITY + 1):
        root = _power(power)
        shifted, scaled = [*generator, 0], [0, *(_times(root, factor) for factor in generator)]
        generator = [one ^ other for one, other in zip(shifted, scaled, strict=True)]
    rest = data + [0] * _PARITY
    for place in range(len(data)):
        lead = rest[place]
        for offset, factor in enumerate(generator):
            rest[place + offset] ^= _times(lead, factor)
    return rest[-_PARITY:]


def _power(exponent: int) -> int:
    value = 1
    for _ in range(exponent):
        value = _times(value, 2)
    return value


def _times(left: int, right: int) -> int:
    """Multiply in GF(32), one bit of `right` at a time."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        right >>= 1
        left <<= 1
        if left & 32:
            left ^= _POLYNOMIAL
    return product


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) without a salt; one block of 32 octets."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def _prefixed(size: int, *names: str) -> bytes:
    return b"".join(len(raw).to_bytes(size, "big") + raw for raw in (name.encode() for name in names))


def _opened(key: bytes, sealed: bytes, label: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], label)
    except InvalidTag:
        raise DoesNotOpen from None


def _keys_in(content: object) -> Iterator[bytes]:
    if isinstance(content, dict):
        for value in content.values():
            yield from _keys_in(value)
    elif isinstance(content, str) and len(content) == 4 * -(-_KEY_BYTES // 3):
        yield _binary(content)


def _binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
