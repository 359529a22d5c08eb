"""Random identifiers and capability tokens."""

from __future__ import annotations

import hashlib
import os
import secrets

ID_LENGTH = 32
TOKEN_LENGTH = 22


def new_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits: an opaque name for a row."""
    return os.urandom(16).hex()


def new_token() -> str:
    """Return 128 random bits as 22 URL-safe characters: whoever holds it may use what it opens."""
    return secrets.token_urlsafe(16)


def token_index(token: str) -> bytes:
    """Return the 32 bytes under which a token is stored and found, so that a copy of the database opens nothing.

    Plain BLAKE2b-256 (RFC 7693) is enough here: the token itself has 128 random bits.
    """
    return hashlib.blake2b(token.encode(), digest_size=32, person=b"troth-token").digest()
