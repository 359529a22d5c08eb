"""Browsers and programs that go through a twin over HTTP, and remember every answer they got.

A browser sends what real ones send (Origin, Sec-Fetch-Site, its cookies), follows redirects within the machine and
nowhere else.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from troth.promises.page import Form, Page

_TIMEOUT: Final = 20.0
_MOST_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class LeftTheMachine(Exception):
    """A page led to a host that is not this machine; the twin follows nowhere else."""


@dataclass(frozen=True)
class Answer:
    """What came back: `by` names the visitor, `url` where it came from."""

    by: str
    method: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path that was asked for, without what tells orders apart."""
        first = urlsplit(self.url).path.split("/")[1:3]
        return "/" + "/".join(first[:1] if first[0] in {"orders", "checkout", "office"} else first)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def page(self) -> Page:
        """The body as a page."""
        return Page(self.text)

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def header(self, name: str) -> str:
        """Return a header, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def octets(self) -> bytes:
        """Status, headers and body, to be searched."""
        lines = [f"{self.status}", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode("utf-8", errors="replace") + b"\r\n\r\n" + self.body


class Transcript(list[Answer]):
    """Every answer of a run."""


class Visitor:
    """One browser with its cookies."""

    def __init__(self, name: str, base_url: str, transcript: Transcript) -> None:
        """Open a browser nobody knows yet."""
        self.name = name
        self.base_url = base_url
        self.cookies: dict[str, str] = {}
        self._transcript = transcript

    def get(self, address: str, *, follow: bool = True) -> Answer:
        """Open a page, following redirects unless told not to."""
        return self._go("GET", address, b"", {}, follow=follow)

    def send(
        self, form: Form, values: Mapping[str, str], *, button: tuple[str, str] | None = None, at: str = ""
    ) -> Answer:
        """Press a form's button after typing `values`; `at` is the page it stands on."""
        return self.post(urljoin(at or self.base_url, form.action), form.filled(values, button=button))

    def post(self, address: str, fields: Mapping[str, str]) -> Answer:
        """Post fields as a form of the page's own origin."""
        parts = urlsplit(urljoin(self.base_url, address))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Sec-Fetch-Site": "same-origin",
        }
        return self._go("POST", address, urlencode(fields).encode(), headers, follow=True)

    def call(self, path: str, content: object | None = None) -> Answer:
        """Ask as a program does: JSON both ways, GET without content."""
        if content is None:
            return self._go("GET", path, b"", {"Accept": "application/json"}, follow=False)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._go("POST", path, json.dumps(content).encode(), headers, follow=False)

    def _go(self, method: str, address: str, body: bytes, headers: Mapping[str, str], *, follow: bool) -> Answer:
        url = urljoin(self.base_url, address)
        for _ in range(_MOST_REDIRECTS):
            answer = self._ask(method, url, body, headers)
            place = answer.header("location")
            if not follow or answer.status not in _MOVED or not place:
                return answer
            method, url, body, headers = "GET", urljoin(url, place), b"", {}
        return answer

    def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        if parts.hostname not in _LOOPBACK:
            raise LeftTheMachine(parts.hostname)
        own = parts.netloc == urlsplit(self.base_url).netloc
        sent = {"Accept": "text/html", "Accept-Language": "en", "Host": parts.netloc} | dict(headers)
        if own and self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=_TIMEOUT)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body or None, sent)
            raw = connection.getresponse()
            answer = Answer(self.name, method, url, raw.status, tuple(raw.getheaders()), raw.read())
        finally:
            connection.close()
        if own:
            self._keep_cookies(answer)
            self._transcript.append(answer)
        return answer

    def _keep_cookies(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name.lower() != "set-cookie":
                continue
            for key, morsel in SimpleCookie(value).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = morsel.value
