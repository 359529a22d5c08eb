"""The published policy as data, in the order a reader asks (GDPR Art. 13 and 14); every item follows from the lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from troth.policy import said
from troth.policy.phrase import Phrase, counted, duration
from troth.policy.sections import collected, kept, rights, seen, stored
from troth.policy.structure import Fact, Item, PolicyDocument, Revised, Section

if TYPE_CHECKING:
    from troth.policy.archive import Accepted
    from troth.policy.lock import Lock

__all__ = ["Fact", "Item", "PolicyDocument", "Revised", "Section", "document"]

_ = Phrase


def document(lock: Lock, history: Sequence[Accepted] = ()) -> PolicyDocument:
    """Return the policy of a lock as a document; `history` is what `Archive.history()` gives."""
    return PolicyDocument(
        controller=lock.controller,
        revision=lock.revision,
        hash=lock.hash,
        summary=_summary(lock),
        sections=(collected(lock), stored(lock), seen(lock), kept(lock), rights(lock)),
        plainly=_plainly(lock),
        history=tuple(_revised(entry) for entry in reversed(history)),
    )


def _revised(entry: Accepted) -> Revised:
    changes = entry.difference.changes if entry.revision > 1 else ()
    return Revised(entry.revision, entry.hash, entry.accepted_at, changes)


def _summary(lock: Lock) -> tuple[Phrase, ...]:
    """Return one line for each of the five sections."""
    return (_asked(lock), _sealed(lock), _given(lock), _longest(lock), _reached(lock))


def _asked(lock: Lock) -> Phrase:
    targets = {target for form in lock.forms.values() for target in form.fields.values() if target is not None}
    labels = {said.label(lock, target) for target in targets if not said.is_optional(lock, target)}
    if not labels:
        return _("We ask you for nothing.")
    return _("We ask you for: %(fields)s.", fields=tuple(_(label) for label in sorted(labels)))


def _sealed(lock: Lock) -> Phrase:
    ngettext = counted
    return ngettext(
        "%(count)d kind of record about you exists; it is sealed with a key made for you.",
        "%(count)d kinds of records about you exist; each is sealed with a key made for you.",
        len(lock.records),
    )


def _given(lock: Lock) -> Phrase:
    if not lock.recipients:
        return _("Nobody outside this store is a recipient.")
    names = tuple(_(name) for name in sorted(lock.recipients))
    return _("Outside this store these receive something, each for one step: %(names)s.", names=names)


def _longest(lock: Lock) -> Phrase:
    days = sorted(one.days for one in lock.retentions.values() if one.days is not None)
    if not days:
        return _("We keep it until you ask for its erasure, or its reason ends.")
    if len(days) < len(lock.retentions):
        return _("We keep some of it for %(shortest)s, some until you ask us to erase it.", shortest=duration(days[0]))
    return _("We keep it for %(shortest)s to %(longest)s.", shortest=duration(days[0]), longest=duration(days[-1]))


def _reached(lock: Lock) -> Phrase:
    return _("You may see it, take it, correct it and have it erased: %(contact)s.", contact=said.contact(lock))


def _plainly(lock: Lock) -> tuple[Phrase, ...]:
    """Return what we cannot promise, as far as it concerns this store."""
    lines = [
        _("Somebody who holds this machine and its keys can read sealed records outside this program."),
        _("Mail that was delivered is beyond our reach."),
    ]
    if lock.recipients:
        lines.append(_("What you tell a recipient named here yourself, as when you pay, is beyond our reach too."))
    by_law = said.labels_kept_by_law(lock)
    if by_law:
        lines.append(_("What a law makes us keep stays until its date, erased or not: %(fields)s.", fields=by_law))
    if any(store.uploads for store in lock.files.values()):
        lines += [
            _("Sizes, times and addresses of your files are visible to us; an operator can refuse or delete them."),
            _(
                "Whoever holds your unlocked device is you; and a page we once served maliciously could use the keys "
                "that browser can unlock. The command-line client is there for those who do not want to trust pages."
            ),
        ]
    return tuple(lines)
