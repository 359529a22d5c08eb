"""How a change is judged and said: its direction by how much the statement asks, its words by where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from troth.policy import said
from troth.policy.difference import Change, Direction, Path
from troth.policy.language import Basis, CookieCategory, Kind, OnErase
from troth.policy.lock import Lock
from troth.policy.phrase import Phrase, Value, counted, duration, lifetime, listed

_ = Phrase
Values = dict[str, Value]
_FIELD_PATH = 4


@dataclass(frozen=True)
class Sides:
    """A statement before and after, None where it does not stand, and the locks on both sides."""

    before: Any
    after: Any
    old: Lock
    new: Lock


# -- what came or went as a whole --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Thing:
    """How one kind of declaration is spoken of; `weight` says how much more one of it asks of people."""

    came: Phrase
    went: Phrase
    values: Callable[[Path, Lock], Values]
    weight: Callable[[Path, Lock], int] = lambda _path, _lock: 1


def whole(path: Path, lock: Lock, *, came: bool) -> Change:
    """Return the change that something is new in `lock`, or that it was in it and is gone."""
    thing = _FIELD if len(path) == _FIELD_PATH else SECTIONS[path[0]]
    weight = thing.weight(path, lock)
    told = thing.came if came else thing.went
    return Change(_direction(0, weight if came else -weight), path, told.having(**thing.values(path, lock)))


def _of_record(path: Path, lock: Lock) -> Values:
    name = path[1]
    labels = tuple(_(field.label) for field in lock.records[name].fields.values())
    kept, seen = said.kept(lock.retention_of(name)), said.seen_by(lock, name)
    return {"name": name, "fields": listed(labels), "kept": kept, "seen": seen}


def _of_sentence(path: Path, lock: Lock) -> Values:
    found = next(one for one in lock.sentences if str(one.number) == path[1])
    return {"number": found.number, "text": _(found.text)}


def _of_recipient(path: Path, lock: Lock) -> Values:
    found = lock.recipients[path[1]]
    return {"name": path[1], "receives": _(found.receives), "step": _(found.step)}


def _binds(path: Path, lock: Lock) -> int:
    """Weigh a promise: a new one asks less of people, one taken back asks more."""
    found = next(one for one in lock.sentences if str(one.number) == path[1])
    return -1 if found.kind is Kind.PROMISES else 0


_FIELD = _Thing(
    _("We also take %(label)s: %(why)s (record %(name)s)"),
    _("We no longer take %(label)s (record %(name)s)"),
    lambda path, lock: {
        "name": path[1],
        "label": _(lock.records[path[1]].fields[path[3]].label),
        "why": _(lock.records[path[1]].fields[path[3]].why),
    },
)
SECTIONS: Mapping[str, _Thing] = {
    "purposes": _Thing(
        _("We use data for one more reason: %(text)s"),
        _("We no longer use data %(text)s"),
        lambda path, lock: {"text": _(lock.purposes[path[1]].text)},
    ),
    "retentions": _Thing(
        _("A new class of keeping, %(name)s: %(kept)s"),
        _("The class of keeping %(name)s is gone"),
        lambda path, lock: {"name": path[1], "kept": said.kept(lock.retentions[path[1]])},
        lambda _path, _lock: 0,
    ),
    "records": _Thing(
        _("We now take %(fields)s; kept %(kept)s; seen by %(seen)s (record %(name)s)"),
        _("We no longer take %(fields)s (record %(name)s)"),
        _of_record,
    ),
    "tables": _Thing(
        _("A new table, %(name)s"),
        _("The table %(name)s is gone"),
        lambda path, _lock: {"name": path[1]},
        lambda path, lock: int(lock.tables[path[1]].subject is not None),
    ),
    "cookies": _Thing(
        _("A new cookie, %(name)s: %(why)s"),
        _("The cookie %(name)s is gone"),
        lambda path, lock: {"name": path[1], "why": _(lock.cookies[path[1]].why)},
    ),
    "recipients": _Thing(
        _("%(name)s now receives %(receives)s (%(step)s)"),
        _("%(name)s no longer receives %(receives)s"),
        _of_recipient,
    ),
    "files": _Thing(
        _("A new place outside the database, %(name)s, for %(holds)s"),
        _("The place %(name)s is gone"),
        lambda path, lock: {"name": path[1], "holds": _(lock.files[path[1]].holds)},
        lambda path, lock: int(lock.files[path[1]].personal or lock.files[path[1]].uploads),
    ),
    "forms": _Thing(
        _("A new form, %(name)s"),
        _("The form %(name)s is gone"),
        lambda path, _lock: {"name": path[1]},
        lambda path, lock: int(any(lock.forms[path[1]].fields.values())),
    ),
    "sentences": _Thing(
        _("A new sentence (%(number)d): %(text)s"), _("A sentence is gone (%(number)d): %(text)s"), _of_sentence, _binds
    ),
}
"""Everything that comes and goes as one, by the section of the lock it stands in."""


# -- what changed inside -----------------------------------------------------------------------------------------------


def statement(path: Path, sides: Sides) -> Change:
    """Return the change of one statement inside something that was there before and still is."""
    place = (path[0], path[4] if path[2:3] == ("fields",) and path[0] == "records" else "".join(path[2:3]))
    width = _WIDTHS.get(place)
    if width is None:
        return Change(Direction.WORDING, path, _say(path, place, sides))
    narrow, wide = width(sides.before, path, sides.old), width(sides.after, path, sides.new)
    return Change(_direction(narrow, wide), path, _say(path, place, sides))


def _direction(before: float, after: float) -> Direction:
    if after > before:
        return Direction.WIDENING
    return Direction.NARROWING if after < before else Direction.WORDING


def _there(value: object, _path: Path, _lock: Lock) -> float:
    return 0 if value is None else 1


def _ordered(*narrow_to_wide: object) -> Callable[[Any, Path, Lock], float]:
    return lambda value, _path, _lock: narrow_to_wide.index(value)


def _days(value: int | None, _path: Path, _lock: Lock) -> float:
    return math.inf if value is None else value


def _days_of_class(value: str, _path: Path, lock: Lock) -> float:
    days = lock.retentions[value].days
    return math.inf if days is None else days


def _plain(value: object, path: Path, lock: Lock) -> float:
    """Weigh an unsealed column: beside a person's rows it counts, in a table about nobody it does not."""
    return 0 if value is None or lock.tables[path[1]].subject is None else 1


