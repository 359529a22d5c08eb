"""The licence key: 25 characters made from the address at purchase and the order line.

The store only encodes, and decides by its index; correcting typing errors is the SDK's work. Frozen in
docs/formats/licence-key.md with vectors: HMAC-SHA256 (RFC 2104), HKDF (RFC 5869), base 32, RS(25,20).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from troth.kernel.errors import Refused

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FORMAT: Final = 1
EPOCHS: Final = 8
TAGS: Final = 16

_DATA_SYMBOLS: Final = 20
_SYMBOLS: Final = 25
_MAX_TYPED: Final = 256
_MAX_NAME: Final = 64
_MASTER_SIZE: Final = 32
_SALT_SIZE: Final = 16
_GENERATOR: Final = (27, 15, 23, 25, 31)  # x^5 + 27x^4 + …: the roots are 2^1 … 2^5
_POLYNOMIAL: Final = 37  # x^5 + x^2 + 1
_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_READ_AS: Final = str.maketrans("abcdefghijklmnopqrstuvwxyzOIL", "ABCDEFGH1JK1MN0PQRSTUVWXYZ011")
_DROPPED_SYMBOLS: Final = frozenset("+=|~^<>`")


class KeyRefused(Refused):
    """This is not a licence key. Please type all 25 characters as they stand in our mail."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a key is made from: `address` in its normal form, `salt` 16 random octets of this line."""

    store: str
    product: str
    line: str
    issue: int
    salt: bytes = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LicenceKey:
    """Twenty-five characters whose parity and format are right; `repr` does not show them."""

    text: str = field(repr=False)

    @property
    def display(self) -> str:
        """The form for people: five groups of five."""
        return "-".join(self.text[start : start + 5] for start in range(0, _SYMBOLS, 5))

    @property
    def last5(self) -> str:
        """The five characters that may be shown where the key itself may not."""
        return self.text[-5:]

    @property
    def epoch(self) -> int:
        """Which master key made it, 0–7; it chooses the index key too."""
        return (self._header >> 4) & 7

    @property
    def tag(self) -> int:
        """The maker's mark for product or edition, 0–15; no secret and no proof."""
        return self._header & 15

    @property
    def data(self) -> bytes:
        """The 100 data bits as 13 octets, big-endian: what an index is computed over."""
        value = 0
        for symbol in self.text[:_DATA_SYMBOLS]:
            value = value << 5 | _VALUES[symbol]
        return value.to_bytes(13, "big")

    @property
    def _header(self) -> int:
        return _VALUES[self.text[0]] << 5 | _VALUES[self.text[1]]


def make(master: bytes, facts: KeyFacts, *, epoch: int, tag: int) -> LicenceKey:
    """Make the key of an order line; equal facts give the equal key.

    `master` is the 32-octet master key of `epoch` (0–7), `tag` 0–15. Raises ValueError out of bounds.
    """
    if not (len(master) == _MASTER_SIZE and 0 <= epoch < EPOCHS and 0 <= tag < TAGS):
        raise ValueError("master key, epoch or tag out of bounds")
    mac = hmac.digest(_mac_key(master), _message(facts), "sha256")
    header = FORMAT << 7 | epoch << 4 | tag
    bits = header << 90 | int.from_bytes(mac, "big") >> 166
    data = [bits >> shift & 31 for shift in range(95, -1, -5)]
    return LicenceKey("".join(ALPHABET[value] for value in data + _parity(data)))


def parse(typed: str) -> LicenceKey:
    """Read a key without correcting it; raises `KeyRefused` unless its parity and format are right.

    Case, separators, spaces, full-width and zero-width characters do not matter; O counts as 0, I and L as 1.
    """
    if len(typed) > _MAX_TYPED:
        raise KeyRefused(field="key")
    text = _strip(typed)
    values = [_VALUES[symbol] for symbol in text if symbol in _VALUES]
    if not len(text) == len(values) == _SYMBOLS:
        raise KeyRefused(field="key")
    if _parity(values[:_DATA_SYMBOLS]) != values[_DATA_SYMBOLS:] or values[0] >> 2 != FORMAT:
        raise KeyRefused(field="key")
    return LicenceKey(text)


def licence_index(master: bytes, key: LicenceKey) -> bytes:
    """Return the 33 octets under which a key is stored and found: version 1, then keyed BLAKE2b-256.

    `master` is the master key of the key's epoch; a copy of the table without it recognises no key.
    """
    digest = hashlib.blake2b(
        key.data, digest_size=32, key=_derive(master, b"troth licence-index v1"), person=b"troth-licence"
    )
    return b"\x01" + digest.digest()


def _message(facts: KeyFacts) -> bytes:
    """Join the facts, each behind its length, so that no two sets of facts give the same octets."""
    names = [name.encode() for name in (facts.store, facts.product, facts.line)]
    if not all(1 <= len(name) <= _MAX_NAME for name in names):
        raise ValueError("store, product and line are 1 to 64 octets each")
    if len(facts.salt) != _SALT_SIZE or not 1 <= facts.issue < 1 << 32 or not facts.address:
        raise ValueError("salt, issue number or address out of bounds")
    fields = [*names, facts.issue.to_bytes(4, "big"), facts.salt, facts.address.encode()]
    return b"".join(len(octets).to_bytes(4, "big") + octets for octets in fields)


def _mac_key(master: bytes) -> bytes:
    return _derive(master, b"troth licence-key v1")


@lru_cache(maxsize=2 * EPOCHS)
def _derive(master: bytes, info: bytes) -> bytes:
    """HKDF-SHA256; cached because a store has at most eight masters and derives at every check."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)


def _times(left: int, right: int) -> int:
    """Multiply in GF(32)."""
    product = 0
    for bit in range(5):
        if right >> bit & 1:
            product ^= left << bit
    for bit in range(8, 4, -1):
        if product >> bit & 1:
            product ^= _POLYNOMIAL << (bit - 5)
    return product


_FEEDBACK: Final = tuple(tuple(_times(value, factor) for factor in _GENERATOR) for value in range(32))


def _parity(data: list[int]) -> list[int]:
    """Return the five parity symbols: the remainder of data·x^5 by the generator, highest power first."""
    rest = [0, 0, 0, 0, 0]
    for value in data:
        row = _FEEDBACK[value ^ rest[0]]
        rest = [
            rest[1] ^ row[0],
            rest[2] ^ row[1],
            rest[3] ^ row[2],
            rest[4] ^ row[3],
            row[4],
        ]
    return rest


def _strip(typed: str) -> str:
    """Fold width and case, read O, I and L as digits, drop separators and invisible characters."""
    folded = unicodedata.normalize("NFKC", typed).translate(_READ_AS)
    return "".join(char for char in folded if not _is_noise(char))


def _is_noise(char: str) -> bool:
    if char in _VALUES:
        return False
    kind = unicodedata.category(char)
    return kind[0] in "ZP" or kind in {"Cc", "Cf"} or char in _DROPPED_SYMBOLS
