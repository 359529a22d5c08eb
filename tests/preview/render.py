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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from tests.preview.samples import MAILS, PAGES
from tests.preview.templates import draw, environment
from troth.web.palette import palette_css

ROOT = "http://store.test"
STATIC = Path(__file__).parents[2] / "src/troth/web/static"
CSP = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'"
WIDTHS = (1280, 360)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
CAPTURE = Path(__file__).with_name("capture.svg")


class Shelf:
    """Answers the browser's requests from memory; anything else is refused and remembered."""

    def __init__(self, html: str, hue: int, policy: str) -> None:
        self.html = html
        self.headers = {"content-security-policy": policy}
        self.palette = palette_css(hue)
        self.refused: list[str] = []

    def answer(self, route: Route) -> None:
        """Serve the page, a static file or the sample picture."""
        path = route.request.url.removeprefix(ROOT)
        if path == "/":
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8", headers=self.headers)
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


def look(browser: Browser, shelf: Shelf, name: str, out: Path, axe: str) -> Iterator[str]:
    """Take the pictures of one page and yield what is wrong with it."""
    for scheme in SCHEMES:
        for width in WIDTHS:
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page = context.new_page()
            said = listen(page)
            page.route("**/*", shelf.answer)
            page.goto(f"{ROOT}/")
            page.screenshot(path=out / f"{name}-{scheme}-{width}.png", full_page=True)
            where = f"{name} {scheme} {width}"
            yield from (f"{where}: console: {text}" for text in said)
            yield from (f"{where}: {text}" for text in faults(page, axe))
            context.close()
    yield from (f"{name}: asked for {path}" for path in shelf.refused)


def faults(page: Page, axe: str) -> Iterator[str]:
    """Yield what overflows at this width and at half of it, and what axe-core finds."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    for narrow in (width, 320):
        page.set_viewport_size({"width": narrow, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > narrow:
            yield f"{wide} pixels wide at {narrow}"
    if axe:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.name = ''; one.open = true })")
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
        for fault in found["violations"]:
            for node in fault["nodes"]:
                yield f"axe {fault['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"


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
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for sample in (*PAGES, *MAILS):
            if asked.only and not any(sample.name.startswith(name) for name in asked.only):
                continue
            text = draw(templates, sample)
            # A mail is styled inside, which the store's pages may not be.
            policy = "default-src 'none'; style-src 'unsafe-inline'" if sample.template.startswith("mail/") else CSP
            (asked.out / f"{sample.name}.{sample.template.rpartition('.')[2]}").write_text(text)
            if sample.template.endswith(".html"):
                wrong += look(browser, Shelf(text, asked.hue, policy), sample.name, asked.out, axe)
        browser.close()
    if asked.judges:
        wrong += check_html(asked.out, asked.judges / "node_modules/vnu-jar/build/dist/vnu.jar")
    print(*wrong, f"{len(wrong)} findings; pictures in {asked.out}", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
