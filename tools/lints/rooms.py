"""Every part has the same rooms; what stands beside them belongs to one of them; and a room knows only lower ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.lints.source import Finding, Source

PARTS = ("people", "consent", "mail", "licences", "shop", "office")
HEIGHT = {"policy": 0, "model": 0, "errors": 0, "records": 1, "service": 2, "jobs": 3, "web": 4}
"""The rooms of a part; a module imports nothing of its part that stands higher (`web` may import everything)."""

BESIDE = {
    "people/address": "model",  # the one form of an e-mail address, which licences shares; frozen by vectors
    "people/hints": "model",  # mistyped mail domains
    "licences/key": "model",  # the key's code and correction, held to the same vectors as the client's
    "licences/signature": "model",  # the signed answer (RFC 9421), frozen by vectors
    "shop/countries": "model",  # who was in the Union on which day
    "shop/epc": "model",  # what a bank transfer's QR code holds
    "shop/evidence": "model",  # two facts about where a buyer is
    "shop/protocols": "model",  # what the shop needs of the world; adapters implement it
    "shop/rates": "model",  # reads the dated table
    "shop/tax": "model",  # which tax a sale carries
    "shop/vatid": "model",  # the form of a VAT id
    "shop/withdrawal": "model",  # when a buyer gets what they paid for
    "shop/wording": "model",  # words with legal weight, reviewed per language
    "shop/catalogue": "service",  # what is offered and what it costs
    "shop/ledger": "service",  # every movement of money, chained
    "shop/letters": "service",  # what the shop writes to a buyer
    "shop/objects": "service",  # the files people download
    "shop/payments": "service",  # asking providers, giving money back
    "shop/views": "service",  # orders and prices as pages and letters show them
}
"""Modules that a reader looks for under a name of their own, each with the room it counts as."""

_NOT_CODE = frozenset({"templates", "__pycache__"})


def only_known_rooms(root: Path) -> Iterator[Finding]:
    """Keep to the rooms of the house plan, `templates/` and dated tables (.csv); a room may be a folder."""
    for part in PARTS:
        folder = root / "src" / "troth" / part
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            is_code = entry.is_dir() or entry.suffix == ".py"
            known = entry.stem in HEIGHT or entry.stem == "__init__" or f"{part}/{entry.stem}" in BESIDE
            if not (is_code and known) and entry.name not in _NOT_CODE and entry.suffix != ".csv":
                message = f"is none of a part's rooms ({', '.join(HEIGHT)}); put it in the room it serves"
                yield Finding(entry.relative_to(root).as_posix(), 1, "unknown-room", message)


def rooms_know_only_lower_ones(source: Source) -> Iterator[Finding]:
    """Keep the order of rooms inside a part, for what stands beside them too."""
    if source.package not in PARTS:
        return
    own = _height(source.package, source.room)
    for node in ast.walk(source.tree):
        for name in _imported(node):
            package, _, room = name.removeprefix("troth.").partition(".")
            height = _height(source.package, room.partition(".")[0])
            if package == source.package and own is not None and height is not None and height > own:
                yield source.finding(node, "room-order", f"{source.room} stands below {room}; turn the call round")


def _height(part: str, room: str) -> int | None:
    return HEIGHT.get(BESIDE.get(f"{part}/{room}", room))


def _imported(node: ast.AST) -> set[str]:
    """Return what an import reaches: for `from troth.shop import records` the package and the module."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
