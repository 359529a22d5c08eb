"""Small parameter checkers: each reads one sent value and gives a Python value, or refuses in Stripe's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from paybox.forms import Tree
from paybox.money import CURRENCIES
from paybox.refusals import InvalidParameter, missing

WHOLE = re.compile(r"-?[0-9]{1,18}\Z")
PAIRS_LIMIT, PAIR_NAME_LIMIT, PAIR_VALUE_LIMIT = 50, 40, 500


class Shape(Protocol):
    """Reads one value."""

    def read(self, value: str | Tree, path: str) -> object:
        """Return the value read; raises `InvalidParameter` naming `path`."""
        ...


def _text(value: str | Tree, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidParameter("Invalid string: a table was given.", param=path)
    return value


@dataclass(frozen=True, slots=True)
class Text:
    """A string, at most `longest` characters, perhaps one of a few `choices`."""

    choices: tuple[str, ...] = ()
    longest: int = 5000

    def read(self, value: str | Tree, path: str) -> str:
        """Return the string."""
        text = _text(value, path)
        if not text:
            raise InvalidParameter(
                f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset "
                f"a parameter; however '{path}' cannot be unset. You should remove '{path}' from your "
                "request or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=path,
            )
        if self.choices and text not in self.choices:
            raise InvalidParameter(
                f"Invalid {path}: must be one of {', '.join(self.choices)} (as far as paybox speaks it)",
                param=path,
            )
        if len(text) > self.longest:
            raise InvalidParameter(
                f"Invalid string: {text[:10]}…; must be at most {self.longest} characters",
                code="parameter_invalid_string",
                param=path,
            )
        return text


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute http or https URL."""

    def read(self, value: str | Tree, path: str) -> str:
        """Return the URL as it was sent."""
        text = Text().read(value, path)
        try:
            parts = urlsplit(text)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            sound = False
        if not sound or any(mark.isspace() or ord(mark) < ord(" ") for mark in text):
            raise InvalidParameter("Not a valid URL", code="url_invalid", param=path)
        return text


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two others."""

    least: int = 0
    most: int = 10**12

    def read(self, value: str | Tree, path: str) -> int:
        """Return the number."""
        text = _text(value, path)
        if not WHOLE.match(text) or not self.least <= int(text) <= self.most:
            raise InvalidParameter(f"Invalid integer: {text[:40]}", code="parameter_invalid_integer", param=path)
        return int(text)


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`; with `only`, the one of them that paybox speaks."""

    only: bool | None = None

    def read(self, value: str | Tree, path: str) -> bool:
        """Return the truth value."""
        text = _text(value, path)
        if text not in ("true", "false"):
            raise InvalidParameter(f"Invalid boolean: {text[:40]}", param=path)
        if self.only is not None and (text == "true") is not self.only:
            raise InvalidParameter(
                f"paybox does not speak {path}={text}; Stripe does.", code="parameter_unknown", param=path
            )
        return text == "true"


@dataclass(frozen=True, slots=True)
class Currency:
    """Three letters of ISO 4217, answered in lower case."""

    def read(self, value: str | Tree, path: str) -> str:
        """Return the currency."""
        text = _text(value, path).lower()
        if text not in CURRENCIES:
            raise InvalidParameter(f"Invalid currency: {text[:10]}.", code="parameter_invalid_string", param=path)
        return text


@dataclass(frozen=True, slots=True)
class Pairs:
    """Metadata: up to 50 names of 40 characters with values of 500; an empty value drops its name."""

    def read(self, value: str | Tree, path: str) -> dict[str, str]:
        """Return the pairs."""
        if value == "":
            return {}
        if isinstance(value, str):
            raise InvalidParameter(
                "Invalid object: metadata are names with values.", code="parameter_invalid_object", param=path
            )
        found = {name: _text(text, f"{path}[{name}]") for name, text in value.items() if text != ""}
        if len(found) > PAIRS_LIMIT:
            raise InvalidParameter(f"Metadata can have up to {PAIRS_LIMIT} keys.", param=path)
        for name, text in found.items():
            if len(name) > PAIR_NAME_LIMIT or len(text) > PAIR_VALUE_LIMIT:
                raise InvalidParameter(
                    f"Metadata keys hold up to {PAIR_NAME_LIMIT} characters, values {PAIR_VALUE_LIMIT}.",
                    param=f"{path}[{name[:PAIR_NAME_LIMIT]}]",
                )
        return found


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of one shape, at most `most` long."""

    shape: Shape
    most: int = 100

    def read(self, value: str | Tree, path: str) -> list[object]:
        """Return the list, in the order of the numbers given."""
        if isinstance(value, str) or not all(re.match(r"[0-9]{1,4}\Z", name) for name in value):
            raise InvalidParameter("Invalid array", param=path)
        if len(value) > self.most:
            raise InvalidParameter(f"Array must have at most {self.most} elements.", param=path)
        members = sorted(value.items(), key=lambda member: int(member[0]))
        return [self.shape.read(member, f"{path}[{name}]") for name, member in members]


@dataclass(frozen=True, slots=True)
class Either:
    """A plain value or a table, as `created=…` and `created[gte]=…`."""

    plain: Shape
    table: Shape

    def read(self, value: str | Tree, path: str) -> object:
        """Return what the fitting one of the two reads."""
        return (self.plain if isinstance(value, str) else self.table).read(value, path)


@dataclass(frozen=True, slots=True)
class Table:
    """Named values: those known, those required, and those that Stripe knows but paybox does not speak."""

    known: Mapping[str, Shape]
    required: Sequence[str] = ()
    unspoken: Sequence[str] = ()

    def read(self, value: str | Tree, path: str = "") -> dict[str, object]:
        """Return the values by name; what was not sent is absent."""
        if isinstance(value, str):
            raise InvalidParameter(
                f"Invalid object: {path} takes named values.", code="parameter_invalid_object", param=path
            )
        for name in value:
            self._check_known(name, f"{path}[{name}]" if path else name)
        for name in self.required:
            if name not in value:
                raise missing(f"{path}[{name}]" if path else name)
        return {
            name: self.known[name].read(member, f"{path}[{name}]" if path else name) for name, member in value.items()
        }

    def _check_known(self, name: str, path: str) -> None:
        if name in self.unspoken:
            raise InvalidParameter(
                f"Received unknown parameter: {path} (Stripe speaks it, paybox does not)",
                code="parameter_unknown",
                param=path,
            )
        if name not in self.known:
            raise InvalidParameter(
                f"Received unknown parameter: {path[:100]}", code="parameter_unknown", param=path[:100]
            )
