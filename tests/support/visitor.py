"""A visitor without a browser: sends exactly what a test says, and reads forms as a browser would.

Each visitor may come from an address of its own on this machine, as 127.0.0.0/8 is all loopback; limits go by network,
so that one test's visitor does not use up what another may do.
"""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from typing_extensions import override

_FORM: Final = "application/x-www-form-urlencoded"
_addresses = (f"127.0.{third}.{fourth}" for third in range(1, 250) for fourth in range(2, 250))
"""One after the other; 127.0.0.1 stays the browser's."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def location(self) -> str:
        """Where it leads, "" if nowhere."""
        return str(self.headers.get("location", ""))


@dataclass
class Form:
    """A form as it stands in a page: what a browser would send if nothing was touched and no button pressed."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""
        self._textarea = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        if tag == "option" and self.found and self._select and "selected" in given:
            self.found[-1].fields[self._select] = value
        if not self.found or not name:
            return
        form = self.found[-1]
        form.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            form.fields[name] = ""
        elif tag == "input" and (given.get("type") not in {"radio", "checkbox"} or "checked" in given):
            form.fields[name] = value

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def forms(text: str) -> list[Form]:
    """Return a page's forms."""
    parser = _Forms()
    parser.feed(text)
    parser.close()
    return parser.found


class Visitor:
    """Somebody on this machine who talks HTTP; keeps cookies unless told not to."""

    def __init__(self, url: str, address: str = "") -> None:
        """Come from an address on this machine, by default one nobody used."""
        parts = urlsplit(url)
        self.host = parts.netloc
        self.port = parts.port or 80
        self.address = address or next(_addresses)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Send a form from a page of the store."""
        own = {"content-type": _FORM, "sec-fetch-site": "same-origin"}
        return self.ask("POST", path, urlencode(fields).encode(), own | dict(headers or {}))

    def post_json(self, path: str, value: object, headers: Mapping[str, str] | None = None) -> Answer:
        """Send JSON, as a program does."""
        own = {"content-type": "application/json"}
        return self.ask("POST", path, json.dumps(value).encode(), own | dict(headers or {}))

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request as it is; a header with an empty value is left out."""
        told = {"host": self.host, "content-length": str(len(body))} if body else {"host": self.host}
        if self.cookies:
            told["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told |= dict(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(self.address, 0))
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in told.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders(body)
            came = connection.getresponse()
            answer = Answer(came.status, came.headers, came.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("set-cookie", []):
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    def form(self, path: str, action: str = "") -> Form:
        """Open a page and return its form with this action (default: the page's own address)."""
        wanted = action or urlsplit(path).path
        return next(one for one in forms(self.get(path).text) if one.action == wanted)

    def order(self, product: str = "fernside-backup", **typed: str) -> Answer:
        """Buy: open the checkout, fill in what is given (card, at once by default), press the button."""
        path = f"/checkout/{product}"
        fields = self.form(path).fields | {"deliver_now": "yes", "waiver": "yes", "step": "order"} | typed
        return self.post(path, {name: value for name, value in fields.items() if value})


_numbers = itertools.count(1)


def new_address(name: str) -> str:
    """Return an e-mail address nobody used before in this process."""
    return f"{name}.{next(_numbers)}@meadow.example"
