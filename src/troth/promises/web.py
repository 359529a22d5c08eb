"""Routes of the published policy and its proofs."""

from __future__ import annotations

from troth.web.route import Route

ROUTES: tuple[Route, ...] = ()
