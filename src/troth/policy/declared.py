"""All parts' declarations side by side, each with the part that made it; what is declared twice is found here."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from troth.policy.errors import Contradiction, Problem
from troth.policy.language import (
    ROLES,
    Cookie,
    FileStore,
    Form,
    PartPolicy,
    Purpose,
    Recipient,
    Retention,
    Role,
    SealedRecord,
    Sentence,
    Table,
)

K = TypeVar("K", bound=Hashable)
T_co = TypeVar("T_co", covariant=True)
Record = SealedRecord[msgspec.Struct]
EVERY_STORE = "every store"


@dataclass(frozen=True)
class Owned(Generic[T_co]):
    """Something declared, and the part that declares it."""

    part: str
    thing: T_co


@dataclass(frozen=True)
class Declared:
    """Everything by name; `problems` holds what two places declare."""

    purposes: Mapping[str, Owned[Purpose]]
    retentions: Mapping[str, Owned[Retention]]
    roles: Mapping[str, Owned[Role]]
    records: Mapping[str, Owned[Record]]
    tables: Mapping[str, Owned[Table]]
    cookies: Mapping[str, Owned[Cookie]]
    recipients: Mapping[str, Owned[Recipient]]
    files: Mapping[str, Owned[FileStore]]
    forms: Mapping[str, Owned[Form]]
    sentences: Mapping[int, Owned[Sentence]]
    problems: tuple[Problem, ...]

    def has_field(self, target: str) -> bool:
        """Whether `record.field` names a declared field; a record's name may itself hold dots."""
        record, _, field = target.rpartition(".")
        return record in self.records and field in self.records[record].thing.fields

    def has_place(self, target: str) -> bool:
        """Whether a form field may go to `target`: a declared field, or `table.column` of a plain column."""
        table, _, column = target.rpartition(".")
        return self.has_field(target) or (table in self.tables and column in self.tables[table].thing.plain)

    def asked(self) -> frozenset[str]:
        """Return the labels of every field that a form asks for."""
        targets = {target for one in self.forms.values() for target in one.thing.fields.values()}
        return frozenset(
            rule.label
            for name, one in self.records.items()
            for field, rule in one.thing.fields.items()
            if f"{name}.{field}" in targets
        )


def gather(parts: Sequence[PartPolicy]) -> Declared:
    """Bring all declarations together; never raises, but notes every contradiction."""
    problems: list[Problem] = []

    def named(kind: str, things: Iterable[tuple[str, K, T_co]]) -> dict[K, Owned[T_co]]:
        found: dict[K, Owned[T_co]] = {}
        for part, name, thing in things:
            if name in found:
                problems.append(_twice(part, found[name].part, kind, str(name)))
            else:
                found[name] = Owned(part, thing)
        return found

    roles = [(EVERY_STORE, role.name, role) for role in ROLES]
    return Declared(
        purposes=named("purpose", ((p.part, one.name, one) for p in parts for one in p.purposes)),
        retentions=named("retention class", _retentions(parts)),
        roles=named("role", roles + [(p.part, one.name, one) for p in parts for one in p.roles]),
        records=named("record", ((p.part, one.name, one) for p in parts for one in p.records)),
        tables=named("table", ((p.part, one.name, one) for p in parts for one in p.tables)),
        cookies=named("cookie", ((p.part, one.name, one) for p in parts for one in p.cookies)),
        recipients=named("recipient", ((p.part, one.name, one) for p in parts for one in p.recipients)),
        files=named("file store", ((p.part, one.name, one) for p in parts for one in p.files)),
        forms=named("form", ((p.part, one.name, one) for p in parts for one in p.forms)),
        sentences=named("sentence", ((p.part, one.number, one) for p in parts for one in p.sentences)),
        problems=tuple(problems),
    )


def _retentions(parts: Sequence[PartPolicy]) -> list[tuple[str, str, Retention]]:
    """Return each different retention class once: many records may share one, but only the same one."""
    found: list[tuple[str, str, Retention]] = []
    for policy in parts:
        for record in policy.records:
            retention: object = record.retention
            if isinstance(retention, Retention) and all(retention != known for _, _, known in found):
                found.append((policy.part, retention.name, retention))
    return found


def _twice(part: str, other: str, kind: str, name: str) -> Contradiction:
    where = "twice" if part == other else f"here and in {other}"
    mend = "Declare it once and import it where else it is needed, or give the second another name."
    return Contradiction(part, f"{kind} {name}", f"is declared {where}", mend=mend)
