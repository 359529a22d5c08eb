"""The one normal form of an e-mail address: the licence key is made from it and a person is looked up by it.

Frozen in docs/formats/licence-key.md §1 with vectors; RFC 5321, 6531, 5891 and UTS 46 (non-transitional).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import idna

from troth.kernel.errors import Refused

_MAX_TYPED: Final = 1024
_MAX_LOCAL: Final = 64
_MAX_DOMAIN: Final = 253
_MAX_ADDRESS: Final = 254

# The Unicode property White_Space, and the two invisible characters that come along when text is pasted.
_TRIMMED: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000\u200b\ufeff"
)
_LOWER: Final = {ord(capital): capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_ENCODED_WORD: Final = re.compile(r"=\?.*\?.*\?.*\?=")
_ATEXT: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~")

_SENTENCES: Final = {
    "empty": "Please enter your e-mail address.",
    "too-long": "This is longer than an e-mail address can be. Please check what was pasted.",
    "not-text": "This holds characters that are not text. Please type the address again.",
    "at-sign": "An e-mail address has exactly one @. Please check it.",
    "local-part": "The part before the @ holds something no mail server accepts. Please check it.",
    "domain": "The part after the @ is not the name of a mail server. Please check it.",
}


class AddressRefused(Refused):
    """This is not an e-mail address we can write to.

    `reason` is one of empty, too-long, not-text, at-sign, local-part, domain. The message never repeats
    the address.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason and the sentence that goes with it."""
        super().__init__(_SENTENCES[reason], field="email")
        self.reason = reason


def normalise(address: str) -> str:
    """Return the normal form, `local@domain` with an A-label domain, at most 254 octets of UTF-8.

    Raises `AddressRefused`. Normalising the result again changes nothing.
    """
    if len(address) > _MAX_TYPED:
        raise AddressRefused("too-long")
    if any("\ud800" <= char <= "\udfff" for char in address):
        raise AddressRefused("not-text")
    text = unicodedata.normalize("NFC", address.strip(_TRIMMED)).translate(_LOWER)
    if not text:
        raise AddressRefused("empty")
    if text.count("@") != 1:
        raise AddressRefused("at-sign")
    local, domain = text.split("@")
    if not _is_local_part(local):
        raise AddressRefused("local-part")
    ascii_domain = _find_domain(domain)
    if ascii_domain is None:
        raise AddressRefused("domain")
    normal = f"{local}@{ascii_domain}"
    if len(normal.encode()) > _MAX_ADDRESS:
        raise AddressRefused("too-long")
    return normal


def _is_local_part(local: str) -> bool:
    """Whether this is a Dot-string of bounded length (RFC 5321 §4.1.2, RFC 6531 §3.3) and no encoded word.

    Mail servers exist that decode an encoded word in an address and then deliver to another one.
    """
    if len(local.encode()) > _MAX_LOCAL or _ENCODED_WORD.search(local):
        return False
    return all(_is_atom(piece) for piece in local.split("."))


def _is_atom(piece: str) -> bool:
    if not piece or unicodedata.category(piece[0]).startswith("M"):
        return False
    return all(char in _ATEXT or _is_foreign(char) for char in piece)


def _is_foreign(char: str) -> bool:
    """Whether a non-ASCII character is visible and no dressed-up ASCII one."""
    if char.isascii() or unicodedata.category(char)[0] not in "LMNPS":
        return False
    return not any(plain.isascii() for plain in unicodedata.normalize("NFKC", char))


def _find_domain(domain: str) -> str | None:
    """Return the A-label form, or None when it is none."""
    if any(unicodedata.category(char) == "Cn" for char in domain):
        return None
    try:
        # None, and no error raised in here: idna's errors quote the domain and would travel along as context.
        name = idna.encode(domain, strict=True, uts46=True, std3_rules=True).decode("ascii")
        canonical = all(idna.alabel(idna.ulabel(label)) == label.encode() for label in name.split(".") if label)
    except (idna.IDNAError, UnicodeError):
        return None
    labels = name.split(".")
    if not canonical or len(labels) < 2 or not labels[-1] or labels[-1].isdigit() or len(name) > _MAX_DOMAIN:  # noqa: PLR2004 - host and top level
        return None
    return name
