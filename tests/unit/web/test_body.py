from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.web import body
from troth.web.errors import BodyTooLarge, BodyTooSlow, Malformed, OtherMediaType

NAMES = ("name", "note")


def arriving(*messages: dict[str, Any], pause: float = 0.0) -> Callable[[], Awaitable[dict[str, Any]]]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


def chunk(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


def test_a_body_arrives_in_pieces() -> None:
    pieces = arriving(chunk(b"ab", more=True), chunk(b"", more=True), chunk(b"c"))
    assert asyncio.run(body.read(pieces, 3, 1)) == b"abc"


def test_a_body_larger_than_announced_or_not_announced_is_stopped() -> None:
    pieces = arriving(chunk(b"ab", more=True), chunk(b"cd", more=True), chunk(b"never read"))
    with pytest.raises(BodyTooLarge):
        asyncio.run(body.read(pieces, 3, 1))


def test_a_body_that_drips_is_stopped() -> None:
    pieces = arriving(*[chunk(b"a", more=True)] * 100, pause=0.02)
    with pytest.raises(BodyTooSlow):
        asyncio.run(body.read(pieces, 1000, 0.1))


def test_a_browser_that_leaves_is_noticed() -> None:
    with pytest.raises(body.Gone):
        asyncio.run(body.read(arriving(chunk(b"a", more=True), {"type": "http.disconnect"}), 10, 1))


@pytest.mark.parametrize(
    ("length", "error"),
    [
        ([b"32769"], BodyTooLarge),
        ([b"9" * 15], BodyTooLarge),
        ([b"9" * 16], Malformed),
        ([b"-1"], Malformed),
        ([b"1", b"1"], Malformed),
        ([b""], Malformed),
        ([b"1e3"], Malformed),
        (["²".encode()], Malformed),
    ],
)
def test_an_announced_length_is_held_to_the_limit(length: list[bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        body.require_length([(b"content-length", one) for one in length], 32_768)


def test_a_length_within_the_limit_or_none_passes() -> None:
    body.require_length([(b"content-length", b"32768")], 32_768)
    body.require_length([(b"content-length", b"0")], 0)
    body.require_length([], 0)


@pytest.mark.parametrize("kind", [body.FORM, body.FORM + "; charset=UTF-8", body.FORM.upper() + ';charset="utf-8"'])
def test_a_form_says_that_it_is_one(kind: str) -> None:
    body.require_type([(b"content-type", kind.encode())], body.FORM)


@pytest.mark.parametrize(
    "kinds",
    [
        [],
        ["text/plain"],
        [body.JSON],
        [body.FORM + "; charset=latin-1"],
        [body.FORM, body.FORM],
        ["multipart/form-data"],
    ],
)
def test_anything_else_is_another_media_type(kinds: list[str]) -> None:
    with pytest.raises(OtherMediaType):
        body.require_type([(b"content-type", one.encode()) for one in kinds], body.FORM)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"other=1", "does not ask for"),
        (b"name=1&name=2", "twice"),
        (b"name=1&na%6De=2", "twice"),
        (b"name=" + b"a" * 8193, "too long"),
        (b"name=%00", "cannot be read"),
        (b"name=%1b", "cannot be read"),
        (b"name=%ff", "cannot be read"),
        (b"name=%ED%A0%80", "cannot be read"),
        ("name=ä".encode(), "cannot be read"),
        (b"&".join(b"name=1" for _ in range(65)), "cannot be read"),
        (b"n" * 65 + b"=1", "cannot be read"),
    ],
)
def test_one_bad_field_refuses_the_form(sent: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        body.decode_form(sent, NAMES)


@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200)))
def test_what_a_browser_encodes_is_read_back(form: dict[str, str]) -> None:
    assert body.decode_form(urlencode(form).encode(), NAMES) == form


def test_lines_end_as_on_this_machine() -> None:
    assert body.decode_form(b"note=a%0D%0Ab%09c", NAMES) == {"note": "a\nb\tc"}


@given(st.binary(max_size=300))
def test_no_form_fails_in_another_way(sent: bytes) -> None:
    try:
        form = body.decode_form(sent, NAMES)
    except Malformed:
        return
    assert set(form) <= set(NAMES)


@given(st.binary(max_size=300))
def test_no_query_fails_in_another_way(sent: bytes) -> None:
    try:
        query = body.decode_query(sent, NAMES)
    except Malformed:
        return
    assert set(query) <= set(NAMES)


def test_unlisted_parameters_are_ignored_unread() -> None:
    assert body.decode_query(b"utm_source=%ff&name=a&x&utm_source=b&" + b"y" * 99 + b"=1", NAMES) == {"name": "a"}
    assert body.decode_query(b"&".join(b"x=1" for _ in range(100)), NAMES) == {}
    assert body.decode_query(b"name=1", ()) == {}


@pytest.mark.parametrize("sent", [b"name=1&name=1", b"name=%ff", b"name=%00", b"name=" + b"a" * 2048])
def test_a_listed_parameter_that_is_doubtful_is_refused(sent: bytes) -> None:
    with pytest.raises(Malformed):
        body.decode_query(sent, NAMES)
