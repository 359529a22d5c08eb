"""Sends published files: whole, or the one part a client asks for to go on where it stopped (RFC 9110 §14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse

from troth.shop.protocols import Objects

if TYPE_CHECKING:
    from troth.shop.model import Release
    from troth.web.call import Call

_RANGE: Final = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})|bytes=-([0-9]{1,15})")


async def send_file(call: Call, release: Release) -> Response:
    """Answer with a published file, or with a part of it; `If-Range` holds only for this very file."""
    tag = f'"{release.sha256}"'
    headers = {
        "accept-ranges": "bytes",
        "content-disposition": f'attachment; filename="{release.name}"',
        "etag": tag,
    }
    wanted = call.header("range")
    if wanted and call.header("if-range") in {"", tag}:
        part = find_range(wanted, release.size)
        if part is None:
            return Response(b"", 416, {"content-range": f"bytes */{release.size}"})
        start, stop = part
        headers["content-range"] = f"bytes {start}-{stop - 1}/{release.size}"
        return await send_object(call, release.object, headers, "application/octet-stream", part=part)
    headers["content-length"] = str(release.size)
    return await send_object(call, release.object, headers, "application/octet-stream")


async def send_object(
    call: Call, name: str, headers: dict[str, str], media_type: str, *, part: tuple[int, int] | None = None
) -> Response:
    """Stream an object, or the octets of it from `part[0]` up to before `part[1]`; raises `ObjectUnknown`."""
    objects = call.site.setup.database.port(Objects)  # type: ignore[type-abstract]
    chunks = await call.load(objects.read, name, part)
    if part is not None:
        headers = headers | {"content-length": str(part[1] - part[0])}
    return StreamingResponse(
        _in_threads(call, chunks), 200 if part is None else 206, headers=headers, media_type=media_type
    )


def find_range(wanted: str, size: int) -> tuple[int, int] | None:
    """Return the first octet and the one after the last of a single range, None if there is no such part."""
    found = _RANGE.fullmatch(wanted.replace(" ", ""))
    if found is None or size == 0:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    return (start, stop) if start < stop else None


async def _in_threads(call: Call, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await call.load(next, chunks, b"")) != b"":
        yield chunk
