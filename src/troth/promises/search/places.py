"""Every file below a folder, looked through for secrets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from troth.promises.search.needles import Hit, KeyNeedles, Needles
from troth.promises.search.unpack import MOST_BYTES, Unsearchable, layers

__all__ = ["Found", "Place", "Unsearchable", "count_keys", "look", "places_of"]


@dataclass(frozen=True)
class Place:
    """Something to look into: a name for people, its bytes, and the write-ahead log beside it if it is a database."""

    name: str
    data: bytes
    wal: bytes = b""


@dataclass
class Found:
    """What a search saw: how much, and what it found where."""

    places: int = 0
    octets: int = 0
    hits: dict[str, set[Hit]] = field(default_factory=dict)

    def add(self, place: str, hits: Collection[Hit]) -> None:
        """Note hits of one place."""
        if hits:
            self.hits.setdefault(place, set()).update(hits)

    @property
    def count(self) -> int:
        """How many finds there are."""
        return sum(map(len, self.hits.values()))

    def lines(self) -> Iterator[str]:
        """Say what was found where; never the value itself."""
        for place, hits in sorted(self.hits.items()):
            for hit in sorted(hits):
                yield f"{place}: the {hit.secret.field} of {hit.secret.owner} ({hit.encoding})"


def places_of(folder: Path, *, without: Iterable[Path] = ()) -> Iterator[Place]:
    """Yield every file below a folder but those named; symbolic links are followed nowhere."""
    left_out = {path.resolve() for path in without}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.resolve() in left_out:
            continue
        wal = path.with_name(f"{path.name}-wal")
        name = path.relative_to(folder).as_posix()
        yield Place(name, _content(path), _content(wal) if wal.is_file() else b"")


def look(places: Iterable[Place], needles: Needles, *, allowed: Callable[[Hit], bool] | None = None) -> Found:
    """Look for secrets in every place and in all that is wrapped inside; `allowed` finds are not counted."""
    found = Found()
    for place in places:
        found.places += 1
        found.octets += len(place.data)
        for layer in layers(place.data, wal=place.wal):
            found.add(place.name, [hit for hit in needles.find(layer) if allowed is None or not allowed(hit)])
    return found


def count_keys(places: Iterable[Place], keys: KeyNeedles) -> dict[str, int]:
    """Return how many forms of any key each place holds, where it is not none."""
    found: dict[str, int] = {}
    for place in places:
        count = sum(keys.count(layer) for layer in layers(place.data, wal=place.wal))
        if count:
            found[place.name] = count
    return found


def _content(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        message = f"{path.name} is larger than {MOST_BYTES >> 20} MB"
        raise Unsearchable(message)
    return path.read_bytes()
