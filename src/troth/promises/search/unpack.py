"""What is inside of bytes: members of archives, decompressed streams, values of databases, parts of mails.

gzip (RFC 1952), zlib (RFC 1950), Zstandard (RFC 8878), brotli (RFC 7932), ZIP (also behind a start line), SQLite files
and internet messages, each inside each other. What cannot be opened for want of a library, or is larger than the
bounds, raises `Unsearchable`: what was not looked into is never counted as clean.
"""

from __future__ import annotations

import email
import email.policy
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

import brotli

from troth.promises.records import database_values

MOST_BYTES: Final = 256 * 1024 * 1024
"""The most bytes one place may unfold to."""
DEPTH: Final = 5
_GZIP = b"\x1f\x8b\x08"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_ZLIB_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ZIP_ENDS = b"PK\x05\x06"
_SQLITE = b"SQLite format 3\0"
_MESSAGE_HEADS = (b"from:", b"to:", b"received:", b"mime-version:", b"subject:", b"message-id:", b"date:")
_BROTLI_MOST: Final = 4 * 1024 * 1024


class Unsearchable(Exception):
    """Bytes that could not be looked into; the message says which and what would help."""


def layers(data: bytes, *, wal: bytes = b"") -> Iterator[bytes]:
    """Yield the bytes, and everything wrapped inside them; `wal` is the write-ahead log beside a database."""
    budget = _Budget(MOST_BYTES)
    yield from _unfold(data, budget, DEPTH, wal)


class _Budget:
    """Counts what was unfolded, so that a bomb ends the search instead of the machine."""

    def __init__(self, most: int) -> None:
        self.left = most

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            message = f"more than {MOST_BYTES >> 20} MB came out of one place"
            raise Unsearchable(message)


def _unfold(data: bytes, budget: _Budget, depth: int, wal: bytes = b"") -> Iterator[bytes]:
    budget.spend(len(data))
    yield data
    if depth == 0:
        return
    for inner in _inside(data, budget, wal):
        yield from _unfold(inner, budget, depth - 1)


def _inside(data: bytes, budget: _Budget, wal: bytes) -> Iterator[bytes]:
    if data.startswith(_SQLITE):
        values = database_values(data, wal)
        # All values at once: one look-up instead of thousands. What may be wrapped is looked into by itself, too.
        yield b"\0\xff\0".join(values)
        yield from (value for value in values if not value.isascii())
    elif data.startswith(_GZIP):
        yield _inflated(data, 31, budget)
    elif data.startswith(_ZSTANDARD):
        yield _zstandard(data, budget)
    elif _ZIP_ENDS in data[-66_000:] and zipfile.is_zipfile(io.BytesIO(data)):
        yield from _members(data, budget)
    elif data[:2] in _ZLIB_HEADS:
        yield from _attempt(lambda: _inflated(data, 15, budget))
    elif data[:1024].lower().startswith(_MESSAGE_HEADS):
        yield from _parts(data)
    elif 0 < len(data) <= _BROTLI_MOST and not data.isascii():
        # Brotli has no mark of its own; other bytes are refused within microseconds.
        yield from _attempt(lambda: bytes(brotli.decompress(data)))


def _attempt(unwrap: Callable[[], bytes]) -> Iterator[bytes]:
    """Yield what comes out, or nothing if the bytes only looked like it."""
    try:
        yield unwrap()
    except (zlib.error, brotli.error):
        return


def _inflated(data: bytes, bits: int, budget: _Budget) -> bytes:
    """Decompress all members of a stream; a cut end yields what there is."""
    out = []
    while data:
        stream = zlib.decompressobj(bits)
        out.append(stream.decompress(data, budget.left + 1))
        if stream.unconsumed_tail:
            budget.spend(budget.left + 1)
        data = stream.unused_data
        if not data.startswith(_GZIP):
            break
    return b"".join(out)


def _zstandard(data: bytes, budget: _Budget) -> bytes:
    for name in ("compression.zstd", "zstandard"):
        try:
            library: Any = import_module(name)
        except ImportError:
            continue
        if name == "zstandard":
            reader = library.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True)
            plain = reader.read(budget.left + 1)
        else:
            plain = library.decompress(data)
        return bytes(plain)
    message = "a Zstandard stream, and no library for it here: pip install zstandard"
    raise Unsearchable(message)


def _members(data: bytes, budget: _Budget) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.file_size > budget.left:
                    budget.spend(member.file_size)
                yield archive.read(member)
    except zipfile.BadZipFile:
        # It only ended like an archive; its bytes were looked at as they are.
        return
    except (RuntimeError, NotImplementedError) as error:
        # Encrypted, or packed in a way this Python does not know.
        raise Unsearchable(f"an archive: {error}") from error


def _parts(data: bytes) -> Iterator[bytes]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    yield "\n".join(str(value) for value in message.values()).encode(errors="surrogateescape")
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield payload
