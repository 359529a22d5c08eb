"""Draws every template in light and dark, wide and narrow, and lets two judges nobody here wrote look at it.

    python -m tests.preview.render [--out FOLDER] [--judges FOLDER] [--hue N] [--only NAME…]

`--judges` is a folder with `node_modules/axe-core` and `node_modules/vnu-jar` (and java on the path). The pages are
served from memory under the strict content policy of the store; nothing is written but the folder `--out`, by default
below the system's temporary one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from tests.preview.samples import MAILS, PAGES
from tests.preview.templates import draw, environment
from troth.web.palette import palette_css

ROOT = "http://store.test"
STATIC = Path(__file__).parents[2] / "src/troth/web/static"
CSP = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'"
# A mail is styled inside, which the store's pages may not be.
MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'"
WIDTHS = (1280, 360)
NARROWEST = 320
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
CAPTURE = Path(__file__).with_name("capture.svg")


class Shelf:
    """Answers the browser's requests from memory; anything else is refused and remembered."""

    def __init__(self, hue: int, html: str = "", policy: str = CSP) -> None:
        self.palette = palette_css(hue)
        self.html = html
        self.policy = policy
        self.refused: list[str] = []

    def answer(self, route: Route) -> None:
        """Serve the page, a static file or the sample picture."""
        path = route.request.url.removeprefix(ROOT)
        if path == "/":
            headers = {"content-security-policy": self.policy}
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8", headers=headers)
        elif path == "/static/palette.css":
            route.fulfill(body=self.palette, content_type="text/css")
        elif path == "/capture.svg":
            route.fulfill(body=CAPTURE.read_text(), content_type="image/svg+xml")
        elif path.startswith("/static/") and (file := STATIC / path.removeprefix("/static/")).is_file():
            route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix[1:]])
        else:
            self.refused.append(path)
            route.abort()


def listen(page: Page) -> list[str]:
    """Return a list that fills with what the page writes to its console: refusals by the content policy, mistakes."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", hear)
    return said


def look(page: Page, name: str, scheme: str, out: Path, axe: str) -> Iterator[str]:
    """Take the pictures of the page that is open and yield what is wrong with it."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=out / f"{name}-{scheme}-{width}.png", full_page=True)
    for width in (*WIDTHS, NARROWEST):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            yield f"{wide} pixels wide at {width}"
    if axe:
        # Wide in light, narrow in dark: each scheme and each layout once.
        page.set_viewport_size({"width": WIDTHS[SCHEMES.index(scheme)], "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.name = ''; one.open = true })")
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
        for fault in found["violations"]:
            for node in fault["nodes"]:
                yield f"axe {fault['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"


def judge(browser: Browser, drawn: Mapping[str, tuple[str, str]], shelf: Shelf, out: Path, axe: str) -> Iterator[str]:
    """Open every page (name → text, content policy) in both schemes and yield what is wrong, with name and scheme."""
    for scheme in SCHEMES:
        with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
            page = context.new_page()
            said = listen(page)
            page.route("**/*", shelf.answer)
            for name, (shelf.html, shelf.policy) in drawn.items():
                page.goto(f"{ROOT}/")
                found = [*look(page, name, scheme, out, axe), *said, *(f"asked for {path}" for path in shelf.refused)]
                yield from (f"{name} {scheme}: {fault}" for fault in found)
                said.clear()
                shelf.refused.clear()


def check_html(folder: Path, jar: Path) -> Sequence[str]:
    """Let the Nu HTML checker read every page; returns its errors and warnings."""
    ran = subprocess.run(
        ["java", "-jar", str(jar), "--format", "json", "--also-check-svg", *map(str, sorted(folder.glob("*.html")))],
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(ran.stderr or "{}").get("messages", [])
    return [
        f"vnu {one.get('subType') or one['type']}: {Path(one['url']).name}:{one.get('lastLine')}: {one['message']}"
        for one in told
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, judge, and say what was found; 0 if nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "troth-preview")
    parser.add_argument("--judges", type=Path)
    parser.add_argument("--hue", type=int, default=155)
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    for old in asked.out.glob("*"):
        old.unlink()
    axe = (asked.judges / "node_modules/axe-core/axe.min.js").read_text() if asked.judges else ""
    templates = environment()
    drawn: dict[str, tuple[str, str]] = {}
    for sample in (*PAGES, *MAILS):
        if asked.only and not any(sample.name.startswith(name) for name in asked.only):
            continue
        text, kind = draw(templates, sample), sample.template.rpartition(".")[2]
        (asked.out / f"{sample.name}.{kind}").write_text(text)
        if kind == "html":
            drawn[sample.name] = (text, MAIL_CSP if sample.template.startswith("mail/") else CSP)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        wrong = list(judge(browser, drawn, Shelf(asked.hue), asked.out, axe))
        browser.close()
    if asked.judges:
        wrong += check_html(asked.out, asked.judges / "node_modules/vnu-jar/build/dist/vnu.jar")
    print(*wrong, f"{len(wrong)} findings; pictures in {asked.out}", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
