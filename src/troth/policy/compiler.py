"""The compiler: all parts' declarations, held to the real schema, become the lock of one store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from troth.kernel.config import Settings
from troth.policy import language
from troth.policy.checks import check, topic_of
from troth.policy.declared import Declared, Owned, Record, gather
from troth.policy.errors import DoesNotCompile
from troth.policy.lock import (
    Controller,
    Lock,
    LockedCookie,
    LockedField,
    LockedFile,
    LockedForm,
    LockedPurpose,
    LockedRecord,
    LockedRetention,
    LockedSentence,
    LockedTable,
    PolicySettings,
    stamped,
)
from troth.policy.recipients import recipients_of
from troth.policy.shape import schema_id
from troth.policy.tables import ColumnFacts, ColumnKind, Schema, check_tables
from troth.policy.wording import check_wording, texts

__all__ = ["ColumnFacts", "ColumnKind", "Schema", "compile_policy"]

D = TypeVar("D")
L = TypeVar("L")


def compile_policy(
    parts: Sequence[language.PartPolicy],
    *,
    schema: Schema,
    settings: Settings,
    wording: PolicySettings,
    forms: Mapping[str, Collection[str]] | None = None,
) -> Lock:
    """Return the lock (revision 0: not accepted yet) of these parts in a store with these tables and settings.

    `forms` are the program's real forms with their fields; None leaves them unchecked. Raises `DoesNotCompile` with
    every problem there is.
    """
    declared = gather(parts)
    recipients, unknown = recipients_of(declared, settings)
    problems = [
        *check(declared, forms),
        *check_tables(declared, schema),
        *unknown,
        *check_wording(wording, declared),
    ]
    if problems:
        raise DoesNotCompile(problems)
    seller, words = settings.seller, dict(texts(declared)) | dict(wording.text)
    return stamped(
        Lock(
            controller=Controller(seller.legal_name, seller.address, seller.country, seller.contact),
            purposes=_lock_purposes(declared, words),
            retentions=_lock_retentions(declared, wording),
            roles={name: one.thing.text for name, one in declared.roles.items()},
            records=_lock_records(declared, wording, words),
            tables=_each(declared.tables, _lock_table),
            cookies=_lock_cookies(declared, words),
            recipients=recipients,
            files=_each(declared.files, _lock_file),
            forms=_each(declared.forms, _lock_form),
            sentences=_lock_sentences(declared, words),
            wording=wording,
        )
    )


def _each(things: Mapping[str, Owned[D]], lock_one: Callable[[str, D], L]) -> dict[str, L]:
    return {name: lock_one(one.part, one.thing) for name, one in things.items()}


def _lock_purposes(declared: Declared, words: Mapping[str, str]) -> dict[str, LockedPurpose]:
    def lock_one(part: str, purpose: language.Purpose) -> LockedPurpose:
        text = words[f"purpose.{purpose.name}"]
        return LockedPurpose(part, purpose.basis, text, purpose.dpv, purpose.category, purpose.mail)

    return _each(declared.purposes, lock_one)


def _lock_retentions(declared: Declared, wording: PolicySettings) -> dict[str, LockedRetention]:
    def lock_one(_part: str, retention: language.Retention) -> LockedRetention:
        days = wording.retention.get(retention.name, retention.days)
        return LockedRetention(days, retention.counts_from, retention.reason)

    return _each(declared.retentions, lock_one)


def _lock_records(declared: Declared, wording: PolicySettings, words: Mapping[str, str]) -> dict[str, LockedRecord]:
    asked = declared.asked()

    def lock_one(part: str, record: Record) -> LockedRecord:
        fields = {
            name: LockedField(
                rule.label, words[f"field.{record.name}.{name}"], rule.optional, topic_of(name, rule, asked)
            )
            for name, rule in record.fields.items()
        }
        purposes = tuple(sorted({purpose.name for purpose in record.purposes}))
        readers = tuple(sorted(set(wording.readers.get(record.name, record.readers))))
        return LockedRecord(part, fields, purposes, readers, record.retention.name, schema_id(record.struct))

    return _each(declared.records, lock_one)


def _lock_table(part: str, table: language.Table) -> LockedTable:
    return LockedTable(
        part=part,
        plain=dict(table.plain),
        sealed={column: record.name for column, record in table.sealed.items()},
        indexed=dict(table.indexed),
        subject=table.subject,
        on_erase=table.on_erase,
        because=table.because,
    )


def _lock_cookies(declared: Declared, words: Mapping[str, str]) -> dict[str, LockedCookie]:
    def lock_one(part: str, cookie: language.Cookie) -> LockedCookie:
        return LockedCookie(part, cookie.category, cookie.max_age, words[f"cookie.{cookie.name}"])

    return _each(declared.cookies, lock_one)


def _lock_file(part: str, store: language.FileStore) -> LockedFile:
    sealed = tuple(sorted(record.name for record in store.sealed))
    return LockedFile(part, store.path, store.holds, store.personal, store.kept, store.uploads, sealed)


def _lock_form(part: str, form: language.Form) -> LockedForm:
    return LockedForm(part, dict(form.fields), dict(form.transient), dict(form.why))


def _lock_sentences(declared: Declared, words: Mapping[str, str]) -> tuple[LockedSentence, ...]:
    def lock_one(part: str, sentence: language.Sentence) -> LockedSentence:
        text = words[f"sentence.{sentence.number}"]
        original = None if text == sentence.text else sentence.text
        return LockedSentence(
            part,
            sentence.number,
            sentence.kind,
            text,
            sentence.plain,
            tuple(sorted(set(sentence.probes))),
            original,
        )

    return tuple(lock_one(one.part, one.thing) for _, one in sorted(declared.sentences.items()))
