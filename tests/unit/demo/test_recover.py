"""Whole files are found in rubble, broken ones are not reported, and what a failing file still gives is saved."""

from __future__ import annotations

import ctypes
import io
import mmap
import os
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.demo.programs.common.words import Problem
from troth.demo.programs.recover.carving import carve, mapped, sources
from troth.demo.programs.recover.formats import SIGNATURES, find_jpeg, find_pdf, find_png, find_zip
from troth.demo.programs.recover.salvage import SECTOR, STEP, Span, salvage


def png(width: int = 8) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes(width) for _ in range(width))
    header = struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)
    return SIGNATURES[0] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(scan: bytes = b"\x12\xff\x00\x34\xff\xd0\x56") -> bytes:
    thumbnail = b"\xff\xd8\xff\xdb\x00\x04\x00\x00\xff\xd9"
    segments = (
        (b"\xe1", thumbnail),
        (b"\xdb", bytes(65)),
        (b"\xc0", bytes(9)),
        (b"\xc4", bytes(20)),
        (b"\xda", bytes(6)),
    )
    body = b"".join(b"\xff" + kind + struct.pack(">H", len(content) + 2) + content for kind, content in segments)
    return b"\xff\xd8" + body + scan + b"\xff\xd9"


def pdf() -> bytes:
    body = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"
    return body + b"xref\n0 1\ntrailer\n<<>>\nstartxref\n" + str(len(body)).encode() + b"\n%%EOF\n"


def archive(name: str = "letter.txt", comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, "text " * 500)
        packed.writestr("picture.png", png())
        packed.comment = comment
    return buffer.getvalue()


FILES = {"png": png(), "jpg": jpeg(), "pdf": pdf(), "zip": archive(), "docx": archive("word/document.xml", b"note")}


def rubble(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def test_each_kind_is_found_between_rubble() -> None:
    parts = []
    for number, content in enumerate(FILES.values()):
        parts += [rubble(1000 + number, number), content]
    image = b"".join([*parts, rubble(500, 99)])
    finds = list(carve(image))
    assert [(find.kind, image[find.begin : find.end]) for find in finds] == list(FILES.items())


def test_files_back_to_back_and_across_the_windows_border() -> None:
    window = 4 * 1024 * 1024
    for shift in range(-9, 3):
        image = bytes(window + shift) + png() + jpeg() + pdf()
        assert [find.begin for find in carve(image)] == [
            window + shift,
            window + shift + len(png()),
            window + shift + len(png()) + len(jpeg()),
        ]


@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_short_is_not_reported(kind: str) -> None:
    content = FILES[kind]
    for cut in range(0, len(content) - (1 if kind == "pdf" else 0), 7):
        finds = [find.kind for find in carve(content[:cut])]
        assert kind not in finds


@pytest.mark.parametrize("kind", ["png", "zip"])
def test_a_flipped_bit_in_checked_content_is_noticed(kind: str) -> None:
    content = bytearray(FILES[kind])
    content[60] ^= 1
    assert kind not in [find.kind for find in carve(bytes(content))]


def test_a_pdf_ends_at_its_last_good_mark() -> None:
    first = pdf()
    updated = first + b"2 0 obj\nendobj\nxref\n0 1\nstartxref\n" + str(len(first) + 15).encode() + b"\n%%EOF\n"
    found = find_pdf(updated + b"startxref\n99999\n%%EOF\n", 0)
    assert found is not None
    assert found.end == len(updated)
    assert find_pdf(b"%PDF-1.4 startxref\n0\n%%EOF", 0) is None


def test_the_thumbnail_inside_a_photo_is_part_of_it() -> None:
    assert [find.size for find in carve(jpeg())] == [len(jpeg())]


def test_a_jpeg_needs_a_frame_and_a_scan() -> None:
    assert find_jpeg(b"\xff\xd8\xff\xdb\x00\x04\x00\x00\xff\xd9", 0) is None
    assert find_jpeg(b"\xff\xd8\xff\xff\xff" + jpeg()[3:], 0) is not None


@given(st.binary(max_size=200), st.sampled_from(SIGNATURES))
def test_no_rubble_behind_a_signature_breaks_it(tail: bytes, signature: bytes) -> None:
    data = signature + tail
    for find in (find_png, find_jpeg, find_pdf, find_zip):
        found = find(data, 0)
        assert found is None or 0 < found.end <= len(data)
    assert sum(find.size for find in carve(data)) <= len(data)


def test_many_headers_without_an_end_take_no_time() -> None:
    assert list(carve(SIGNATURES[3] * 200_000)) == []


def test_a_folder_is_searched_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "broken.bin").write_bytes(b"xx" + png())
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to(tmp_path / "sub" / "broken.bin")
    found = sources(tmp_path)
    assert [path.name for path in found] == ["empty", "broken.bin"]
    for path in found:
        with path.open("rb") as file:
            assert [find.begin for find in carve(mapped(file))] == ([] if path.name == "empty" else [2])
    with pytest.raises(Problem, match="not there"):
        sources(tmp_path / "nothing")


def test_a_good_file_is_salvaged_whole(tmp_path: Path) -> None:
    content = rubble(3 * STEP + 777, 5)
    (tmp_path / "good").write_bytes(content)
    with (tmp_path / "good").open("rb") as source, (tmp_path / "copy").open("wb") as out:
        assert salvage(source.fileno(), Span(0, len(content)), out) == []
    assert (tmp_path / "copy").read_bytes() == content


def test_a_file_that_ends_too_early_gives_one_hole_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x" * 1000)
    with (tmp_path / "short").open("rb") as source, (tmp_path / "copy").open("wb") as out:
        assert salvage(source.fileno(), Span(0, 5000), out) == [Span(1000, 4000)]
    assert (tmp_path / "copy").read_bytes() == b"x" * 1000 + bytes(4000)


def test_real_read_errors_cost_only_what_cannot_be_read(tmp_path: Path) -> None:
    # The kernel answers EIO for memory that is not mapped: a file with a hole that truly cannot be read.
    page = mmap.PAGESIZE
    pages = mmap.mmap(-1, 64 * page)
    pages.write(rubble(64 * page, 8))
    begin = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    expected = pages[: 20 * page] + bytes(2 * page) + pages[22 * page :]
    hole = begin + 20 * page
    assert libc.munmap(hole, 2 * page) == 0
    try:
        handle = os.open("/proc/self/mem", os.O_RDONLY)
        with (tmp_path / "copy").open("wb") as out:
            holes = salvage(handle, Span(begin, 64 * page), out)
        os.close(handle)
    finally:
        fixed_private_anonymous = 0x10 | 0x02 | 0x20
        assert libc.mmap(hole, 2 * page, 3, fixed_private_anonymous, -1, 0) == hole
    assert holes == [Span(20 * page, 2 * page)]
    assert page % SECTOR == 0
    assert (tmp_path / "copy").read_bytes() == expected
