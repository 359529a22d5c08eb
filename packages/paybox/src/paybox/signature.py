"""Webhook signatures exactly as Stripe makes them (docs.stripe.com/webhooks/signature)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from paybox.wire import Json


def body_of(event: Json) -> bytes:
    """Return the bytes sent; indented like Stripe's, so a shop that re-encodes them finds the signature broken."""
    return json.dumps(event, indent=2).encode()


def sign(body: bytes, secret: str, *, at: int | None = None) -> str:
    """Return the `Stripe-Signature` header: HMAC-SHA256 over the second and the body."""
    second = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256)
    return f"t={second},v1={digest.hexdigest()}"
