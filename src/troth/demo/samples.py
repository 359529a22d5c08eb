"""Small, valid files and a scratched memory card made of them, for the captures; the same bytes each time."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Final

_DATE: Final = (2026, 11, 1, 9, 30, 0)
_SECTOR: Final = 512


def picture(width: int, height: int) -> bytes:
    """Return a grey PNG of noise."""
    rows = b"".join(b"\0" + _noise(width, row) for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def photo(side: int, note: int) -> bytes:
    """Return an even grey JPEG (baseline, one component) with a note of that many bytes, as cameras add them."""
    blocks = (side // 8) ** 2
    one_code = bytes([1, *[0] * 15, 0])
    segments = (
        (0xFE, _noise(note, note).replace(b"\xff", b"\xfe")),
        (0xDB, bytes([0, *[1] * 64])),
        (0xC0, struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0)),
        (0xC4, b"\x00" + one_code),
        (0xC4, b"\x10" + one_code),
        (0xDA, bytes([1, 1, 0, 0, 63, 0])),
    )
    body = b"".join(struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content for kind, content in segments)
    return b"\xff\xd8" + body + bytes(blocks // 4) + b"\xff\xd9"


def letter(lines: int) -> bytes:
    """Return a PDF with one empty page and a comment of that many lines."""
    body = b"%PDF-1.4\n" + b"% kept\n" * lines
    places = []
    for number, content in enumerate(("/Type/Catalog/Pages 2 0 R", "/Type/Pages/Kids[3 0 R]/Count 1"), 1):
        places.append(len(body))
        body += f"{number} 0 obj\n<<{content}>>\nendobj\n".encode()
    places.append(len(body))
    body += b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + b"xref\n0 4\n0000000000 65535 f \n%strailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(body),
    )


def document(size: int) -> bytes:
    """Return an archive laid out like a word processor's document."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("[Content_Types].xml", b"<Types/>"), ("word/document.xml", _noise(size, 7))):
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)
    return buffer.getvalue()


def card() -> bytes:
    """Return the image of a memory card: whole files between remains, at the sectors where they lay."""
    image = bytearray()
    for number, content in enumerate(
        (photo(1600, 41_000), picture(320, 200), letter(900), photo(2048, 63_000), document(88_000), letter(90)), 1
    ):
        image += _noise(_SECTOR * number * 37, number) + content
        image += bytes(-len(image) % _SECTOR)
    return bytes(image)


def files(folder: Path) -> None:
    """Lay out a small home folder: photos, documents, projects."""
    for name, number, size in (("Photos", 48, 190_000), ("Documents", 130, 21_000), ("Projects", 311, 4_000)):
        (folder / name).mkdir(parents=True)
        for index in range(number):
            (folder / name / f"{index:03}.dat").write_bytes(_noise(size + index, size + index))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - the same each time, on purpose
