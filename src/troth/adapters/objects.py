"""Published files on a local disk or at an S3 host, through obstore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.shop.protocols import CHUNK, ObjectUnknown

if TYPE_CHECKING:
    from troth.kernel.config import Settings


class ObjectStore:
    """An `Objects` behind obstore; the library is imported at the first file."""

    def __init__(self, url: str) -> None:
        """Keep where: `file:/path` or `s3://bucket/prefix?endpoint=…` (keys come from the environment)."""
        self._url = url
        self._opened: Any = None

    def put(self, name: str, source: Path) -> None:
        """Store a file under a name, whole or not at all."""
        with source.open("rb") as file:
            self._store.put(name, file)

    def read(self, name: str, part: tuple[int, int] | None = None) -> Iterator[bytes]:
        """Return a file or a part of it in chunks; raises `ObjectUnknown` before the first."""
        try:
            found = self._store.get(name, options={"range": part} if part else None)
        except FileNotFoundError as error:
            raise ObjectUnknown from error
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))

    @property
    def _store(self) -> Any:  # noqa: ANN401 - obstore's store classes share no base
        if self._opened is None:
            from obstore.store import LocalStore, from_url  # noqa: PLC0415 - native code pages need not load

            if self._url.startswith("file:"):
                path = Path(self._url.removeprefix("file:"))
                self._opened = LocalStore(str(path), mkdir=True)
            else:
                self._opened = from_url(self._url)
        return self._opened


def open_objects(settings: Settings) -> ObjectStore:
    """Return the store of published files that the settings name."""
    return ObjectStore(settings.objects.url)
