"""What the shop needs of the world outside; adapters implement it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from troth.kernel.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

CHUNK: Final = 256 * 1024


class ObjectUnknown(NotFound):
    """There is no such file."""


class Objects(Protocol):
    """Where published files lie."""

    def put(self, name: str, source: Path) -> None:
        """Store a file under a name, whole or not at all."""
        ...

    def read(self, name: str, part: tuple[int, int] | None = None) -> Iterator[bytes]:
        """Return a file, or its octets from `part[0]` up to before `part[1]`, in chunks of `CHUNK` bytes.

        Raises `ObjectUnknown`.
        """
        ...
