"""Somebody who knows only what is published: clones, types `make run`, buys over HTTP, and runs what was bought.

Nothing of this repository is imported here. What this relies on stands in README and in the list of fixed names: the
command `make run` with PORT, the line `ready URL mail FOLDER`, the pages' own forms and links, the payment page's
button `outcome=pay`, and what the mail with the key tells to do.
"""

from __future__ import annotations

import email
import email.policy
import html.parser
import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from typing_extensions import override

pytestmark = pytest.mark.xdist_group("outsider")

REPOSITORY = Path(__file__).resolve().parents[2]
BUYER = "olive@outside.example"
SET_UP_SECONDS = 240
PATIENCE_SECONDS = 30
KEY = re.compile(r"\b[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4}\b")
OFFLINE = re.compile(
    "NewConnectionError|ConnectTimeoutError|NameResolutionError|Temporary failure in name resolution|"
    "Network is unreachable|No matching distribution found|ProxyError"
)


class Page(html.parser.HTMLParser):
    """A page as a plain browser knows it: its links, and its forms with what they would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, str], list[tuple[str, str]]]] = []
        self.chosen = ""
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        elif tag == "form":
            self.forms.append((has.get("action", ""), {}, []))
        elif self.forms:
            self._control(tag, has, self.forms[-1][1])

    def _control(self, tag: str, has: dict[str, str], fields: dict[str, str]) -> None:
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "select":
            self.chosen = name
        elif tag == "option" and "selected" in has:
            fields[self.chosen] = value
        elif tag == "button":
            self.forms[-1][2].append((name, value))
        elif tag == "textarea" or (
            tag == "input" and (has.get("type") not in {"checkbox", "radio"} or "checked" in has)
        ):
            fields[name] = value


class Browser:
    """Follows links and redirects, keeps cookies, and says where its forms come from, as every browser does."""

    def __init__(self, home: str) -> None:
        self.url, self.page, self.text = home, Page(""), ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def go(self, address: str) -> None:
        self._open(address)

    def press(self, button: tuple[str, str], **typed: str) -> None:
        """Send the form that has this button, with what was typed."""
        action, fields, _ = next(form for form in self.page.forms if button in form[2])
        sent = urllib.parse.urlencode({**fields, **typed, button[0]: button[1]}).encode()
        parts = urllib.parse.urlsplit(self.url)
        self._open(action, sent, {"Origin": f"{parts.scheme}://{parts.netloc}"})

    def follow(self, part: str) -> None:
        self.go(next(link for link in self.page.links if part in link))

    def fetch(self, address: str) -> bytes:
        with self._opener.open(address, timeout=30) as answer:
            return bytes(answer.read())

    def _open(self, address: str, sent: bytes | None = None, headers: Mapping[str, str] | None = None) -> None:
        whole = urllib.parse.urljoin(self.url, address)
        assert whole.startswith("http://")
        request = urllib.request.Request(whole, sent, dict(headers or {}))  # noqa: S310 - seen to be http, above
        with self._opener.open(request, timeout=30) as answer:
            self.url, self.text = answer.url, answer.read().decode()
        self.page = Page(self.text)


@pytest.fixture
def clone() -> Iterator[Path]:
    """Make a fresh clone, gone afterwards with all that was installed in it."""
    if not (REPOSITORY / ".git").exists() or shutil.which("git") is None or shutil.which("make") is None:
        pytest.skip("this is no git clone, or git or make is missing: apt-get install git make")
    folder = Path(tempfile.mkdtemp(prefix="troth-outsider-"))
    try:
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder / "troth"], check=True, timeout=60)
        yield folder / "troth"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(clone: Path) -> Iterator[tuple[str, Path]]:
    """Type `make run`; return the store's address and its outbox."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS"}
    }
    output = clone.parent / "output"
    with output.open("wb") as errors:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=clone,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    with process:
        try:
            said = wait_for_ready(process)
            if not said.startswith("ready "):
                told = f"{said}\n{output.read_text()}"
                if OFFLINE.search(told):
                    pytest.skip("no package index can be reached, so `make run` cannot set up its own .venv")
                pytest.fail(f"`make run` did not say that it is ready:\n{told[-3000:]}")
            _, url, word, outbox = said.split()
            assert word == "mail"
            yield url, Path(outbox)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def wait_for_ready(process: subprocess.Popen[str]) -> str:
    """Return the line that begins with `ready`, or all that was said if none came."""
    assert process.stdout is not None
    said, until = "", time.monotonic() + SET_UP_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < until and selector.select(until - time.monotonic()):
            line = process.stdout.readline()
            if not line or line.startswith("ready "):
                return line or said
            said += line
    return said


def buy(browser: Browser) -> None:
    browser.follow("/products/")
    browser.follow("/checkout/")
    browser.press(("step", "order"), email=BUYER, deliver_now="yes", waiver="yes")
    browser.follow("/pay")
    browser.press(("outcome", "pay"))


def key_mail(outbox: Path) -> str:
    """Return the text of the mail that brings the key."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        for file in outbox.glob("*.eml"):
            letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            part = letter.get_body(("plain",))
            text = "" if part is None else str(part.get_content())
            if letter["to"] == BUYER and "Your key for" in str(letter["subject"]):
                return text
        time.sleep(0.2)
    pytest.fail("no mail brought a key")


@pytest.mark.timeout(SET_UP_SECONDS + 120)
def test_a_stranger_with_a_clone_buys_a_program_and_runs_it(store: tuple[str, Path], tmp_path: Path) -> None:
    url, outbox = store
    ready = json.loads(Browser(url).fetch(f"{url}/readyz"))
    assert ready["payments"] == "test"
    browser = Browser(url)
    browser.go("/")
    buy(browser)
    assert browser.url.startswith(f"{url}/orders/")
    told = key_mail(outbox)
    found = KEY.search(told)
    assert found is not None
    key = found.group()
    address = next(word for word in told.split() if word.startswith(f"{url}/downloads/"))
    program = tmp_path / address.rpartition("/")[2]
    program.write_bytes(browser.fetch(address))
    command = re.search(r"Run: python3 (\S+) activate", told)
    assert command is not None
    assert command.group(1) == program.name
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-I", str(program), *words]
        return subprocess.run(line, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert run("licence").returncode == 1
    activated = run("activate", key, "--yes")
    assert activated.returncode == 0, activated.stdout + activated.stderr
    assert "is activated" in activated.stdout
    kept = run("licence")
    assert kept.returncode == 0
    assert "good, confirmed" in kept.stdout
    wrong = run("activate", "0" * 25, "--yes")
    assert wrong.returncode == 1
