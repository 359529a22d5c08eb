"""Reads a request's body within bounds of size and time, and decodes a form field by field."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from urllib.parse import parse_qsl, unquote_plus

from starlette.types import Receive

from troth.web.errors import BodyTooLarge, BodyTooSlow, Malformed, OtherMediaType
from troth.web.headers import Raw, values

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_MOST_FIELDS = 64
_MOST_NAME = 64
_MOST_VALUE = 8192
_MOST_QUERY = 2048
_LENGTH_DIGITS = 15
_CONTROLS = frozenset(map(chr, range(32))) - {"\n", "\r", "\t"} | {"\x7f"}


class Gone(Exception):
    """The browser went away before it had sent everything; there is nobody to answer."""


def require_length(headers: Sequence[Raw], most: int) -> None:
    """Refuse a body announced larger than `most` bytes, before a byte of it is read."""
    lengths = values(headers, b"content-length")
    if not lengths:
        return
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > _LENGTH_DIGITS:
        raise Malformed
    if int(lengths[0]) > most:
        raise BodyTooLarge


async def read(receive: Receive, most: int, seconds: float) -> bytes:
    """Return the whole body; raises `BodyTooLarge`, `BodyTooSlow` or `Gone`."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise BodyTooLarge
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError as error:
        raise BodyTooSlow from error


def require_type(headers: Sequence[Raw], wanted: str) -> None:
    """Raise `OtherMediaType` unless the one Content-Type is `wanted`, in UTF-8 or without a charset."""
    told = values(headers, b"content-type")
    if len(told) != 1:
        raise OtherMediaType
    kind, *parameters = told[0].decode("latin-1").lower().split(";")
    if kind.strip() != wanted:
        raise OtherMediaType
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key == "charset" and value.strip('"') != "utf-8":
            raise OtherMediaType


def decode_form(body: bytes, declared: Collection[str]) -> dict[str, str]:
    """Return the fields of an urlencoded form (WHATWG URL §5).

    One field that is undeclared, doubled or unreadable refuses them all with `Malformed`.
    """
    form: dict[str, str] = {}
    for name, value in _pairs(body):
        if name not in declared:
            raise Malformed("The form holds a field that this store does not ask for.")
        if name in form:
            raise Malformed("The form holds a field twice.", field=name)
        if len(value) > _MOST_VALUE:
            raise Malformed("One field is too long.", field=name)
        form[name] = value.replace("\r\n", "\n")
    return form


def require_one_click(body: bytes) -> None:
    """Raise `Malformed` unless the body is RFC 8058's, urlencoded or multipart: `List-Unsubscribe=One-Click`."""
    if b"List-Unsubscribe" not in body or b"One-Click" not in body:
        raise Malformed


def decode_query(raw: bytes, listed: Collection[str]) -> dict[str, str]:
    """Return the listed parameters; the others are ignored unread, a listed one given twice is refused."""
    if not listed or not raw:
        return {}
    if len(raw) > _MOST_QUERY:
        raise Malformed
    mine = [one for one in raw.split(b"&") if unquote_plus(one.partition(b"=")[0].decode("latin-1")) in listed]
    query: dict[str, str] = {}
    for name, value in _pairs(b"&".join(mine)):
        if name in query:
            raise Malformed("A parameter of the address is given twice.", field=name)
        query[name] = value
    return query


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Malformed from error
    for name, value in pairs:
        if len(name) > _MOST_NAME or not _CONTROLS.isdisjoint(value):
            raise Malformed
    return pairs
