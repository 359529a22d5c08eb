from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.web.store import Client
from troth.web.assets import Assets
from troth.web.errors import Undeclared
from troth.web.pages import PageView, translations
from troth.web.site import Site


def test_static_files_stand_under_an_address_of_their_content() -> None:
    one = Assets((), {"a.css": b"a{}"}, ())
    other = Assets((), {"a.css": b"b{}"}, ())
    assert one.address("a.css") != other.address("a.css")
    assert one.address("a.css").startswith("/static/")
    assert one.find(other.address("a.css")) is None
    with pytest.raises(Undeclared):
        one.address("b.css")


def test_browsers_keep_static_files_for_ever(client: Client) -> None:
    address = client.site.assets.address("troth.css")
    answer = client.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "@layer" in answer.text
    assert client.get(address, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.send("HEAD", address).headers["etag"] == answer.headers["etag"]
    assert client.get(address + "?x=1").text == answer.text
    assert client.get("/static/../web/site.py").status_code == 404


def test_the_palette_is_made_from_the_store(client: Client) -> None:
    assert "--accent" in client.get(client.site.assets.address("palette.css")).text


def test_every_file_of_the_kit_has_a_type_of_its_own(make: Callable[..., Site]) -> None:
    kinds = {dict(stored.headers)[b"content-type"] for stored in make().assets._stored.values()}
    assert b"application/octet-stream" not in kinds


def test_a_language_without_a_catalogue_is_english() -> None:
    assert translations("xx").gettext("Privacy") == "Privacy"


def test_direction_follows_the_language() -> None:
    assert (PageView("/", "en").direction, PageView("/", "ar").direction) == ("ltr", "rtl")


def test_pages_can_be_warmed(make: Callable[..., Site]) -> None:
    site = make()
    site.pages.warm("en")
    assert "web/page.html" in str(site.pages._environments["en"].cache)
