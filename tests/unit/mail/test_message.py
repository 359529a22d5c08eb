"""The bytes of a mail: read back by an independent parser they say what was meant, and nothing else."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime
from email.header import decode_header
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.kernel.errors import ConfigError
from troth.mail.errors import LetterRefused
from troth.mail.model import Sender, Written, compose, deliverable, needs_utf8
from troth.mail.model.letter import clean_body, split_subject
from troth.people.address import AddressRefused

AT = datetime(2026, 5, 4, 12, 0, 1, tzinfo=UTC)
ID = "<0123456789abcdef0123456789abcdef@shop.example.com>"
SENDER = Sender.of("Fernside Software", "shop@example.com")
NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type",
]  # fmt: skip

hostile_text = st.text() | st.lists(
    st.sampled_from(
        [
            "\r\n",
            "\n",
            "\r",
            "Bcc: eve@example.com",
            "\r\n\r\n",
            "=?utf-8?q?x?=",
            "\u2028",
            "\0",
            "ü",
            "a" * 90,
            " ",
            ".",
            "\n.\n",
        ]
    )
).map("".join)


def written(**changes: Any) -> Written:
    made: dict[str, Any] = {
        "to": "ada@example.com", "subject": "Your key", "text": "Hello\n", "html": "<p>Hello</p>\n", "language": "en",
        "headers": {},
    }  # fmt: skip
    return Written(**made | changes)


def raw(mail: Written, *, sender: Sender = SENDER) -> bytes:
    return compose(mail, sender=sender, message_id=ID, at=AT)


def parsed(message: bytes) -> EmailMessage:
    read = email.message_from_bytes(message, policy=SMTP)
    assert isinstance(read, EmailMessage)
    return read


def decoded_subject(message: bytes) -> str:
    """Read the subject with the other, older decoder of the standard library."""
    header = email.message_from_bytes(message)["Subject"]
    words = [
        text.decode(charset or "ascii") if isinstance(text, bytes) else text for text, charset in decode_header(header)
    ]
    return "".join(words)


def test_a_mail_has_a_text_and_its_twin_and_says_who_when_and_why() -> None:
    message = raw(written(text="Grüße\n", html="<p>Grüße</p>\n"))
    read = parsed(message)
    assert read.keys() == NAMES
    assert read["From"] == "Fernside Software <shop@example.com>"
    assert read["To"] == "ada@example.com"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == ID
    assert parsedate_to_datetime(read["Date"]) == AT
    parts = list(read.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in parts] == ["utf-8", "utf-8"]
    assert [part.get_content().replace("\r\n", "\n") for part in parts] == ["Grüße\n", "<p>Grüße</p>\n"]


def test_the_same_mail_has_the_same_bytes_when_it_is_sent_again() -> None:
    assert raw(written()) == raw(written())


def test_a_plain_text_stands_there_as_it_is() -> None:
    assert b"\r\n    402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD\r\n" in raw(
        written(text="Key:\n\n    402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD\n")
    )


@pytest.mark.parametrize("line", ["x" * 5000, "word " * 1000, "ü" * 3000])
def test_no_line_is_longer_than_a_server_takes(line: str) -> None:
    message = raw(written(text=line + "\n", html=line + "\n"))
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert [part.get_content().splitlines() for part in parsed(message).iter_parts()] == [[line]] * 2


@given(hostile_text)
def test_no_subject_adds_a_header_or_is_changed_on_the_way(hostile: str) -> None:
    try:
        subject, text = split_subject(hostile)
    except LetterRefused:
        return
    message = raw(written(subject=subject, text=text))
    assert parsed(message).keys() == NAMES
    assert decoded_subject(message) == subject
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert len(line) <= 78
        assert line.isascii()


@given(hostile_text, hostile_text)
def test_bodies_come_back_as_they_were(text: str, html: str) -> None:
    text, html = clean_body(text), clean_body(html)
    message = raw(written(text=text, html=html))
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", message) is None
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert message.isascii()
    read = parsed(message)
    assert read.keys() == NAMES
    assert [part.get_content().replace("\r\n", "\n") for part in read.iter_parts()] == [text, html]


@given(hostile_text | st.emails(), st.sampled_from(["", "@example.com", "@bücher.example"]))
def test_no_address_adds_a_recipient_or_a_header(local: str, domain: str) -> None:
    try:
        to = deliverable(local + domain)
    except AddressRefused:
        return
    message = raw(written(to=to))
    head = message.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in head if line.lower().startswith((b"to:", b"cc:", b"bcc:"))] == [f"To: {to}".encode()]
    assert Message.keys(email.message_from_bytes(message)) == NAMES
    assert [address for _, address in getaddresses([to])] == [to]
    assert message.isascii() or needs_utf8(to)


@given(hostile_text.filter(bool))
def test_no_store_name_changes_who_a_mail_is_from(name: str) -> None:
    name = " ".join(name.encode(errors="replace").decode().split()) or "x"
    message = raw(written(), sender=Sender.of(name, "shop@example.com"))
    read = email.message_from_bytes(message)
    assert read.keys() == NAMES
    assert [address for _, address in getaddresses([read["From"]])] == ["shop@example.com"]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("to", "ada@example.com\r\nBcc: eve@example.com"),
        ("to", "ada@example.com\nBcc: eve@example.com"),
        ("language", "en\r\nBcc: eve@example.com"),
        ("headers", {"List-Unsubscribe": "<https://a.example>\nBcc: eve@example.com"}),
    ],
)
def test_a_line_end_in_a_header_is_refused_at_the_last_door_too(part: str, value: object) -> None:
    with pytest.raises(LetterRefused):
        raw(written(**{part: value}))


@pytest.mark.parametrize(
    ("configured", "address"),
    [
        ("shop@example.com", "shop@example.com"),
        ("shop@localhost", "shop@localhost"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
    ],
)
def test_the_sender_is_one_bare_address(configured: str, address: str) -> None:
    assert Sender.of("x", configured).address == address


@pytest.mark.parametrize(
    "configured", ["Shop<shop@example.com>", "shop", "@", "a@☕.example", "a@b@c", "ü@example.com", "a@b\n"]
)
def test_any_other_sender_is_refused_at_the_start(configured: str) -> None:
    with pytest.raises(ConfigError):
        Sender.of("x", configured)
