"""Expected errors, one small tree; nothing here knows HTTP.

    TrothError
    ├── NotFound      there is nothing under that name
    ├── Conflict      it is there, but not in a state that allows this
    ├── Refused       what was given is not acceptable (names the field)
    ├── Unavailable   somebody we depend on does not answer
    └── ConfigError   the configuration is wrong (names file and line)

Each part derives its own from these; the class docstring is the message. A message never holds a personal value.
"""

from __future__ import annotations

import inspect


class TrothError(Exception):
    """Something expected went wrong."""

    def __init__(self, detail: str | None = None) -> None:
        """Keep `detail`, or the first paragraph of the class docstring, as the message."""
        super().__init__(detail or _first_paragraph(type(self)))

    @property
    def detail(self) -> str:
        """The sentence to show a person."""
        return str(self.args[0])


class NotFound(TrothError):
    """There is nothing here under that name."""


class Conflict(TrothError):
    """This is not possible in the present state."""


class Refused(TrothError):
    """What was given cannot be accepted."""

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        """Name the form or API field at fault, so that the page can point at it."""
        super().__init__(detail)
        self.field = field


class Unavailable(TrothError):
    """A service we need does not answer right now. Nothing was lost; please try again in a minute."""


class ConfigError(TrothError):
    """The configuration is not usable."""


def _first_paragraph(kind: type) -> str:
    text = inspect.cleandoc(kind.__doc__ or kind.__name__)
    return " ".join(text.split("\n\n", 1)[0].split())
