from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.store import TOKEN, make_lock
from troth.policy.language import CookieCategory
from troth.web.audience import MANDATORY
from troth.web.cookies import Gate
from troth.web.errors import CookieRefused

PLAIN, SECURE = Gate(make_lock(), https=False), Gate(make_lock(), https=True)
SESSION = ("troth_session",)


def read(gate: Gate, *headers: str) -> dict[str, str]:
    return gate.read([(b"cookie", one.encode()) for one in headers], SESSION)


def test_only_what_the_route_declares_is_read() -> None:
    assert read(PLAIN, f"troth_visit=1; troth_session={TOKEN}; other=2") == {"troth_session": TOKEN}
    assert PLAIN.read([(b"cookie", b"troth_session=1")], ()) == {}


def test_under_https_only_the_prefixed_name_counts() -> None:
    assert read(SECURE, f"troth_session={TOKEN}") == {}
    assert read(SECURE, f"__Host-troth_session={TOKEN}") == {"troth_session": TOKEN}
    assert read(PLAIN, f"__Host-troth_session={TOKEN}") == {}


@pytest.mark.parametrize(
    "header",
    [
        f"troth_session={TOKEN}; troth_session={TOKEN}",
        f'troth_session="{TOKEN}"',
        "troth_session=",
        "troth_session",
        "troth_session=a b",
        "troth_session=" + "a" * 513,
        "troth_session=a; " + "x=" + "y" * 9000,
    ],
)
def test_a_doubtful_cookie_is_as_if_absent(header: str) -> None:
    assert read(PLAIN, header) == {}


def test_two_cookie_headers_are_one_list() -> None:
    assert read(PLAIN, "a=1", f"troth_session={TOKEN}") == {"troth_session": TOKEN}
    assert read(PLAIN, f"troth_session={TOKEN}", f"troth_session={TOKEN}") == {}


@given(st.binary(max_size=200))
def test_reading_never_fails(header: bytes) -> None:
    found = PLAIN.read([(b"cookie", header)], SESSION)
    assert set(found) <= set(SESSION)


def test_what_is_written_may_leave_and_is_read_again() -> None:
    for gate, secure in ((PLAIN, False), (SECURE, True)):
        name, value = gate.write("troth_session", TOKEN, 600)
        assert gate.refused([(name, value)], MANDATORY) == []
        assert (b"; Secure" in value) is secure
        assert value.endswith(b"; Path=/; HttpOnly; SameSite=Lax" + (b"; Secure" if secure else b""))
        assert gate.read([(b"cookie", value.split(b";")[0])], SESSION) == {"troth_session": TOKEN}


@pytest.mark.parametrize(
    "cookie",
    [
        "tracker=1; Max-Age=60; Path=/",
        "troth_session=1; Path=/",
        "troth_session=1; Max-Age=3601; Path=/",
        "troth_session=1; Max-Age=-1; Path=/",
        "troth_session=1; Max-Age=60; Path=/; Domain=example.com",
        "troth_session=1; Max-Age=60",
        "troth_session=1; Max-Age=60; Path=/orders",
        "__Host-troth_session=1; Max-Age=60; Path=/",
        "troth_visit=1; Max-Age=60; Path=/",
        "TROTH_SESSION=1; Max-Age=60; Path=/",
    ],
)
def test_an_undeclared_or_longer_or_wider_cookie_does_not_leave(cookie: str) -> None:
    raw = (b"Set-Cookie", cookie.encode())
    assert PLAIN.refused([raw, (b"content-type", b"text/plain")], MANDATORY) == [raw]


def test_a_category_is_needed_to_set_a_cookie_not_to_take_it_back() -> None:
    visit = PLAIN.write("troth_visit", "1", 60)
    assert PLAIN.refused([visit], MANDATORY) == [visit]
    assert PLAIN.refused([visit], MANDATORY | {CookieCategory.ANALYTICAL}) == []
    assert PLAIN.refused([visit], ()) == [visit]
    assert PLAIN.refused([PLAIN.write("troth_visit", "", 0)], ()) == []


def test_under_https_a_cookie_without_secure_does_not_leave() -> None:
    raw = (b"set-cookie", b"__Host-troth_session=1; Max-Age=60; Path=/")
    assert SECURE.refused([raw], MANDATORY) == [raw]


@pytest.mark.parametrize("value", ["a;b", "a b", "ä", "a\r\nx: y", "a,b", '"'])
def test_a_value_cannot_carry_anything_else(value: str) -> None:
    with pytest.raises(CookieRefused):
        PLAIN.write("troth_session", value, 60)
