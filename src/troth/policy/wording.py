"""What a maker may change in troth.toml: keep for shorter, let fewer read, say it in their own words.

    [policy.retention]
    "visit log" = 14
    [policy.readers]
    "order.buyer" = ["buyer", "job"]
    [policy.text]
    "sentence.1" = "We sell our own programs online."

Everything else is the program's; what would loosen it is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from troth.kernel.codec import convert
from troth.kernel.errors import ConfigError, Refused
from troth.policy.declared import Declared
from troth.policy.errors import Loosened, Problem, Undeclared
from troth.policy.language import Basis
from troth.policy.lock import PolicySettings

IN_FILE = "troth.toml"
ALWAYS_READ = frozenset({"buyer", "job"})
LONGEST_TEXT = 400


def read_wording(raw: Mapping[str, Any]) -> PolicySettings:
    """Return the `[policy]` section; raises `ConfigError` where a value has the wrong form."""
    try:
        return convert(dict(raw), PolicySettings)
    except Refused as error:
        told = "allowed are [policy.retention], [policy.readers] and [policy.text]"
        raise ConfigError(f"{IN_FILE}: [policy]: {error.detail}; {told}") from error


def check_wording(wording: PolicySettings, declared: Declared) -> Iterator[Problem]:
    """Yield what names nothing and what would loosen the policy."""
    for name, days in sorted(wording.retention.items()):
        yield from _check_days(name, days, declared)
    for name, readers in sorted(wording.readers.items()):
        yield from _check_readers(name, readers, declared)
    known = texts(declared)
    for key, text in sorted(wording.text.items()):
        thing = f"[policy.text] {key}"
        if key not in known:
            mend = "Keys are purpose.NAME, field.RECORD.FIELD, cookie.NAME and sentence.NUMBER."
            yield Undeclared(IN_FILE, thing, "names nothing that is published", mend=mend)
        elif not 0 < len(text.strip()) <= LONGEST_TEXT:
            mend = f"Write 1 to {LONGEST_TEXT} characters, or remove the line."
            yield Loosened(IN_FILE, thing, "says nothing, or too much to be read", mend=mend)


def texts(declared: Declared) -> Mapping[str, str]:
    """Return every text a maker may word differently, by its key."""
    found = {f"purpose.{name}": one.thing.text for name, one in declared.purposes.items()}
    for name, record in declared.records.items():
        found |= {f"field.{name}.{field}": rule.why for field, rule in record.thing.fields.items()}
    found |= {f"cookie.{name}": one.thing.why for name, one in declared.cookies.items()}
    return found | {f"sentence.{number}": one.thing.text for number, one in declared.sentences.items()}


def _check_days(name: str, days: int, declared: Declared) -> Iterator[Problem]:
    thing = f"[policy.retention] {name} = {days}"
    if name not in declared.retentions:
        yield Undeclared(IN_FILE, thing, "names no retention class", mend=_known(declared.retentions))
        return
    retention = declared.retentions[name].thing
    by_law = any(
        purpose.basis == Basis.LEGAL
        for one in declared.records.values()
        for purpose in one.thing.purposes
        if one.thing.retention == retention
    )
    if retention.days is None:
        mend = "Remove the line; the class ends when its person asks or its basis ends."
        yield Loosened(IN_FILE, thing, "gives days to a class that has no clock", mend=mend)
    elif days > retention.days:
        mend = f"Allowed are {retention.least} to {retention.days} days."
        yield Loosened(IN_FILE, thing, f"keeps data longer than the {retention.days} days declared", mend=mend)
    elif by_law and days != retention.days:
        yield Loosened(IN_FILE, thing, "is shorter than a law asks for", mend="Remove the line.")
    elif days < retention.least:
        mend = f"Write {retention.least} or more."
        yield Loosened(IN_FILE, thing, "ends before the store is done with it", mend=mend)


def _check_readers(name: str, readers: Collection[str], declared: Declared) -> Iterator[Problem]:
    thing = f"[policy.readers] {name}"
    if name not in declared.records:
        yield Undeclared(IN_FILE, thing, "names no record", mend=_known(declared.records))
        return
    allowed = set(declared.records[name].thing.readers)
    more = sorted(set(readers) - allowed)
    if more:
        mend = f"Allowed are {', '.join(sorted(allowed))}."
        yield Loosened(IN_FILE, thing, f"lets {', '.join(more)} read", mend=mend)
    needed = sorted((allowed & ALWAYS_READ) - set(readers))
    if needed:
        mend = f"Add {', '.join(needed)}: a person reads their own data, and the program does its work."
        yield Loosened(IN_FILE, thing, f"shuts out {', '.join(needed)}", mend=mend)


def _known(names: Collection[str]) -> str:
    return f"Known are {', '.join(sorted(names))}."
