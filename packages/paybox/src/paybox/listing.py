"""Stripe's lists: newest first, filtered, cut into pages by cursor (docs.stripe.com/api/pagination)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from paybox.objects import Event, LineItem, Thing
from paybox.refusals import no_such

Row = TypeVar("Row", bound="Thing | Event | LineItem")

DEFAULT_LIMIT = 10
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page, and whether there is more in the direction asked."""

    rows: Sequence[Row]
    more: bool


def page(rows: Sequence[Row], asked: Mapping[str, object], *, kind: str) -> Page[Row]:
    """Cut the page that `limit`, `starting_after` or `ending_before` ask for from rows in their final order."""
    limit = asked.get("limit")
    limit = limit if isinstance(limit, int) else DEFAULT_LIMIT
    after, before = asked.get("starting_after"), asked.get("ending_before")
    if before is not None:
        end = _place(rows, before, "ending_before", kind)
        return Page(rows[max(0, end - limit) : end], end > limit)
    start = 0 if after is None else _place(rows, after, "starting_after", kind) + 1
    return Page(rows[start : start + limit], start + limit < len(rows))


def was_created(row: Thing | Event, wanted: object) -> bool:
    """Say whether an object's instant fits `created=…` or `created[gte]=…`."""
    if isinstance(wanted, Mapping):
        return all(COMPARE[name](row.created, bound) for name, bound in wanted.items())
    return wanted is None or row.created == wanted


def is_type(event: Event, wanted: object) -> bool:
    """Say whether an event's type is the one wanted; `charge.*` means all of a group."""
    name = str(wanted)
    return event.type.startswith(name.removesuffix("*")) if name.endswith("*") else event.type == name


def _place(rows: Sequence[Row], name: object, param: str, kind: str) -> int:
    for place, row in enumerate(rows):
        if row.id == name:
            return place
    raise no_such(kind, str(name), param=param)
