from __future__ import annotations

import asyncio
import gzip
from collections.abc import Hashable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.policy.language import CookieCategory
from troth.web.audience import Audience
from troth.web.cache import Key, PageCache, Stored, choose_encoding, listed

EVERYBODY = Audience("en", "DE", (CookieCategory.MANDATORY,))
BODY = b"<p>one paragraph</p>" * 100
HTML = ((b"content-type", b"text/html"),)


def key(path: str = "/", audience: Audience = EVERYBODY, revision: int = 1, **query: str) -> Key:
    return Key(path, listed(query), audience, revision)


def page(body: bytes = BODY) -> Stored:
    return Stored("home", body, HTML)


class Cached:
    """A cache whose clock and generation are set by hand."""

    def __init__(self, most_bytes: int = 1_000_000) -> None:
        self.now, self.generation = 100.0, 1
        self.cache = PageCache(most_bytes, lambda: self.now)
        self.renew()

    def renew(self) -> None:
        async def ask() -> Hashable:
            return self.generation

        asyncio.run(self.cache.renew(ask))

    def keep(self, at: Key, seconds: int = 60, stored: Stored | None = None) -> None:
        self.cache.keep(at, stored or page(), seconds, self.cache.generation)


def test_a_page_is_found_again_under_the_same_key_only() -> None:
    cached = Cached()
    cached.keep(key(country="DE"))
    assert cached.cache.find(key(country="DE")) is not None
    for other in (
        key(),
        key(country="FR"),
        key("/x", country="DE"),
        key(country="DE", revision=2),
        key(country="DE", audience=EVERYBODY._replace(language="de")),
        key(country="DE", audience=EVERYBODY._replace(country="FR")),
        key(country="DE", audience=EVERYBODY._replace(consent=(*EVERYBODY.consent, CookieCategory.TARGET))),
    ):
        assert cached.cache.find(other) is None


PARAMETERS = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4)


@given(PARAMETERS, PARAMETERS)
def test_different_parameters_never_share_a_key(one: dict[str, str], other: dict[str, str]) -> None:
    assert (key()._replace(query=listed(one)) == key()._replace(query=listed(other))) is (one == other)


def test_the_order_of_parameters_makes_no_other_page() -> None:
    assert listed({"a": "1", "b": "2"}) == listed({"b": "2", "a": "1"})


def test_after_a_second_the_generation_is_asked_for_first() -> None:
    cached = Cached()
    cached.keep(key())
    told = []
    for step in (0.9, 0.1):
        cached.now += step
        told.append((cached.cache.stale, cached.cache.find(key()) is not None))
    assert told == [(False, True), (True, False)]
    cached.renew()
    assert cached.cache.find(key()) is not None


def test_another_generation_empties_the_cache() -> None:
    cached = Cached()
    cached.keep(key())
    cached.generation = 2
    cached.now += 1
    cached.renew()
    assert cached.cache.find(key()) is None


def test_what_this_process_wrote_shows_at_once() -> None:
    cached = Cached()
    cached.keep(key())
    cached.generation = 2
    cached.cache.expire()
    assert cached.cache.find(key()) is None


def test_a_page_begun_before_a_change_is_not_kept_after_it() -> None:
    cached = Cached()
    begun_under = cached.cache.generation
    cached.generation = 2
    cached.now += 1
    cached.renew()
    cached.cache.keep(key(), page(), 60, begun_under)
    assert cached.cache.find(key()) is None


def test_a_page_ages() -> None:
    cached = Cached()
    cached.keep(key(), seconds=10)
    for _ in range(10):
        assert cached.cache.find(key()) is not None
        cached.now += 1
        cached.renew()
    assert cached.cache.find(key()) is None


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    size = page().size
    cached = Cached(most_bytes=10 * size)
    for number in range(10):
        cached.keep(key(f"/{number}"))
    assert cached.cache.find(key("/0")) is not None
    cached.keep(key("/10"))
    assert cached.cache.find(key("/0")) is not None
    assert cached.cache.find(key("/1")) is None
    assert cached.cache._bytes == 10 * size
    cached.keep(key("/10"))
    assert cached.cache._bytes == 10 * size


def test_a_page_too_large_is_not_kept() -> None:
    cached = Cached(most_bytes=100_000)
    cached.keep(key(), stored=page(b"x" * 6000))
    assert cached.cache.find(key()) is None


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        (b"gzip, deflate, br, zstd", "br"),
        (b"gzip", "gzip"),
        (b"br;q=0, gzip;q=0.1", "gzip"),
        (b"br;q=0, gzip; q=0", "identity"),
        (b"identity", "identity"),
        (b"", "identity"),
        (b"BR", "br"),
        (b"br;q=x", "identity"),
        (b"\xff\xfe;;;,,q=", "identity"),
    ],
)
def test_the_shortest_encoding_the_client_takes(accepted: bytes, encoding: str) -> None:
    assert choose_encoding(accepted) == encoding


@given(st.binary(max_size=60))
def test_choosing_an_encoding_never_fails(accepted: bytes) -> None:
    assert choose_encoding(accepted) in {"br", "gzip", "identity"}


@pytest.mark.parametrize(
    ("accepted", "decode"), [(b"br", brotli.decompress), (b"gzip", gzip.decompress), (None, bytes)]
)
def test_each_encoding_holds_the_same_page(accepted: bytes | None, decode: type[bytes]) -> None:
    stored = page()
    start, content = stored.messages(accepted, None)
    assert decode(content["body"]) == BODY
    told = dict(start["headers"])
    assert told[b"content-length"] == str(len(content["body"])).encode()
    assert told.get(b"content-encoding", b"identity") == (accepted or b"identity")
    assert stored.messages(accepted, None)[0] is start


def test_small_or_already_compressed_content_is_sent_as_it_is() -> None:
    for stored in (page(b"x" * 511), Stored("static", BODY, ((b"content-type", b"image/png"),))):
        start, content = stored.messages(b"br", None)
        assert content["body"] == stored.body
        assert b"content-encoding" not in dict(start["headers"])


def test_a_client_that_knows_the_page_is_told_so() -> None:
    stored = page()
    start, _ = stored.messages(b"br", None)
    etag = dict(start["headers"])[b"etag"]
    for known in (etag, b'"x", ' + etag, b"W/" + etag):
        unchanged, content = stored.messages(b"br", known)
        assert (unchanged["status"], content["body"]) == (304, b"")
        assert b"content-length" not in dict(unchanged["headers"])
    assert stored.messages(b"gzip", etag)[0]["status"] == 200
    assert page(BODY + b"x").messages(b"br", etag)[0]["status"] == 200
