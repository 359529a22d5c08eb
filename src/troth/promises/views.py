"""What `/privacy` and `/promises` show, put into a visitor's language; nothing of the document is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from troth.policy.promised import Promise, Status, list_promises
from troth.promises.evidence import GRACE, Book, Record, evidence_of
from troth.promises.names import MUTANTS, PROBES
from troth.promises.planned import PLANNED

if TYPE_CHECKING:
    from troth.policy.lock import Lock
    from troth.policy.phrase import Phrase, Translations
    from troth.policy.structure import Item, PolicyDocument, Section


# -- the policy ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactView:
    """One labelled statement."""

    label: str
    text: str


@dataclass(frozen=True)
class ItemView:
    """One thing: what is said of it first, and its facts; `id` is a fragment."""

    id: str
    title: str
    paragraphs: tuple[str, ...]
    facts: tuple[FactView, ...]


@dataclass(frozen=True)
class SectionView:
    """One question of the reader; `sections` stand inside."""

    id: str
    title: str
    paragraphs: tuple[str, ...]
    items: tuple[ItemView, ...]
    sections: tuple[SectionView, ...]


@dataclass(frozen=True)
class ChangeView:
    """One change of a revision; `widens` where it asks for more."""

    text: str
    widens: bool


@dataclass(frozen=True)
class RevisionView:
    """One entry of the history."""

    revision: int
    hash: str
    in_force_on: datetime
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True)
class DocumentView:
    """The whole policy in one language."""

    revision: int
    hash: str
    in_force_on: datetime | None
    summary: tuple[str, ...]
    sections: tuple[SectionView, ...]
    plainly: tuple[str, ...]
    history: tuple[RevisionView, ...]


def document_view(shown: PolicyDocument, language: Translations) -> DocumentView:
    """Put the published policy into a language."""

    def say(phrases: Sequence[Phrase]) -> tuple[str, ...]:
        return tuple(_begun(phrase.into(language)) for phrase in phrases)

    def section(one: Section) -> SectionView:
        return SectionView(
            id=_fragment(one.key),
            title=one.title.into(language),
            paragraphs=say(one.lead),
            items=tuple(item(inner) for inner in one.items),
            sections=tuple(section(inner) for inner in one.sections),
        )

    def item(one: Item) -> ItemView:
        facts = tuple(
            FactView(_begun(fact.label.into(language)), _begun(fact.text.into(language))) for fact in one.facts
        )
        return ItemView(_fragment(one.key), _begun(one.title.into(language)), say(one.lead), facts)

    history = tuple(
        RevisionView(
            entry.revision,
            entry.hash,
            entry.accepted_at,
            tuple(
                ChangeView(_begun(change.said.into(language)), change.direction == "widening")
                for change in entry.changes
            ),
        )
        for entry in shown.history
    )
    return DocumentView(
        revision=shown.revision,
        hash=shown.hash,
        in_force_on=history[0].in_force_on if history else None,
        summary=say(shown.summary),
        sections=tuple(section(one) for one in shown.sections),
        plainly=say(shown.plainly),
        history=history,
    )


def _begun(text: str) -> str:
    """Begin with a capital, unless the first word is a name people type, like `troth_session` or a host."""
    first = text.partition(" ")[0]
    if "_" in first or "." in first.rstrip("."):
        return text
    return text[:1].upper() + text[1:]


def _fragment(key: str) -> str:
    """Return a key as an id: `record:order.buyer/email` is `record-order.buyer-email`."""
    return "".join(char if char.isalnum() or char in "._" else "-" for char in key)


# -- the promises ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PromiseView:
    """One published sentence and how it was checked."""

    number: int
    kind: str
    sentence: str
    plain: str
    original: str
    status: str
    struck: bool
    where: str
    proven_at: datetime | None
    probes: tuple[str, ...]
    mutants: int
    evidence: tuple[tuple[str, int], ...]
    note: str
    missing: str


@dataclass(frozen=True)
class CountsView:
    """How many sentences stand how; a stale one counts as failed, a disclosed one not checked yet as neither."""

    proven: int
    failed: int
    unpublished: int
    run_at: datetime | None


def promise_views(
    lock: Lock, book: Book, now: datetime, language: Translations
) -> tuple[list[PromiseView], CountsView]:
    """Return the published sentences by number, and how many there are of each standing."""
    listed = list_promises(lock, evidence_of(book, lock, now, grace=GRACE), installed=PROBES)
    shown = [one for one in listed if one.published]
    views = [_promise(one, book, language) for one in shown]
    counts = CountsView(
        proven=sum(one.status is Status.PROVEN for one in shown),
        failed=sum(one.status in {Status.FAILED, Status.STALE} for one in shown),
        unpublished=len({one.number for one in PLANNED} | {one.number for one in listed}) - len(shown),
        run_at=book.run_at,
    )
    return views, counts


def _promise(one: Promise, book: Book, language: Translations) -> PromiseView:
    record = book.find(one.number)
    return PromiseView(
        number=one.number,
        kind=one.kind.value,
        sentence=language.gettext(one.sentence),
        plain=language.gettext(one.plain),
        original=language.gettext(one.original) if one.original else "",
        status=one.status.value,
        struck=one.struck and one.status is Status.FAILED,
        where=one.where,
        proven_at=one.proven_at,
        probes=tuple(PROBES[name].words.into(language) for name in one.probes if name in PROBES),
        mutants=MUTANTS.get(one.number, 0),
        evidence=tuple(_counts(record, language)) if record is not None else (),
        note=book.note(one.number) if one.status is Status.FAILED else "",
        missing="" if record is None else record.missing,
    )


def _counts(record: Record, language: Translations) -> Iterator[tuple[str, int]]:
    """Yield the counts of all proofs of a sentence; what two of them counted is taken once, the larger."""
    found: dict[str, int] = {}
    for proof in record.proofs:
        for what, number in proof.counts.items():
            found[what] = max(number, found.get(what, 0))
    yield from ((_begun(language.gettext(what)), number) for what, number in found.items())
