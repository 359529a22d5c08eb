"""How the facts of a lock are said in words: how long, who sees it, why; used by form notes and by the document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from troth.policy.language import Basis, OnErase
from troth.policy.phrase import Phrase, duration, listed

if TYPE_CHECKING:
    from troth.policy.lock import Lock, LockedForm, LockedRetention, LockedTable

_ = Phrase


def kept(retention: LockedRetention) -> Phrase:
    """Say how long a class is kept, and from when that counts."""
    if retention.days is None:
        return _(retention.counts_from)
    return _("%(time)s from %(event)s", time=duration(retention.days), event=_(retention.counts_from))


def seen_by(lock: Lock, record: str, field: str | None = None) -> Phrase:
    """Say who may read a record, and which recipients are given it (or one of its fields)."""
    found = lock.record(record)
    targets = {f"{record}.{one}" for one in found.fields if field in {None, one}}
    given = (name for name, recipient in sorted(lock.recipients.items()) if targets & set(recipient.fields))
    return listed((*(_(lock.roles[role]) for role in found.readers), *(_(name) for name in given)))


def of_form_field(lock: Lock, form: LockedForm, field: str) -> tuple[Phrase, Phrase, Phrase]:
    """Say why a declared form field is asked, how long it is kept and who sees it."""
    target = form.fields[field]
    if target is None:
        return _(form.transient[field]), _("it is not kept"), _("nobody: it is gone once the page is answered")
    place, _dot, name = target.rpartition(".")
    if place in lock.records:
        why, kept_for, seen = (
            lock.records[place].fields[name].why,
            kept(lock.retention_of(place)),
            seen_by(lock, place, name),
        )
    else:
        why, kept_for, seen = lock.tables[place].plain[name], rows_kept(lock.tables[place]), rows_seen_by(lock, place)
    return _(form.why.get(field, why)), kept_for, seen


def rows_kept(table: LockedTable) -> Phrase:
    """Say how long the plain columns of a table stay."""
    if table.subject is not None and table.on_erase is OnErase.DELETE:
        return _("until you are erased")
    return _(table.because) if table.because else _("with the row it stands in, which names nobody")


def rows_seen_by(lock: Lock, table: str) -> Phrase:
    """Say who sees the plain columns of a table: whoever may read what is sealed beside them, or else the maker."""
    beside = {role for record in lock.tables[table].sealed.values() for role in lock.record(record).readers}
    return listed(tuple(_(lock.roles[role]) for role in sorted(beside or {"maker"})))


def label(lock: Lock, target: str) -> str:
    """Return the label of a `record.field`, or what is said of a `table.column`."""
    place, _dot, name = target.rpartition(".")
    return lock.records[place].fields[name].label if place in lock.records else lock.tables[place].plain[name]


def is_optional(lock: Lock, target: str) -> bool:
    """Whether a person may leave a `record.field` out; what goes to a plain column is always asked."""
    place, _dot, name = target.rpartition(".")
    return place in lock.records and lock.records[place].fields[name].optional


def labels(lock: Lock, records: Iterable[str]) -> tuple[Phrase, ...]:
    """Return the labels of all fields of some records, each once, in the order of the alphabet."""
    found = {field.label for name in records for field in lock.record(name).fields.values()}
    return tuple(_(one) for one in sorted(found))


def labels_kept_by_law(lock: Lock) -> tuple[Phrase, ...]:
    """Return the labels of what a law asks us to keep for a time, whatever its person wants."""
    by_law = {name for name, purpose in lock.purposes.items() if purpose.basis is Basis.LEGAL}
    timed = {name for name, retention in lock.retentions.items() if retention.days is not None}
    records = lock.records.items()
    return labels(lock, (name for name, one in records if one.retention in timed and by_law & set(one.purposes)))


def records_kept(lock: Lock, retention: str) -> tuple[str, ...]:
    """Return the records of a retention class."""
    return tuple(name for name, record in sorted(lock.records.items()) if record.retention == retention)


def contact(lock: Lock) -> Phrase:
    """Return where to write to the people responsible."""
    return _(lock.controller.contact) if lock.controller.contact else _("the address in our imprint")


def begun(text: str) -> str:
    """Return the text with a capital letter at its start."""
    return text[:1].upper() + text[1:]
