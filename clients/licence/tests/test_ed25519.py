"""Verification agrees with RFC 8032 and with libsodium, and refuses every malleable or degenerate form."""

from __future__ import annotations

import random

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from troth_licence.ed25519 import verify

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493

# RFC 8032 §7.1: public key, message, and the two halves of the signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]

# The eight points of small order, in canonical encoding, and encodings of points that are not canonical.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    (P + 1).to_bytes(32, "little"),
    P.to_bytes(32, "little"),
    (2**255 - 1).to_bytes(32, "little"),
    (P + 1 + 2**255).to_bytes(32, "little"),
    (1 + 2**255).to_bytes(32, "little"),
    (P - 1 + 2**255).to_bytes(32, "little"),
]


def libsodium(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public_key).verify(message, signature)
    except BadSignatureError:
        return False
    return True


@pytest.mark.parametrize(("public_key", "message", "commitment", "scalar"), RFC_8032)
def test_the_vectors_of_the_rfc(public_key: str, message: str, commitment: str, scalar: str) -> None:
    octets = bytes.fromhex(commitment + scalar)
    assert verify(bytes.fromhex(public_key), bytes.fromhex(message), octets)
    assert not verify(bytes.fromhex(public_key), bytes.fromhex(message) + b"x", octets)


def test_it_agrees_with_libsodium_on_honest_and_broken_signatures() -> None:
    source = random.Random(7)
    for _ in range(60):
        key = SigningKey(source.randbytes(32))
        message = source.randbytes(source.randrange(200))
        signature = bytearray(key.sign(message).signature)
        assert verify(key.verify_key.encode(), message, bytes(signature))
        signature[source.randrange(64)] ^= 1 << source.randrange(8)
        broken = bytes(signature)
        agreed = libsodium(key.verify_key.encode(), message, broken)
        assert verify(key.verify_key.encode(), message, broken) is agreed is False


def test_a_second_form_of_the_same_signature_is_refused() -> None:
    key = SigningKey(bytes(32))
    signature = key.sign(b"message").signature
    scalar = int.from_bytes(signature[32:], "little")
    for multiple in range(1, 16):
        if scalar + multiple * L < 2**256:
            octets = signature[:32] + (scalar + multiple * L).to_bytes(32, "little")
            assert not verify(key.verify_key.encode(), b"message", octets)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_or_commitment_of_small_order_is_refused(point: str) -> None:
    # With such a key the signature (point, S = 0) would fit every message, or one in eight.
    octets = bytes.fromhex(point)
    honest = SigningKey(bytes(32)).verify_key.encode()
    for number in range(16):
        message = bytes([number])
        for other in SMALL_ORDER:
            assert not verify(octets, message, bytes.fromhex(other) + bytes(32))
        assert not verify(honest, message, octets + bytes(32))


@pytest.mark.parametrize("octets", NOT_CANONICAL)
def test_points_in_another_encoding_are_refused(octets: bytes) -> None:
    signature = SigningKey(bytes(32)).sign(b"message").signature
    assert not verify(octets, b"message", signature)
    assert not verify(SigningKey(bytes(32)).verify_key.encode(), b"message", octets + signature[32:])


@pytest.mark.parametrize(("key_size", "signature_size"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_other_sizes_are_refused(key_size: int, signature_size: int) -> None:
    assert not verify(bytes(key_size), b"", bytes(signature_size))


def test_a_point_off_the_curve_is_refused() -> None:
    signature = SigningKey(bytes(32)).sign(b"message").signature
    off_curve = next(y for y in range(2, 50) if not is_on_curve(y)).to_bytes(32, "little")
    assert not verify(off_curve, b"message", signature)
    assert not verify(SigningKey(bytes(32)).verify_key.encode(), b"message", off_curve + signature[32:])


def is_on_curve(y: int) -> bool:
    d = -121665 * pow(121666, P - 2, P) % P
    square = (y * y - 1) * pow(d * y * y + 1, P - 2, P) % P
    return pow(square, (P - 1) // 2, P) in (0, 1)
