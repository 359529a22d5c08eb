"""Sentences as data: a message id with its values, put into a language when a page is rendered.

Modules write `_ = Phrase` and `_("Kept for %(time)s", time=…)`: the catalogue finds the message id, and nothing is
translated before it is shown. `str(phrase)` is English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from typing_extensions import override


class Translations(Protocol):
    """The two look-ups of `gettext.NullTranslations` and of Babel's catalogues."""

    def gettext(self, message: str, /) -> str:
        """Return the message in this language."""
        ...

    def ngettext(self, singular: str, plural: str, count: int, /) -> str:
        """Return the form of the message for a count in this language."""
        ...


class English:
    """The language message ids are written in."""

    def gettext(self, message: str, /) -> str:
        """Return the message as it is."""
        return message

    def ngettext(self, singular: str, plural: str, count: int, /) -> str:
        """Return the singular for one, else the plural."""
        return singular if count == 1 else plural


ENGLISH = English()
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Phrase:
    """One sentence or part of one: a message id with `%(name)s` places and what stands in them.

    Values that are phrases are translated too, a tuple of them becomes a list; plain text stays.
    With a `plural`, the value `count` chooses the form.
    """

    __slots__ = ("message", "plural", "values")

    def __init__(self, message: str, *, plural: str | None = None, **values: Value) -> None:
        """Keep the message id and its values."""
        self.message, self.plural = message, plural
        self.values: Mapping[str, Value] = values

    def having(self, **values: Value) -> Phrase:
        """Return the same message with these values in its places."""
        return Phrase(self.message, plural=self.plural, **values)

    def into(self, translations: Translations) -> str:
        """Return the phrase in a language."""
        if self.plural is None:
            message = translations.gettext(self.message) if self.message else ""
        else:
            message = translations.ngettext(self.message, self.plural, int(str(self.values["count"])))
        if not self.values:
            return message
        return message % {name: _render(value, translations) for name, value in self.values.items()}

    @override
    def __str__(self) -> str:
        """Return the phrase in English."""
        return self.into(ENGLISH)

    @override
    def __repr__(self) -> str:
        """Show the phrase as it reads in English."""
        return f"Phrase({str(self)!r})"

    @override
    def __eq__(self, other: object) -> bool:
        """Phrases are equal if they say the same with the same values."""
        if not isinstance(other, Phrase):
            return NotImplemented
        return (self.message, self.plural, self.values) == (other.message, other.plural, other.values)

    @override
    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.message, self.plural))


Value = str | int | Phrase | tuple[Phrase, ...]


def counted(singular: str, plural: str, count: int) -> Phrase:
    """Return a phrase whose form follows a count; call it as `ngettext`, so that the catalogue finds it."""
    return Phrase(singular, plural=plural, count=count)


def listed(phrases: tuple[Phrase, ...]) -> Phrase:
    """Return phrases one after the other: with commas, or with semicolons where one of them holds a comma."""
    return Phrase("%(all)s", all=phrases)


def duration(days: int) -> Phrase:
    """Return a length of time in words: whole years (of 365 to 366 days) as years, else days."""
    ngettext = counted
    years = days // 365
    if years and days <= 366 * years:
        return ngettext("%(count)d year", "%(count)d years", years)
    return ngettext("%(count)d day", "%(count)d days", days)


def lifetime(seconds: int) -> Phrase:
    """Return how long a cookie lives, rounded up to whole minutes, hours or days; 0 is the browser's session."""
    ngettext = counted
    if seconds == 0:
        _ = Phrase
        return _("until you close the browser")
    if seconds < _HOUR:
        return ngettext("%(count)d minute", "%(count)d minutes", -(-seconds // _MINUTE))
    if seconds < _DAY:
        return ngettext("%(count)d hour", "%(count)d hours", -(-seconds // _HOUR))
    return duration(-(-seconds // _DAY))


def _render(value: Value, translations: Translations) -> str | int:
    if isinstance(value, Phrase):
        return value.into(translations)
    if isinstance(value, tuple):
        told = [phrase.into(translations) for phrase in value]
        return ("; " if any(", " in one for one in told) else ", ").join(told)
    return value
