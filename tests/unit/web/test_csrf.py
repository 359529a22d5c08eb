from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.web.csrf import require_same_origin
from troth.web.errors import CrossSite

HOST = b"shop.example"
SITES = (None, b"same-origin", b"same-site", b"cross-site", b"none", b"", b"Same-Origin")
ORIGINS = (
    None,
    b"https://shop.example",
    b"https://shop.example:443",
    b"http://shop.example",
    b"https://shop.example:8443",
    b"https://evil.example",
    b"https://shop.example.evil.example",
    b"https://shop.example@evil.example",
    b"https://user@shop.example",
    b"https://shop.example/path",
    b"null",
    b"",
    b"https://",
    b"https://[::1",
    b"\xff\xfe",
)
EQUAL = {b"https://shop.example", b"https://shop.example:443"}


def passes(headers: list[tuple[bytes, bytes]], scheme: str = "https") -> bool:
    try:
        require_same_origin(headers, scheme)
    except CrossSite:
        return False
    return True


@pytest.mark.parametrize(("site", "origin"), list(product(SITES, ORIGINS)))
def test_the_whole_truth_table(site: bytes | None, origin: bytes | None) -> None:
    headers = [(b"host", HOST)]
    headers += [] if site is None else [(b"sec-fetch-site", site)]
    headers += [] if origin is None else [(b"origin", origin)]
    expected = site == b"same-origin" if site is not None else origin in EQUAL
    assert passes(headers) is expected


def test_the_origin_names_the_scheme_and_port_we_are_reached_by() -> None:
    local = [(b"host", b"localhost:8000"), (b"origin", b"http://localhost:8000")]
    assert passes(local, "http")
    assert not passes(local, "https")
    assert passes([(b"host", b"[::1]:8000"), (b"origin", b"http://[::1]:8000")], "http")
    assert passes([(b"host", b"Shop.Example"), (b"origin", b"https://shop.example")])
    assert not passes([(b"host", b"localhost:8000"), (b"origin", b"http://localhost:8001")], "http")


@pytest.mark.parametrize("twice", [b"sec-fetch-site", b"origin", b"host"])
def test_a_header_that_comes_twice_is_refused(twice: bytes) -> None:
    one = {b"host": HOST, b"origin": b"https://shop.example"}
    if twice == b"sec-fetch-site":
        one = {b"host": HOST, b"sec-fetch-site": b"same-origin"}
    headers = list(one.items())
    assert passes(headers)
    assert not passes([*headers, (twice, one[twice])])


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_only_an_equal_origin_passes_whatever_is_sent(host: bytes, origin: bytes) -> None:
    if passes([(b"host", host), (b"origin", origin)]):
        assert origin.decode().lower().startswith("https://")
        assert origin.decode().lower().split("://")[1].removesuffix(":443") == host.decode().lower().removesuffix(
            ":443"
        )
