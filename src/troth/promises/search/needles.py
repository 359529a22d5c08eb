"""What is looked for: values nobody else has, in every form in which bytes may hold them.

Encodings: plain in any case · base64 (RFC 4648, at each of its three offsets, both alphabets, lines joined) ·
hexadecimal · UTF-16 little and big endian · percent (RFC 3986) · quoted-printable (RFC 2045, soft breaks joined) ·
escapes of JSON.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_EDGES: Final = ((0, 0), (1, 2), (2, 3))
"""For each place of the first byte in its group of three: zero bytes put before, characters they spoil."""
_LEAST: Final = 6
_LINE_ENDS: Final = b"\r\n"


@dataclass(frozen=True, order=True)
class Secret:
    """A value and whose it is; `value` is at least six ASCII letters, digits or signs that occur nowhere else."""

    owner: str
    field: str
    value: str


@dataclass(frozen=True, order=True)
class Hit:
    """A secret that was found, and in which encoding."""

    secret: Secret
    encoding: str


class Needles:
    """Secrets, ready to be looked for.

    `marker` is a text that what people typed holds (made anew for each run): where no form of it occurs only the other
    values are looked for, which makes a search many times as fast.
    """

    def __init__(self, secrets: Iterable[Secret], *, marker: str = "") -> None:
        """Prepare the forms of every secret; raises ValueError for one too short to be told from chance."""
        self.secrets = tuple(sorted(set(secrets)))
        self._marker = _Forms.of(marker) if marker else None
        self._marked = [one for one in self.secrets if marker and marker in one.value.lower()]
        self._others = [one for one in self.secrets if one not in self._marked]

    def find(self, data: bytes) -> set[Hit]:
        """Return every secret that the bytes hold, once per encoding."""
        view = _View(data)
        wanted = list(self._others)
        if self._marker is None or any(view.holds(form) for _, form in self._marker.all):
            wanted += self._marked
        return {
            Hit(secret, encoding) for secret in wanted for encoding, form in self._forms[secret].all if view.holds(form)
        }

    @cached_property
    def _forms(self) -> dict[Secret, _Forms]:
        marked = set(self._marked)
        return {secret: _Forms.of(secret.value, respelled=secret in marked) for secret in self.secrets}


class KeyNeedles:
    """Secret bytes (keys), looked for raw, in hexadecimal and in base64."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Prepare the forms of every key."""
        self._forms = [form for key in keys for _, form in _of_bytes(key)]

    def count(self, data: bytes) -> int:
        """Return how many forms of any key the bytes hold."""
        view = _View(data)
        return sum(view.holds(form) for form in self._forms)


@dataclass(frozen=True)
class _Form:
    """Bytes to look for: in the data as they are, or where `folded`, in the data in lower case."""

    octets: bytes
    folded: bool
    joined: bool = False


@dataclass(frozen=True)
class _Forms:
    all: tuple[tuple[str, _Form], ...]

    @classmethod
    def of(cls, value: str, *, respelled: bool = True) -> _Forms:
        if len(value) < _LEAST or not value.isascii():
            message = "a secret is at least six ASCII characters"
            raise ValueError(message)
        spellings = (value, value.lower(), value.upper(), value.capitalize()) if respelled else (value,)
        once = {form: encoding for encoding, form in _forms(value.lower(), dict.fromkeys(spellings))}
        return cls(tuple((encoding, form) for form, encoding in once.items()))


def _forms(low: str, spellings: Iterable[str]) -> Iterator[tuple[str, _Form]]:
    """Yield every form of a value; what programs made may be spelled in one way only, what people typed in several."""
    yield "plain", _Form(low.encode(), folded=True)
    yield "UTF-16 LE", _Form(low.encode("utf-16-le"), folded=True)
    yield "UTF-16 BE", _Form(low.encode("utf-16-be"), folded=True)
    for spelled in spellings:
        octets = spelled.encode()
        yield "hexadecimal", _Form(octets.hex().encode(), folded=True)
        yield "percent", _Form("".join(f"%{code:02x}" for code in octets).encode(), folded=True)
        yield "quoted-printable", _Form("".join(f"={code:02x}" for code in octets).encode(), folded=True)
        yield "JSON escapes", _Form("".join(f"\\u{code:04x}" for code in octets).encode(), folded=True)
        yield from (("base64", form) for form in _base64(octets))


def _of_bytes(key: bytes) -> Iterator[tuple[str, _Form]]:
    yield "raw", _Form(key, folded=False)
    yield "hexadecimal", _Form(key.hex().encode(), folded=True)
    yield from (("base64", form) for form in _base64(key))


def _base64(octets: bytes) -> Iterator[_Form]:
    """Yield what every base64 text that holds these bytes contains, wherever in it they begin."""
    for before, spoiled in _EDGES:
        padded = b"\0" * before + octets
        whole = 8 * len(padded) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield _Form(encode(padded)[spoiled:whole], folded=False, joined=True)


class _View:
    """Data in the spellings forms are looked for in, each made when first needed."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def holds(self, form: _Form) -> bool:
        if form.joined:
            return form.octets in self._lines_joined
        return form.octets in (self._folded if form.folded else self.data)

    @cached_property
    def _folded(self) -> bytes:
        low = self.data.lower()
        if b"=\n" in low or b"=\r\n" in low:
            # Both spellings: soft line breaks of quoted-printable may cut a value in two.
            low += b"\0" + low.replace(b"=\r\n", b"").replace(b"=\n", b"")
        return low

    @cached_property
    def _lines_joined(self) -> bytes:
        return self.data.translate(None, _LINE_ENDS) if b"\n" in self.data else self.data
