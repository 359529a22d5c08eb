"""Ed25519 verification in plain Python, as strict as it can be: RFC 8032 §5.1.7 without the cofactor.

Refused besides wrong signatures: S not below the group order, A or R not in canonical encoding or
of small order. Verification needs no secrets, so its time may depend on its input; it takes about 2 ms.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)
_KEY_SIZE: Final = 32
_SIGNATURE_SIZE: Final = 64


class _Point(NamedTuple):
    """A point of the curve in extended coordinates (RFC 8032 §5.1.4): x = X/Z, y = Y/Z, xy = T/Z."""

    x: int
    y: int
    z: int
    t: int


_IDENTITY: Final = _Point(0, 1, 1, 0)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 octets) over `message` was made for `public_key` (32 octets)."""
    if len(public_key) != _KEY_SIZE or len(signature) != _SIGNATURE_SIZE:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    key_point = _decode(public_key)
    commitment = _decode(signature[:32])
    if scalar >= _ORDER or key_point is None or commitment is None:
        return False
    if _is_small(key_point) or _is_small(commitment):
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    return _equal(_combine(scalar, challenge, _negate(key_point)), commitment)


def _add(p: _Point, q: _Point) -> _Point:
    a = (p.y - p.x) * (q.y - q.x) % _P
    b = (p.y + p.x) * (q.y + q.x) % _P
    c = 2 * p.t * q.t * _D % _P
    d = 2 * p.z * q.z % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _double(p: _Point) -> _Point:
    a = p.x * p.x % _P
    b = p.y * p.y % _P
    h = a + b
    e = h - (p.x + p.y) ** 2 % _P
    g = a - b
    f = 2 * p.z * p.z % _P + g
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _negate(p: _Point) -> _Point:
    return _Point(-p.x % _P, p.y, p.z, -p.t % _P)


def _equal(p: _Point, q: _Point) -> bool:
    return (p.x * q.z - q.x * p.z) % _P == 0 and (p.y * q.z - q.y * p.z) % _P == 0


def _is_small(p: _Point) -> bool:
    """Whether eight times the point is the identity: such a key or commitment fits messages nobody signed."""
    return _equal(_double(_double(_double(p))), _IDENTITY)


def _decode(octets: bytes) -> _Point | None:
    """Decode a point (RFC 8032 §5.1.3); None for what no honest encoder writes."""
    y = int.from_bytes(octets, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    if y >= _P:
        return None
    numerator = (y * y - 1) % _P
    denominator = (_D * y * y + 1) % _P
    x = numerator * denominator**3 * pow(numerator * denominator**7 % _P, (_P - 5) // 8, _P) % _P
    if (denominator * x * x - numerator) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (denominator * x * x - numerator) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return _Point(x, y, 1, x * y % _P)


def _combine(scalar: int, challenge: int, point: _Point) -> _Point:
    """Return [scalar]B + [challenge]point, both scalars bit by bit together (Straus)."""
    both = _add(_BASE, point)
    total = _IDENTITY
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        total = _double(total)
        in_scalar, in_challenge = scalar >> bit & 1, challenge >> bit & 1
        if in_scalar and in_challenge:
            total = _add(total, both)
        elif in_scalar:
            total = _add(total, _BASE)
        elif in_challenge:
            total = _add(total, point)
    return total


def _base_point() -> _Point:
    """Return B, the point with y = 4/5 and even x."""
    point = _decode((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))
    if point is None:  # pragma: no cover - a constant of the curve
        raise AssertionError
    return point


_BASE: Final = _base_point()
