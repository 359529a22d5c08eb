"""Where a picture or document that begins at some place ends, and whether it is whole.

Each function gets the bytes (a memory map) and the place of a signature, and returns a `Find` or None. Lengths and
checksums decide, not the signature alone: PNG (W3C, CRC of each chunk), JPEG (ITU T.81 markers), PDF (ISO 32000,
cross-reference), ZIP (APPNOTE 6.3, central directory and CRC of each member).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from mmap import mmap
from typing import Final, Union

Bytes = Union[mmap, bytes]  # noqa: UP007 - read at run time by Python 3.9 too

SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-", b"PK\x03\x04")

_PNG, _JPEG, _PDF, _ZIP = SIGNATURES
_ZIP_END: Final = b"PK\x05\x06"
_LARGEST: Final = 512 * 1024 * 1024
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_FRAMES: Final = frozenset((0xC0, 0xC1, 0xC2))
_XREF: Final = re.compile(rb"startxref\s{1,4}(\d{1,10})\s{1,4}%%EOF[ \t]{0,4}\r?\n?")
_XREF_TARGET: Final = re.compile(rb"\s{0,4}(xref|\d{1,10}\s+\d{1,5}\s+obj)")
_ZIP_KINDS: Final = (
    ("word/document.xml", "docx"),
    ("xl/workbook.xml", "xlsx"),
    ("ppt/presentation.xml", "pptx"),
    ("META-INF/container.xml", "epub"),
    ("META-INF/MANIFEST.MF", "jar"),
)


@dataclass(frozen=True)
class Find:
    """A whole file: where it begins and ends, its kind (also the ending of its name), and how that was checked."""

    begin: int
    end: int
    kind: str
    checked: str

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self.end - self.begin


def find_png(data: Bytes, begin: int) -> Find | None:
    """Walk the chunks from IHDR to IEND; every CRC must fit."""
    at = begin + len(_PNG)
    chunks = 0
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        end = at + 12 + length
        if length > _LARGEST or end > len(data) or (chunks == 0 and (length, kind) != (13, b"IHDR")):
            return None
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            return None
        chunks += 1
        if kind == b"IEND":
            return Find(begin, end, "png", f"{chunks} checksums fit")
        at = end
    return None


def find_jpeg(data: Bytes, begin: int) -> Find | None:
    """Walk the segments and scans to the end marker; there must be a frame and a scan."""
    at = begin + 2
    seen: set[int] = set()
    limit = min(len(data), begin + _LARGEST)
    while at + 2 <= limit and data[at] == 0xFF:  # noqa: PLR2004 - each marker begins with FF
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill byte
            at += 1
            continue
        if marker == _END_OF_IMAGE:
            whole = bool(seen & _FRAMES) and _START_OF_SCAN in seen
            return Find(begin, at + 2, "jpg", "complete to its end marker") if whole else None
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker < 0xC0 or length < 2:  # noqa: PLR2004 - no such segment
            return None
        seen.add(marker)
        at += 2 + length
        if marker == _START_OF_SCAN:
            at = _after_scan(data, at, limit)
    return None


def find_pdf(data: Bytes, begin: int) -> Find | None:
    """Take the last end mark before the next document whose cross-reference stands where it says."""
    following = data.find(_PDF, begin + len(_PDF))
    limit = min(len(data), begin + _LARGEST, following if following > 0 else len(data))
    best = None
    for mark in _XREF.finditer(data, begin, limit):
        target = begin + int(mark.group(1))
        if target < mark.start() and _XREF_TARGET.match(data, target):
            best = Find(begin, mark.end(), "pdf", "cross-reference fits")
    return best


def zip_ends(data: Bytes) -> dict[int, int]:
    """Return {where an archive begins: where it ends}, as the end records in the data say; one pass for all."""
    ends: dict[int, int] = {}
    at = data.find(_ZIP_END)
    while at >= 0:
        size = int.from_bytes(data[at + 12 : at + 16], "little")
        offset = int.from_bytes(data[at + 16 : at + 20], "little")
        end = at + 22 + int.from_bytes(data[at + 20 : at + 22], "little")
        begin = at - size - offset
        if begin >= 0 and end <= len(data):
            ends.setdefault(begin, end)
        at = data.find(_ZIP_END, at + len(_ZIP_END))
    return ends


def find_zip(data: Bytes, begin: int, ends: dict[int, int] | None = None) -> Find | None:
    """Unpack every member of the archive that an end record says begins here (`ends` from `zip_ends`)."""
    end = (zip_ends(data) if ends is None else ends).get(begin)
    if end is None or end - begin > _LARGEST:
        return None
    return _checked_zip(begin, data[begin:end])


def _after_scan(data: Bytes, at: int, limit: int) -> int:
    """Return the place of the marker that ends entropy-coded data (FF 00 and restart markers belong to it)."""
    while True:
        at = data.find(b"\xff", at, limit)
        if at < 0 or at + 1 >= limit:
            return limit
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:  # noqa: PLR2004 - T.81 table B.1
            return at
        at += 2


def _checked_zip(begin: int, content: bytes) -> Find | None:
    """Unpack without keeping; None when a member does not fit its checksum."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.namelist()
            if not members or archive.testzip() is not None:
                return None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        return None  # damaged, encrypted or packed in a way Python does not know
    return Find(begin, begin + len(content), _zip_kind(members), f"{len(members)} members unpack")


def _zip_kind(members: list[str]) -> str:
    names = set(members)
    return next((kind for name, kind in _ZIP_KINDS if name in names), "zip")


def finders(data: Bytes) -> dict[bytes, Callable[[Bytes, int], Find | None]]:
    """Return the function for each signature."""
    return {_PNG: find_png, _JPEG: find_jpeg, _PDF: find_pdf, _ZIP: partial(find_zip, ends=zip_ends(data))}
