"""What changed between two policies; nothing that changed is left out.

Both locks are taken apart into their smallest statements, each with its path. Every statement that differs becomes a
change, or part of one where a whole record, cookie or recipient came or went.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from troth.kernel.codec import canonical_json
from troth.policy import changed
from troth.policy.difference import Change, Difference, Direction, Path
from troth.policy.errors import PolicyChanged
from troth.policy.lock import Lock
from troth.policy.phrase import Phrase

_ = Phrase


def diff(old: Lock | None, new: Lock) -> Difference:
    """Return what `new` changes; against None, everything it takes."""
    before, after = _statements(old), _statements(new)
    there, here = _wholes(before), _wholes(after)
    changes: dict[Path, Change] = {}
    for path in _differing(before, after):
        whole = next((path[:end] for end in (2, 4) if path[:end] in there ^ here), None)
        if whole is not None:
            changes[whole] = changed.whole(whole, new if whole in here else old or new, came=whole in here)
        elif old is not None:
            changes[path] = changed.statement(path, changed.Sides(before.get(path), after.get(path), old, new))
    if not changes and old is not None and old.hash != new.hash:
        told = _("The policy is written down in a newer form; what it says stays the same.")
        changes["format",] = Change(Direction.WORDING, ("format",), told)
    order = list(Direction)
    return Difference(tuple(sorted(changes.values(), key=lambda one: (order.index(one.direction), one.path))))


def check_lock(compiled: Lock, stored: Lock | None) -> Lock:
    """Return the accepted lock if the program runs under it; else raises `PolicyChanged` with the difference."""
    if stored is None or stored.hash != compiled.hash:
        raise PolicyChanged(diff(stored, compiled), accepted=0 if stored is None else stored.revision)
    return stored


def _differing(before: Mapping[Path, Any], after: Mapping[Path, Any]) -> list[Path]:
    shared = before.keys() & after.keys()
    found = (before.keys() ^ after.keys()) | {path for path in shared if before[path] != after[path]}
    # The original beside a sentence the maker reworded is told by the sentence's own change.
    return sorted(path for path in found if path[-1] != "original" or (*path[:-1], "text") not in found)


def _statements(lock: Lock | None) -> dict[Path, Any]:
    if lock is None:
        return {}
    content: dict[str, Any] = msgspec.to_builtins(lock)
    for apart in ("revision", "hash", "format"):
        del content[apart]
    content["sentences"] = {str(sentence.pop("number")): sentence for sentence in content["sentences"]}
    # What the maker wrote shows where it takes effect; here it is one statement.
    content["wording"] = canonical_json(content["wording"]).decode()
    return dict(_leaves(content, ()))


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - plain JSON
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield (*path, str(inner)), True
    else:
        yield path, value


def _wholes(statements: Mapping[Path, Any]) -> frozenset[Path]:
    """Return the paths of everything that comes and goes as one: records, their fields, cookies and so on."""
    of_sections = {path[:2] for path in statements if path[0] in changed.SECTIONS}
    of_fields = {path[:4] for path in statements if path[0] == "records" and path[2] == "fields"}
    return frozenset(of_sections | of_fields)