_WIDTHS: Mapping[tuple[str, str], Callable[[Any, Path, Lock], float]] = {
    # By how little a person can do to end it: withdraw, object, end the contract, nothing.
    ("purposes", "basis"): _ordered(Basis.CONSENT, Basis.INTEREST, Basis.CONTRACT, Basis.LEGAL),
    ("retentions", "days"): _days,
    ("records", "optional"): _ordered(True, False),  # noqa: FBT003 - the order is what is said
    ("records", "purposes"): _there,
    ("records", "readers"): _there,
    ("records", "retention"): _days_of_class,
    ("tables", "plain"): _plain,
    ("tables", "subject"): lambda value, _path, _lock: value is None,
    ("tables", "on_erase"): _ordered(OnErase.DELETE, OnErase.SEVER, OnErase.KEEP),
    ("cookies", "category"): lambda value, _path, _lock: value == CookieCategory.MANDATORY,
    ("cookies", "max_age"): lambda value, _path, _lock: value,
    ("recipients", "hosts"): _there,
    ("recipients", "fields"): _there,
    ("files", "personal"): lambda value, _path, _lock: value,
    ("files", "uploads"): lambda value, _path, _lock: value,
    ("files", "sealed"): _there,
    ("forms", "fields"): _there,
    ("sentences", "kind"): _ordered(Kind.PROMISES, Kind.DISCLOSES),
}
_CAME_AND_WENT: Mapping[tuple[str, str], tuple[Phrase, Phrase]] = {
    ("records", "purposes"): (
        _("The record %(name)s is now also used %(value)s"),
        _("The record %(name)s is no longer used %(value)s"),
    ),
    ("records", "readers"): (
        _("The record %(name)s may now also be read by %(value)s"),
        _("The record %(name)s may no longer be read by %(value)s"),
    ),
    ("recipients", "hosts"): (
        _("For %(name)s we now also connect to %(value)s"),
        _("For %(name)s we no longer connect to %(value)s"),
    ),
    ("recipients", "fields"): (
        _("%(name)s is now also given %(value)s"),
        _("%(name)s is no longer given %(value)s"),
    ),
}
_KEPT = _("%(name)s: kept %(after)s instead of %(before)s")


def _say(path: Path, place: tuple[str, str], sides: Sides) -> Phrase:
    name = path[1] if len(path) > 1 else path[0]
    pair = _CAME_AND_WENT.get(place)
    if pair is not None:
        came = sides.after is not None
        return pair[0 if came else 1].having(name=name, value=_named(path, sides.new if came else sides.old))
    if place == ("retentions", "days"):
        before, after = _in_words(sides.before), _in_words(sides.after)
        if before == after:
            # Two lengths that read the same in years differ in days.
            before, after = _in_days(sides.before), _in_days(sides.after)
        return _KEPT.having(name=name, before=before, after=after)
    if place == ("cookies", "max_age"):
        return _KEPT.having(name=name, before=lifetime(sides.before), after=lifetime(sides.after))
    if path == ("wording",):
        return _("The store's own settings in [policy] changed.")
    return _as_written(path, sides)


def _as_written(path: Path, sides: Sides) -> Phrase:
    """Say a change that has no words of its own as it stands in the file."""
    where = " / ".join(path)
    if sides.before is None:
        return _("%(where)s: “%(after)s” is new", where=where, after=str(sides.after))
    if sides.after is None:
        return _("%(where)s: “%(before)s” is gone", where=where, before=str(sides.before))
    return _(
        "%(where)s: “%(before)s” becomes “%(after)s”", where=where, before=str(sides.before), after=str(sides.after)
    )


def _named(path: Path, lock: Lock) -> Phrase:
    """Return what a list's entry is called in words."""
    entry = path[-1]
    if path[2] == "purposes":
        return _(lock.purposes[entry].text)
    return _(lock.roles[entry]) if path[2] == "readers" else _(entry)


def _in_words(days: int | None) -> Phrase:
    return _("without a date") if days is None else duration(days)


def _in_days(days: int) -> Phrase:
    ngettext = counted
    return ngettext("%(count)d day", "%(count)d days", days)
