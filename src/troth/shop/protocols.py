"""What the shop needs of the world outside; adapters implement it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from troth.kernel.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

CHUNK: Final = 256 * 1024


class ObjectUnknown(NotFound):
    """There is no such file."""


class FilesDown(Unavailable):
    """Our files cannot be reached just now. Nothing was lost; please try again in a minute."""


class Objects(Protocol):
    """Where published files lie. Every call may raise `FilesDown`."""

    def put(self, name: str, source: Path) -> None:
        """Store a file under a name, whole or not at all."""
        ...

    def read(self, name: str, part: tuple[int, int] | None = None) -> Iterator[bytes]:
        """Return a file, or its octets from `part[0]` up to before `part[1]`, in chunks of `CHUNK` bytes.

        Raises `ObjectUnknown`.
        """
        ...
