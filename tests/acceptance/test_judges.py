"""Judges nobody here wrote look at every page: axe-core for barriers, the Nu Html Checker for valid pages.

axe-core sees each page light and wide, dark and narrow, and where there is a script also without it. Its pages are the
bytes the store sent, under the policy it sent them with.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, ViewportSize

from tests.acceptance.gallery import NO_PAGES, NOT_OURS, SIGHTS, Gallery, Sight
from tests.support.browser import NEEDS_CHROMIUM, Shop
from tests.support.demo import Demo, text_of
from troth import app
from troth.shop.model import State

pytestmark = pytest.mark.xdist_group("judges")

MODULES = Path(__file__).resolve().parents[1] / "judges/node_modules"
AXE = MODULES / "axe-core/axe.min.js"
VNU = MODULES / "vnu-jar/build/dist/vnu.jar"
INSTALL = "cd tests/judges && npm ci --ignore-scripts"
NEEDS_AXE = pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is missing: {INSTALL}")
NEEDS_VNU = pytest.mark.skipif(
    not VNU.exists() or shutil.which("java") is None,
    reason=f"vnu-jar or java is missing: apt-get install default-jre-headless; {INSTALL}",
)
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
# 1280 pixels at 400 %: WCAG 2.2, 1.4.10.
REFLOWED: ViewportSize = {"width": 320, "height": 256}


@pytest.fixture(scope="module")
def gallery(demo: Demo) -> Gallery:
    return Gallery(demo)


def test_no_page_and_no_state_is_forgotten(demo: Demo) -> None:
    routes = {route.name for route in app.routes(demo.folder) if route.api is None}
    seen = {sight.route for sight in SIGHTS} - NOT_OURS
    assert routes == seen | set(NO_PAGES)
    assert seen.isdisjoint(NO_PAGES)
    assert {sight.state for sight in SIGHTS} >= set(State)
    assert len({sight.name for sight in SIGHTS}) == len(SIGHTS)


def put_up(page: Page, gallery: Gallery, sight: Sight, *, script: bool) -> None:
    """Open a page that was taken; what it asks for comes from the store itself."""
    answer = gallery.show(sight)
    headers = {
        name: value for name, value in answer.headers.items() if name.lower() not in {"set-cookie", "connection"}
    }
    address = f"{gallery.demo.url}/as-taken"

    def serve(route: Route) -> None:
        if route.request.url == address:
            route.fulfill(status=200, headers=headers, body=answer.body)
        elif route.request.resource_type == "script" and not script:
            route.fulfill(content_type="text/javascript", body="")
        else:
            route.continue_()

    page.route("**/*", serve)
    page.goto(address)


def barriers(page: Page) -> Iterator[str]:
    """Open everything that can be opened and yield what axe-core finds."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.name = ''; one.open = true })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert found["passes"], "axe-core looked at nothing"
    for fault in found["violations"]:
        for node in fault["nodes"]:
            yield f"{fault['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"


@NEEDS_CHROMIUM
@NEEDS_AXE
@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_no_barrier(open_shop: Shop, gallery: Gallery, sight: Sight) -> None:
    scripts = (True, False) if b"<script" in gallery.show(sight).body else (True,)
    for script in scripts:
        page = open_shop(viewport=WIDE, color_scheme="light")
        put_up(page, gallery, sight, script=script)
        assert list(barriers(page)) == []
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)
        page.reload()  # colours that are on their way from light to dark are neither
        assert list(barriers(page)) == []
        page.set_viewport_size(REFLOWED)
        assert page.evaluate("document.documentElement.scrollWidth") <= REFLOWED["width"]


@NEEDS_CHROMIUM
@NEEDS_AXE
def test_axe_notices_a_barrier(open_shop: Shop) -> None:
    """The tests above mean something only if the judge speaks up."""
    page = open_shop()
    page.goto("/")
    page.evaluate("document.querySelector('main').innerHTML = '<img src=/icon.svg>'")
    assert any(one.startswith("image-alt") for one in barriers(page))


def judged(folder: Path) -> list[str]:
    """Let the Nu Html Checker read every page in a folder; return what it says, errors and warnings."""
    pages = sorted(map(str, folder.glob("*.html")))
    assert pages
    ran = subprocess.run(
        ["java", "-Xss1m", "-jar", VNU, "--format", "json", "--also-check-svg", *pages],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    told = json.loads(ran.stderr)["messages"]
    return [f"{Path(one['url']).name}:{one.get('lastLine')}: {one['message']}" for one in told]


@NEEDS_VNU
def test_every_page_and_every_mail_is_valid_html(gallery: Gallery, tmp_path: Path) -> None:
    for number, sight in enumerate(SIGHTS):
        (tmp_path / f"{number:03}-{sight.route}-{sight.words}.html").write_bytes(gallery.show(sight).body)
    kinds = {"Your key", "Receipt", "waits for its payment", "your key comes on", "Your link", "Refund", "made anew"}
    for kind in kinds:
        letters = gallery.demo.letters("", kind)
        assert letters, f"no mail {kind!r} was written"
        for number, letter in enumerate(letters[:2]):
            (tmp_path / f"mail-{kind}-{number}.html").write_text(text_of(letter, "html"), encoding="utf-8")
    assert judged(tmp_path) == []


@NEEDS_VNU
def test_vnu_notices_an_invalid_page(tmp_path: Path) -> None:
    (tmp_path / "wrong.html").write_text("<!doctype html><title>x</title><p><img src=x><div></p>")
    assert judged(tmp_path)
