"""Debian's Chromium as a buyer's browser, watched: whom it asks, what it keeps, what it complains about.

    PAGES = (...)
    def test_something(open_shop: OpenShop) -> None:
        page = open_shop(java_script_enabled=False)   # a fresh visitor; at the end of the test the watch must be clean

A module of tests shares one browser: while Playwright runs, other tests could not run an event loop of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NEEDS_CHROMIUM: Final = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="chromium is missing: apt-get install chromium fonts-dejavu-core"
)
PATIENCE_MS: Final = 20_000
expect.set_options(PATIENCE_MS)
# Chromium says this of every answer that is no success; which answer that was is for the test to judge.
_STATUS_LINE: Final = "Failed to load resource: the server responded with a status of"


@dataclass
class Watch:
    """What happened in one visitor's browser; `store` is the host that may be asked, with the provider it sends to."""

    store: str
    asked: set[str] = field(default_factory=set)
    providers: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Begin to watch."""
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def require_clean(self) -> None:
        """Fail unless only the store and its payment provider were asked, and no page complained."""
        assert self.asked <= {self.store, *self.providers}
        assert self.complaints == []

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"}:
            self.asked.add(parts.netloc)

    def _response(self, response: Response) -> None:
        # The one place where the store may send a visitor elsewhere: the redirect behind "Pay".
        if urlsplit(response.url).path.endswith("/pay") and response.status == 303:
            self.providers.add(urlsplit(response.headers["location"]).netloc)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_STATUS_LINE):
            self.complaints.append(f"{message.type}: {message.text}")


@dataclass
class Shop:
    """Opens watched visits to one store."""

    browser: Browser
    url: str
    opened: list[tuple[BrowserContext, Watch]] = field(default_factory=list)

    def __call__(self, **options: Any) -> Page:
        """Return the empty page of a fresh visitor; `options` are those of Playwright's `new_context`."""
        return self.watched(self.browser.new_context(base_url=self.url, **options))

    def watched(self, context: BrowserContext) -> Page:
        """Watch a context and return its page."""
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(urlsplit(self.url).netloc)
        watch.over(context)
        self.opened.append((context, watch))
        return context.pages[0] if context.pages else context.new_page()

    def close(self) -> None:
        """End all visits; fail unless each was clean."""
        for context, _ in self.opened:
            context.close()
        for _, watch in self.opened:
            watch.require_clean()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


def without_cookies(browser: Browser, folder: Path, url: str) -> BrowserContext:
    """Return another browser, whose settings block all cookies and site data (Chromium: "Block all cookies")."""
    (folder / "Default").mkdir(parents=True)
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (folder / "Default" / "Preferences").write_text(json.dumps(settings))
    return browser.browser_type.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=list(ARGUMENTS), base_url=url
    )
