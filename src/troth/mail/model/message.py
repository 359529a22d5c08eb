"""The bytes of a mail (RFC 5322, 2045–2047, 6532): text first, HTML second, both UTF-8.

Equal input gives equal bytes. The header is written here and not by the `email` package: its folding
(Python 3.11) drops spaces between long encoded words and decodes a subject that merely looks encoded. Every
value is plain printable ASCII, encoded words, or an address that `deliverable` passed, so that no content
can begin a new line; a last check refuses it all the same.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import idna

from troth.kernel.errors import ConfigError
from troth.mail.errors import LetterRefused
from troth.mail.model.letter import Written

_POLICY = SMTP.clone(cte_type="7bit")
# With "Subject: =?utf-8?b?" before it and "?=" after it, a line stays under the 76 characters of RFC 2047 §2.
_WORD_BYTES: Final = 39
_PLAIN_LIMIT: Final = 60
_LINE_LIMIT: Final = 900
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_SENDER = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_LINE_END = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Sender:
    """Who a mail comes from: the store's name and its address."""

    name: str
    address: str

    @classmethod
    def of(cls, name: str, configured: str) -> Sender:
        """Check a configured address: ASCII before the @, a host after it; raises `ConfigError`."""
        local, _, domain = configured.rpartition("@")
        address = f"{local}@{_ascii_host(domain)}"
        if not _SENDER.fullmatch(address):
            raise ConfigError("mail.from: allowed is an address like shop@example.com, and nothing else")
        return cls(name, address)


def compose(written: Written, *, sender: Sender, message_id: str, at: datetime) -> bytes:
    """Return the message with CRLF line ends; a stable `message_id` lets a receiver recognise a repeated one.

    Raises `LetterRefused` if a header value could end its line.
    """
    headers = {
        "From": f"{_words(sender.name, _PHRASE)} <{sender.address}>",
        "To": written.to,
        "Subject": _words(written.subject, _PLAIN),
        "Date": format_datetime(at),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": written.language,
    } | written.headers
    boundary = "troth-" + message_id.strip("<>").partition("@")[0]
    return b"".join(_lines(headers)) + _body(written, boundary=boundary)


def needs_utf8(*addresses: str) -> bool:
    """Whether any of these can only travel over SMTPUTF8 (RFC 6531)."""
    return not all(map(str.isascii, addresses))


def _lines(headers: dict[str, str]) -> Iterator[bytes]:
    for name, value in headers.items():
        if any(_LINE_END.search(line) for line in value.split("\r\n ")):
            raise LetterRefused("A header of a mail is one line of text.")
        yield f"{name}: {value}\r\n".encode()


def _body(written: Written, *, boundary: str) -> bytes:
    message = EmailMessage(policy=_POLICY)
    message.set_content(written.text, charset="utf-8", cte=_transfer(written.text))
    message.add_alternative(written.html, subtype="html", charset="utf-8", cte=_transfer(written.html))
    message.set_boundary(boundary)
    return message.as_bytes()


def _transfer(text: str) -> str:
    """Return the transfer encoding: as it is when every server takes it so, else quoted-printable."""
    plain = text.isascii() and all(len(line) <= _LINE_LIMIT for line in text.split("\n"))
    return "7bit" if plain else "quoted-printable"


def _ascii_host(domain: str) -> str:
    """Return the host in A-labels, or nothing if it has none."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def _words(text: str, plain: re.Pattern[str]) -> str:
    """Return a text as it is, if it is plain and short, or as encoded words."""
    fits = plain.fullmatch(text) and len(text) <= _PLAIN_LIMIT and "=?" not in text
    return text if fits else _encoded(text)


def _encoded(text: str) -> str:
    """Return encoded words (RFC 2047), each on a line of its own and with whole characters."""
    words: list[bytes] = [b""]
    for char in text:
        if len(words[-1]) + len(char.encode()) > _WORD_BYTES:
            words.append(b"")
        words[-1] += char.encode()
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)
