"""A phrase is put into a language where it is shown, with its values in the right form."""

from __future__ import annotations

import gettext
import inspect
from io import BytesIO

import pytest
from babel.messages.extract import extract
from typing_extensions import override

from troth.policy import changed, diff, document, phrase, said, sections
from troth.policy.phrase import Phrase, duration, lifetime, listed


class Italian(gettext.NullTranslations):
    """A few messages in another language."""

    @override
    def gettext(self, message: str) -> str:
        return {"%(time)s from %(event)s": "%(time)s %(event)s", "the order": "dal tuo ordine"}.get(message, message)

    @override
    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return {"%(count)d days": "%(count)d giorni", "%(count)d day": "%(count)d giorno"}[
            singular if n == 1 else plural
        ]


@pytest.mark.parametrize(("days", "english", "italian"), [(1, "1 day", "1 giorno"), (30, "30 days", "30 giorni")])
def test_values_are_translated_with_their_sentence(days: int, english: str, italian: str) -> None:
    kept = Phrase("%(time)s from %(event)s", time=duration(days), event=Phrase("the order"))
    assert str(kept) == f"{english} from the order"
    assert kept.into(Italian()) == f"{italian} dal tuo ordine"


@pytest.mark.parametrize(
    ("days", "said_as"),
    [
        (1, "1 day"), (364, "364 days"), (365, "1 year"), (366, "1 year"), (367, "367 days"), (729, "729 days"),
        (730, "2 years"), (1098, "3 years"), (3650, "10 years"), (3660, "10 years"), (3661, "3661 days"),
    ],
)  # fmt: skip
def test_whole_years_are_said_as_years(days: int, said_as: str) -> None:
    assert str(duration(days)) == said_as


@pytest.mark.parametrize(
    ("seconds", "said_as"),
    [(0, "until you close the browser"), (1, "1 minute"), (900, "15 minutes"), (3600, "1 hour"), (86399, "24 hours"),
     (86400, "1 day"), (86401, "2 days")],
)  # fmt: skip
def test_a_cookie_s_life_is_never_said_shorter_than_it_is(seconds: int, said_as: str) -> None:
    assert str(lifetime(seconds)) == said_as


def test_a_list_has_commas_or_semicolons() -> None:
    assert str(listed((Phrase("a"), Phrase("b")))) == "a, b"
    assert str(listed((Phrase("a, or c"), Phrase("b")))) == "a, or c; b"
    assert str(listed(())) == ""


def test_a_declared_text_may_hold_a_per_cent_sign() -> None:
    assert str(Phrase("19 % tax, 100%(sure)")) == "19 % tax, 100%(sure)"
    assert str(Phrase("%(rate)s", rate="19 %")) == "19 %"
    assert str(Phrase("")) == ""


def test_phrases_are_values() -> None:
    assert Phrase("%(a)s", a=1) == Phrase("%(a)s", a=1) != Phrase("%(a)s", a=2)
    assert Phrase("a") != "a"
    assert len({Phrase("%(a)s", a=1), Phrase("%(a)s", a=1), Phrase("b")}) == 2
    assert repr(Phrase("%(a)s", a=1)) == "Phrase('1')"


def test_the_catalogue_finds_every_message() -> None:
    found: set[object] = set()
    for module in (changed, diff, document, phrase, said, sections):
        source = BytesIO(inspect.getsource(module).encode())
        found |= {message for _line, message, _comments, _context in extract("python", source)}
    assert "We ask you for: %(fields)s." in found
    assert ("%(count)d day", "%(count)d days") in found
    assert "until you close the browser" in found
    assert "%(name)s: kept %(after)s instead of %(before)s" in found
    assert "%(all)s" not in found
