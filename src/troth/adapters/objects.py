"""Published files on a local disk or at an S3 host, through obstore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from troth.shop.protocols import CHUNK, FilesDown, ObjectUnknown

if TYPE_CHECKING:
    from troth.kernel.config import Settings


class ObjectStore:
    """An `Objects` behind obstore; the library is imported at the first file."""

    def __init__(self, url: str) -> None:
        """Keep where: `file:/path` or `s3://bucket/prefix?endpoint=https://…` (keys come from the environment)."""
        self._url = url
        self._opened: Any = None

    def put(self, name: str, source: Path) -> None:
        """Store a file under a name, whole or not at all."""
        with source.open("rb") as file, _failures():
            self._store.put(name, file)

    def read(self, name: str, part: tuple[int, int] | None = None) -> Iterator[bytes]:
        """Return a file or a part of it in chunks; raises `ObjectUnknown` before the first."""
        with _failures():
            found = self._store.get(name, options={"range": part} if part else None)
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))

    @property
    def _store(self) -> Any:  # noqa: ANN401 - obstore's store classes share no base
        if self._opened is None:
            from obstore.store import LocalStore  # noqa: PLC0415 - native code pages need not load

            if self._url.startswith("file:"):
                path = Path(self._url.removeprefix("file:"))
                self._opened = LocalStore(str(path), mkdir=True)
            else:
                self._opened = _open_bucket(self._url)
        return self._opened


def _open_bucket(url: str) -> Any:  # noqa: ANN401 - as above
    """Open a bucket at the host that the address names, which is the one the policy lists; else at Amazon's."""
    from obstore.store import S3Store  # noqa: PLC0415 - as above

    parts = urlsplit(url)
    endpoint = parse_qs(parts.query).get("endpoint", [""])[-1]
    place: Any = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": "60s", "connect_timeout": "5s"},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=30)},
        **place,
    )


@contextmanager
def _failures() -> Iterator[None]:
    """Say in the shop's words what went wrong; the library's own words name hosts and keys."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - as above

    try:
        yield
    except FileNotFoundError:
        raise ObjectUnknown from None
    except (BaseError, OSError):
        raise FilesDown from None


def open_objects(settings: Settings) -> ObjectStore:
    """Return the store of published files that the settings name."""
    return ObjectStore(settings.objects.url)
