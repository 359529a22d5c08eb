"""What every declaration must hold to, one function per kind; each yields the problems it finds.

The rules are GDPR Art. 5, 6, 13 and 30 as far as a program can see them, and the agreement of the declarations with
each other, with the structs and with the real forms. Tables have their own room: `troth.policy.tables`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from troth.policy.declared import Declared, Owned, Record
from troth.policy.errors import Contradiction, Incomplete, Missing, Problem, Undeclared, spot
from troth.policy.language import Basis, CookieCategory, FieldRule, Form, Personal, Retention, Topic

_NETWORK_WORDS = frozenset({"ip", "isp", "network"})
_MAIL_WORDS = frozenset({"email"})
_NOT_ASKED = frozenset({None, CookieCategory.MANDATORY})


def check(declared: Declared, forms: Mapping[str, Collection[str]] | None) -> Iterator[Problem]:
    """Yield every problem; `forms` are the program's real forms and their fields, None to leave them unchecked."""
    yield from declared.problems
    yield from _check_purposes(declared)
    yield from _check_retentions(declared)
    yield from _check_records(declared)
    yield from _check_cookies(declared)
    yield from _check_recipients(declared)
    yield from _check_files(declared)
    yield from _check_forms(declared, forms)
    yield from _check_sentences(declared)


def topic_of(field: str, rule: FieldRule, asked: Collection[str]) -> Topic:
    """Return the heading under which a reader looks for a field; `asked` are the labels of what forms ask for."""
    if rule.topic is not None:
        return rule.topic
    if _is_network(field, rule):
        return Topic.VISIT
    if _MAIL_WORDS & _words(field) or "e-mail address" in rule.label:
        return Topic.EMAIL
    return Topic.PURCHASE if rule.label in asked else Topic.OTHER


def _is_network(field: str, rule: FieldRule) -> bool:
    return bool(_NETWORK_WORDS & _words(field)) or "IP address" in rule.label


def _words(field: str) -> frozenset[str]:
    return frozenset(field.lower().split("_"))


def _check_purposes(declared: Declared) -> Iterator[Problem]:
    used = {purpose.name for one in declared.records.values() for purpose in one.thing.purposes}
    asked = {one.thing.category for one in declared.cookies.values()}
    for name, one in declared.purposes.items():
        purpose, at = one.thing, spot(one.part, f"purpose {name}")
        if purpose.basis not in tuple(Basis):
            yield at(Incomplete, "has no basis", f"Write basis=Basis.{' | Basis.'.join(Basis.__members__)}.")
        if not purpose.text.strip():
            yield at(Incomplete, "has no text", "Write text= so that it completes “We use it …”.")
        if name not in used and (purpose.category is None or purpose.category not in asked):
            mend = "Name it in the purposes= of the record that needs it, or remove it."
            yield at(Contradiction, "is used by no record and no cookie", mend)
        if purpose.basis == Basis.CONSENT and purpose.mail is None and purpose.category in _NOT_ASKED:
            mend = "Write category=CookieCategory.ANALYTICAL or TARGET, or mail= with the kind of mail asked for."
            yield at(Incomplete, "rests on consent, but nothing says how it is asked for", mend)


def _check_retentions(declared: Declared) -> Iterator[Problem]:
    for name, one in declared.retentions.items():
        retention, at = one.thing, spot(one.part, f"retention class {name}")
        if not retention.reason.strip():
            yield at(Incomplete, "has no reason", "Write reason= with why we keep it so long.")
        if not retention.counts_from.strip():
            mend = "Write counts_from= with the event the days count from, or in words how long it is kept."
            yield at(Incomplete, "does not say from when it counts", mend)
        least = max(1, retention.least)
        if retention.days is not None and retention.days < least:
            mend = f"Write days={least} or more, or a smaller least=."
            yield at(Contradiction, f"ends after {retention.days} days", mend)


def _check_records(declared: Declared) -> Iterator[Problem]:
    resting = {record.name for one in declared.tables.values() for record in one.thing.sealed.values()}
    resting |= {record.name for one in declared.files.values() for record in one.thing.sealed}
    for name, one in declared.records.items():
        at = spot(one.part, f"record {name}")
        retention: object = one.thing.retention
        if not one.thing.purposes:
            yield at(Incomplete, "has no purpose", "Write purposes= with why we may open it, or do not take it.")
        if not isinstance(retention, Retention):
            mend = "Write retention= with the class that says how long, from when and why."
            yield at(Incomplete, "has no retention class", mend)
        if not one.thing.readers:
            yield at(Incomplete, "has no readers", "Write readers= with the roles that may open it.")
        if name not in resting:
            mend = "Name it in the sealed= of the table or file store that holds it, or remove it."
            yield at(Missing, "rests nowhere", mend)
        yield from _check_names(one, declared)
        yield from _check_struct(one)
        yield from _check_fields(one)


def _check_names(one: Owned[Record], declared: Declared) -> Iterator[Problem]:
    at = spot(one.part, f"record {one.thing.name}")
    for purpose in one.thing.purposes:
        known = declared.purposes.get(purpose.name)
        if known is None or known.thing != purpose:
            mend = "Put it in the purposes= of one part's PartPolicy and import it from there."
            yield at(Undeclared, f"names the purpose {purpose.name}, which no part declares", mend)
    for role in one.thing.readers:
        if role not in declared.roles:
            mend = f"Use one of {', '.join(sorted(declared.roles))}, or write roles=(Role({role!r}, …),)."
            yield at(Undeclared, f"is read by {role}, a role nobody declares", mend)


