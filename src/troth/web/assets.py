"""Static files: read once, served from memory under an address that names their content.

Browsers may keep them for ever. A file `static/NAME` of the web kit is `asset("NAME")`, that of another part
`asset("part/NAME")`.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from troth.web.cache import Stored
from troth.web.errors import Undeclared
from troth.web.headers import FOREVER, Raw

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".webmanifest": "application/json",
}
_BROTLI = 9
PREFIX = "/static/"


class Assets:
    """The static files of some parts, by address."""

    def __init__(self, parts: Sequence[str], made: Mapping[str, bytes], headers: tuple[Raw, ...]) -> None:
        """Read `troth/<part>/static/` of each part; `made` adds files computed at start; `headers` go with each."""
        self._headers = headers
        self._addresses: dict[str, str] = {}
        self._stored: dict[str, Stored] = {}
        for part in parts:
            for name, content in _walk(files(f"troth.{part}") / "static"):
                self._add(name if part == "web" else f"{part}/{name}", content)
        for name, content in made.items():
            self._add(name, content)

    def address(self, name: str) -> str:
        """Return the address of a file; raises `Undeclared` for one that is not there."""
        try:
            return self._addresses[name]
        except KeyError as error:
            raise Undeclared(f"There is no static file {name}.") from error

    def find(self, path: str) -> Stored | None:
        """Return the file at an address, ready to send."""
        return self._stored.get(path)

    def _add(self, name: str, content: bytes) -> None:
        version = hashlib.blake2b(content, digest_size=5).hexdigest()
        address = f"{PREFIX}{version}/{name}"
        kind = (b"content-type", _type(name).encode())
        self._addresses[name] = address
        self._stored[address] = Stored(
            "static", content, (kind, *self._headers, FOREVER, (b"vary", b"accept-encoding")), level=_BROTLI
        )


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            yield prefix + entry.name, entry.read_bytes()


def _type(name: str) -> str:
    suffix = name[name.rfind(".") :]
    return _TYPES.get(suffix) or mimetypes.types_map.get(suffix) or "application/octet-stream"
