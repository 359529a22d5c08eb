from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from tests.unit.web.store import Wish, make_lock
from troth.web.call import Call
from troth.web.errors import BadTable, MethodNotAllowed, NoSuchPage
from troth.web.limits import Limit
from troth.web.route import Api, Route, Table

LOCK = make_lock()


async def handler(_call: Call) -> Response:
    return Response(b"")


def route(method: str = "GET", path: str = "/", name: str = "home", **more: Any) -> Route:
    return Route(method, path, handler, name, **more)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (route("POST", "/api/v1/x", cookies=("troth_session",)), "must read no cookie"),
        (route("GET", "/api/v1/x", cookies=("troth_session",)), "must read no cookie"),
        (route("POST", "/webhooks/stripe", cookies=("troth_session",)), "must read no cookie"),
        (route("POST", "/stop/{token}", one_click=True, cookies=("troth_session",)), "must read no cookie"),
        (route("POST", "/api/v1/x", form="wish"), "an API takes JSON"),
        (route("POST", "/stop/{token}", one_click=True, form="wish"), "an API takes JSON"),
        (route("GET", "/stop/{token}", one_click=True), "one click is posted"),
        (route("POST", "/x"), "is a declared form"),
        (route("DELETE", "/x"), "is a declared form"),
        (route("GET", "/x", form="wish"), "a form is posted"),
        (route("POST", "/x", form="undeclared"), "no policy declares the form"),
        (route("GET", "/x", cookies=("other",)), "no policy declares the cookie"),
        (route("GET", "/x", cookies=("troth_session",), cache=9), "never cached"),
        (route("GET", "/orders/{token}", cache=9), "never cached"),
        (route("POST", "/x", form="wish", cache=9), "only a GET"),
        (route("BREW", "/x"), "not a method"),
        (route("GET", "x"), "is not a path"),
        (route("GET", "/x/"), "is not a path"),
        (route("GET", "/x//y"), "is not a path"),
        (route("GET", "/{a}b"), "is not a path"),
        (route("GET", "/a?b"), "is not a path"),
        (route("GET", "/x", "Two Words"), "a name is"),
        (route("GET", "/api/x", api=Api("x", Wish)), "takes no body"),
    ],
)
def test_a_route_that_contradicts_the_house_is_not_built(bad: Route, why: str) -> None:
    with pytest.raises(BadTable, match=why):
        Table([bad], LOCK)


@pytest.mark.parametrize(
    "pair",
    [
        (route(), route(name="again")),
        (route("GET", "/a/{x}", "one"), route("GET", "/a/{y}", "two")),
        (route("GET", "/a", "same"), route("GET", "/b", "same")),
        (
            route("GET", "/a", "one", limits=(Limit("x", 1),)),
            route("GET", "/b", "two", limits=(Limit("x", 2),)),
        ),
    ],
)
def test_two_routes_that_contradict_each_other_are_not_built(pair: tuple[Route, Route]) -> None:
    with pytest.raises(BadTable):
        Table(pair, LOCK)


def test_which_routes_need_our_own_pages_is_derived() -> None:
    assert route("POST", "/x", form="wish").csrf
    assert route("POST", "/x", form="wish", cookies=("troth_session",)).csrf
    assert not route("GET", "/x", cookies=("troth_session",)).csrf
    assert not route("POST", "/api/v1/x").csrf
    assert not route("POST", "/webhooks/stripe").csrf
    assert not route("POST", "/stop/{token}", one_click=True).csrf
    # A prefix is a folder, not a beginning of a word.
    assert route("POST", "/apis/x", form="wish").csrf


TABLE = Table(
    [
        route(),
        route("POST", "/", "post", form="wish"),
        route("GET", "/orders/new", "new"),
        route("GET", "/orders/{token}", "order"),
        route("POST", "/orders/{token}", "order-post", form="wish"),
        route("GET", "/orders/{token}/pay", "pay"),
        route("GET", "/{part}/about", "about"),
    ],
    LOCK,
)


@pytest.mark.parametrize(
    ("method", "path", "name", "params"),
    [
        ("GET", "/", "home", {}),
        ("HEAD", "/", "home", {}),
        ("POST", "/", "post", {}),
        ("GET", "/orders/new", "new", {}),
        ("GET", "/orders/abc", "order", {"token": "abc"}),
        ("GET", "/orders/ä b", "order", {"token": "ä b"}),
        ("POST", "/orders/abc", "order-post", {"token": "abc"}),
        ("GET", "/orders/abc/pay", "pay", {"token": "abc"}),
        ("GET", "/orders/about", "order", {"token": "about"}),
        ("GET", "/shop/about", "about", {"part": "shop"}),
    ],
)
def test_a_path_finds_its_route(method: str, path: str, name: str, params: dict[str, str]) -> None:
    found, values = TABLE.match(method, path)
    assert (found.name, values) == (name, params)


@pytest.mark.parametrize("path", ["", "/orders", "/orders/", "/orders/a/b", "/orders/a/pay/", "//", "/orders//pay"])
def test_a_path_nobody_declared_is_not_found(path: str) -> None:
    with pytest.raises(NoSuchPage):
        TABLE.match("GET", path)


def test_another_method_is_told_the_allowed_ones() -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        TABLE.match("PUT", "/orders/abc")
    assert refused.value.allowed == ("GET", "HEAD", "POST")


@given(st.text(), st.text(max_size=5))
def test_matching_never_fails_in_another_way(path: str, method: str) -> None:
    try:
        TABLE.match(method, path)
    except (NoSuchPage, MethodNotAllowed):
        return