def _check_struct(one: Owned[Record]) -> Iterator[Problem]:
    record, struct = one.thing, one.thing.struct.__name__
    at = spot(one.part, f"record {record.name}")
    real = {field.name for field in msgspec.structs.fields(record.struct)}
    for field in sorted(real - set(record.fields)):
        mend = f"Write fields={{{field!r}: FieldRule(label, why)}}, or take it out of {struct}."
        yield at(Undeclared, f"holds {field}, which is not declared", mend)
    for field in sorted(set(record.fields) - real):
        mend = f"Add it to {struct}, or remove its FieldRule."
        yield at(Missing, f"declares {field}, which {struct} does not hold", mend)
    if not issubclass(record.struct, Personal):
        mend = f"Write class {struct}(Personal, frozen=True)."
        yield at(Contradiction, "opens into a struct that would print what it holds", mend)


def _check_fields(one: Owned[Record]) -> Iterator[Problem]:
    for field, rule in one.thing.fields.items():
        at = spot(one.part, f"record {one.thing.name}, field {field}")
        if not rule.label.strip() or not rule.why.strip():
            yield at(Incomplete, "has no label or no why", "Write FieldRule(label, why).")
        if _is_network(field, rule) and rule.topic not in {None, Topic.VISIT}:
            mend = "Write topic=Topic.VISIT, or give the field a name that says what it holds."
            yield at(Contradiction, "sounds like a network address under another heading", mend)


def _check_cookies(declared: Declared) -> Iterator[Problem]:
    asked = {one.thing.category for one in declared.purposes.values()}
    for name, one in declared.cookies.items():
        cookie, at = one.thing, spot(one.part, f"cookie {name}")
        if not cookie.why.strip():
            yield at(Incomplete, "has no why", "Write why= with what stops working without it.")
        if cookie.category != CookieCategory.MANDATORY and cookie.category not in asked:
            mend = f"Declare a Purpose with basis=Basis.CONSENT, category=CookieCategory.{cookie.category.name}."
            yield at(Incomplete, f"is {cookie.category}, but no purpose asks for that", mend)


def _check_recipients(declared: Declared) -> Iterator[Problem]:
    for name, one in declared.recipients.items():
        recipient, at = one.thing, spot(one.part, f"recipient {name}")
        if not recipient.step.strip() or not recipient.receives.strip():
            mend = "Write step= and receives= in words a buyer understands."
            yield at(Incomplete, "does not say for which step it receives what", mend)
        for target in recipient.fields:
            if not declared.has_field(target):
                mend = "Write fields=('record.field',) with a declared record and field."
                yield at(Undeclared, f"is given {target}, which no record holds", mend)


def _check_files(declared: Declared) -> Iterator[Problem]:
    for name, one in declared.files.items():
        at = spot(one.part, f"file store {name}")
        if not one.thing.holds.strip() or not one.thing.kept.strip():
            mend = "Write holds= with what lies there and kept= with how long."
            yield at(Incomplete, "does not say what it holds or how long", mend)
        for record in one.thing.sealed:
            if record.name not in declared.records:
                mend = "Put the record in the records= of the part's PartPolicy."
                yield at(Undeclared, f"holds the record {record.name}, which no part declares", mend)


def _check_forms(declared: Declared, real: Mapping[str, Collection[str]] | None) -> Iterator[Problem]:
    for one in declared.forms.values():
        yield from _check_form(one, declared)
    for name, fields in sorted((real or {}).items()):
        known = declared.forms.get(name)
        part, mapped = (known.part, set(known.thing.fields)) if known else ("forms", set())
        for field in sorted(set(fields) - mapped):
            mend = f"Write Form({name!r}, {{{field!r}: 'record.field'}}), or None with the reason in transient=."
            yield spot(part, f"form {name}, field {field}")(Undeclared, "is asked, and not declared", mend)
        for field in sorted(mapped - set(fields)):
            at = spot(part, f"form {name}, field {field}")
            yield at(Missing, "is declared, but not asked", "Remove it from the Form.")
    if real is not None:
        for name in sorted(set(declared.forms) - set(real)):
            at = spot(declared.forms[name].part, f"form {name}")
            yield at(Missing, "is declared, but no page shows it", "Remove the Form, or add its route.")


def _check_form(one: Owned[Form], declared: Declared) -> Iterator[Problem]:
    form = one.thing
    for field, target in form.fields.items():
        at = spot(one.part, f"form {form.name}, field {field}")
        if target is None and not form.transient.get(field, "").strip():
            mend = f"Write {field!r}: 'record.field', or transient={{{field!r}: 'why it is asked, not kept'}}."
            yield at(Incomplete, "is mapped to no record, without a reason", mend)
        if target is not None and not declared.has_place(target):
            mend = "Name a declared 'record.field', or 'table.column' of a plain column."
            yield at(Undeclared, f"goes to {target}, which nobody declares", mend)
        if target is not None and field in form.transient:
            yield at(Contradiction, "is both kept and not kept", "Remove it from transient=, or map it to None.")
    for field in sorted({*form.transient, *form.why} - set(form.fields)):
        at = spot(one.part, f"form {form.name}, field {field}")
        yield at(Missing, "has a reason, but is not in the form", f"Add {field!r}: None to the form's fields.")


def _check_sentences(declared: Declared) -> Iterator[Problem]:
    for number, one in sorted(declared.sentences.items()):
        sentence, at = one.thing, spot(one.part, f"sentence {number}")
        if not sentence.probes:
            mend = "Write probes= with the names of what proves it; what nobody proves is not published."
            yield at(Incomplete, "has no probe", mend)
        if not sentence.text.strip() or not sentence.plain.strip():
            mend = "Write text= and, in simple words, plain= with what is checked."
            yield at(Incomplete, "lacks its text or what is checked", mend)
