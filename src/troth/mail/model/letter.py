"""A letter as a part asks for it, and as it lies sealed in the outbox; with the rules both keep."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from troth.mail.errors import LetterRefused
from troth.people.address import normalise
from troth.policy.language import Personal, Purpose

MAX_SUBJECT: Final = 250
MAX_BODY: Final = 256 * 1024
MAX_HEADER: Final = 900
HEADERS: Final = frozenset({"List-Unsubscribe", "List-Unsubscribe-Post"})
"""The headers a letter may add (RFC 2369, RFC 8058); all others are ours to write."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_ONCE = re.compile(r"[!-~]{1,128}")
_HEADER_VALUE = re.compile(rf"[!-~](?:[ -~]{{0,{MAX_HEADER - 2}}}[!-~])?")
# Controls, halves of surrogate pairs and the two Unicode line ends.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Letter(Personal, frozen=True, kw_only=True):
    """A mail to be sent to one person: `template` and `context` become its text and HTML twins.

    `once` is an opaque name (no personal value, at most 128 visible ASCII characters); the same name never
    sends twice.
    """

    person: str
    to: str
    kind: str
    template: str
    context: Mapping[str, object]
    purpose: Purpose
    once: str
    language: str = "en"
    headers: Mapping[str, str] = {}


class Written(Personal, frozen=True, kw_only=True):
    """A mail as it will be sent, and as it lies sealed in the outbox; the domain of `to` is in A-labels."""

    to: str
    subject: str
    text: str
    html: str
    language: str
    headers: dict[str, str]


def check_letter(letter: Letter) -> None:
    """Refuse (`LetterRefused`) names and headers that this program would not have made."""
    if not all(map(_NAME.fullmatch, (letter.kind, letter.template, letter.language))):
        raise LetterRefused("A letter's kind, template and language are short lower-case names.")
    if not _ONCE.fullmatch(letter.once):
        raise LetterRefused("A letter's `once` is 1 to 128 visible ASCII characters.")
    if not HEADERS.issuperset(letter.headers) or not all(map(_HEADER_VALUE.fullmatch, letter.headers.values())):
        raise LetterRefused("A letter adds only the headers that are known, each one line of ASCII text.")


def deliverable(typed: str) -> str:
    """Return the address to deliver to: local part as typed (RFC 5321 §2.4), domain as A-labels (RFC 5891).

    Raises `AddressRefused` for whatever `people` refuses; the result holds no space, quote or line end.
    """
    local, _, domain = normalise(typed).partition("@")
    as_typed = unicodedata.normalize("NFC", typed).partition("@")[0][-len(local) :]
    return f"{as_typed if normalise(f'{as_typed}@{domain}') == f'{local}@{domain}' else local}@{domain}"


def split_subject(rendered: str) -> tuple[str, str]:
    """Split a rendered text into its subject (the first line, cut if too long) and its body.

    Raises `LetterRefused`.
    """
    subject, _, text = rendered.strip().partition("\n")
    subject = " ".join(_printable(subject).split())
    if not subject:
        raise LetterRefused("The first line of a mail's text is its subject; it is empty here.")
    return subject if len(subject) <= MAX_SUBJECT else subject[: MAX_SUBJECT - 1] + "…", clean_body(text)


def clean_body(rendered: str) -> str:
    """Return a body of lines that each end in one newline; raises `LetterRefused` if it is too long."""
    lines = rendered.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    body = "\n".join(map(_printable, lines)) + "\n"
    if len(body) > MAX_BODY:
        raise LetterRefused(f"A mail's body has at most {MAX_BODY} characters.")
    return body


def _printable(line: str) -> str:
    """Replace what no mail may hold: a strange character in a name must not keep a key from its buyer."""
    if line.isprintable():
        return line
    return "".join(" " if unicodedata.category(char) in _UNPRINTABLE else char for char in line)
