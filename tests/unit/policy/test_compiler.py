"""What nobody declared does not compile, and every refusal names the part, the thing and what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from tests.unit.policy.sample import (
    BUYER,
    COUNT,
    FORMS,
    FULFIL,
    MAIL,
    NEWS,
    ORDER,
    PAID,
    PARTS,
    SCHEMA,
    SETTINGS,
    SHOP,
    VISITS,
    compiled,
    with_shop,
)
from troth.policy.compiler import ColumnFacts, ColumnKind, Schema, compile_policy
from troth.policy.errors import Contradiction, DoesNotCompile, Incomplete, Missing, Problem, Undeclared
from troth.policy.language import (
    Basis,
    Cookie,
    CookieCategory,
    FieldRule,
    FileStore,
    Form,
    Kind,
    OnErase,
    PartPolicy,
    Purpose,
    Recipient,
    SealedRecord,
    Sentence,
    Table,
    Topic,
)
from troth.policy.lock import PolicySettings


class Printing(msgspec.Struct, frozen=True):
    email: str
    name: str | None


@dataclass(frozen=True)
class Case:
    """A store that must not compile: how it differs from the sample, and what the refusal says."""

    name: str
    kind: type[Problem]
    part: str
    says: str
    parts: Sequence[PartPolicy] = PARTS
    schema: Schema = field(default_factory=lambda: SCHEMA)
    forms: Mapping[str, frozenset[str]] = field(default_factory=lambda: FORMS)


def buyer(**changes: Any) -> tuple[PartPolicy, ...]:
    record = replace(BUYER, **changes)
    tables = (replace(SHOP.tables[0], sealed={"buyer_sealed": record}), SHOP.tables[1])
    return with_shop(records=(record, PAID), tables=tables)


def purchase(**changes: Any) -> tuple[PartPolicy, ...]:
    return with_shop(tables=(replace(SHOP.tables[0], **changes), SHOP.tables[1]))


def fulfil(purpose: Purpose) -> tuple[PartPolicy, ...]:
    record = replace(BUYER, purposes=(purpose, NEWS))
    tables = (replace(SHOP.tables[0], sealed={"buyer_sealed": record}), SHOP.tables[1])
    return with_shop(purposes=(purpose, SHOP.purposes[1]), records=(record, PAID), tables=tables)


def unfounded(purpose: Purpose, basis: Any = None) -> Purpose:
    return replace(purpose, basis=basis)


def checkout(fields: Mapping[str, str | None], transient: Mapping[str, str] | None = None) -> tuple[PartPolicy, ...]:
    return with_shop(forms=(Form("checkout", fields, transient or {}),))


def without_purchase_table() -> Schema:
    return {name: columns for name, columns in SCHEMA.items() if name != "purchase"}


def with_column(name: str, facts: ColumnFacts | None) -> Schema:
    columns = {key: value for key, value in SCHEMA["purchase"].items() if key != name}
    return {**SCHEMA, "purchase": columns if facts is None else {**columns, name: facts}}


NAMED = {"email": "shop.buyer.email", "name": "shop.buyer.name"}
PLAIN = {"id": "a random number", "state": "where the order stands"}
CASES = (
    Case(
        "a table", Undeclared, "schema", "table note exists", schema={**SCHEMA, "note": {"id": SCHEMA["silence"]["id"]}}
    ),
    Case(
        "a column", Undeclared, "shop", "column phone exists", schema=with_column("phone", ColumnFacts(ColumnKind.TEXT))
    ),
    Case("a missing table", Missing, "shop", "table purchase is declared", schema=without_purchase_table()),
    Case("a missing column", Missing, "shop", "column state is declared", schema=with_column("state", None)),
    Case(
        "sealed text",
        Contradiction,
        "shop",
        "column buyer_sealed holds text",
        schema=with_column("buyer_sealed", ColumnFacts(ColumnKind.TEXT)),
    ),
    Case(
        "an index in clear",
        Contradiction,
        "shop",
        "column email_index holds text",
        schema=with_column("email_index", ColumnFacts(ColumnKind.TEXT)),
    ),
    Case("two classes", Contradiction, "shop", "column id stands in two", purchase(indexed={"id": "shop.buyer.email"})),
    Case(
        "plain without reason",
        Incomplete,
        "shop",
        "column state stands unsealed",
        purchase(plain={**PLAIN, "state": " "}),
    ),
    Case("no way to the person", Incomplete, "shop", "no column leads to their person", purchase(subject=None)),
    Case("kept without reason", Incomplete, "shop", "outlives an erasure", purchase(on_erase=OnErase.KEEP)),
    Case(
        "severing what cannot be empty",
        Contradiction,
        "shop",
        "its subject cannot be empty",
        purchase(on_erase=OnErase.SEVER, because="The books stay."),
        schema=with_column("person", ColumnFacts(ColumnKind.TEXT)),
    ),
    Case("a record unknown to any part", Undeclared, "shop", "holds the record shop.buyer", with_shop(records=(PAID,))),
    Case(
        "an index of nothing",
        Undeclared,
        "shop",
        "finds shop.buyer.phone",
        purchase(indexed={"email_index": "shop.buyer.phone"}),
    ),
    Case("a record that rests nowhere", Missing, "shop", "record shop.buyer rests nowhere", purchase(sealed={})),
    Case("a record without purpose", Incomplete, "shop", "has no purpose", buyer(purposes=())),
    Case("a record without readers", Incomplete, "shop", "has no readers", buyer(readers=())),
    Case("a record without retention", Incomplete, "shop", "has no retention class", buyer(retention=None)),
    Case("an unknown role", Undeclared, "shop", "is read by burglar", buyer(readers=("burglar",))),
    Case(
        "an unknown purpose",
        Undeclared,
        "shop",
        "names the purpose spying",
        buyer(purposes=(replace(FULFIL, name="spying"),)),
    ),
    Case(
        "a purpose in other words",
        Undeclared,
        "shop",
        "names the purpose fulfil",
        buyer(purposes=(replace(FULFIL, text="to do as we like"), NEWS)),
    ),
    Case(
        "a field nobody declares",
        Undeclared,
        "shop",
        "holds name, which",
        buyer(fields={"email": BUYER.fields["email"]}),
    ),
    Case(
        "a declared field that is not there",
        Missing,
        "shop",
        "declares phone, which Buyer",
        buyer(fields={**BUYER.fields, "phone": FieldRule("phone", "to call you")}),
    ),
    Case("a struct that prints", Contradiction, "shop", "would print what it holds", buyer(struct=Printing)),
    Case(
        "a field without why",
        Incomplete,
        "shop",
        "field email has no label or no why",
        buyer(fields={**BUYER.fields, "email": FieldRule("e-mail", "")}),
    ),
    Case("a purpose without text", Incomplete, "shop", "purpose fulfil has no text", fulfil(replace(FULFIL, text=""))),
    Case(
        "a purpose without basis",
        Incomplete,
        "shop",
        "purpose fulfil has no basis",
        fulfil(unfounded(FULFIL)),
    ),
    Case(
        "an unused purpose",
        Contradiction,
        "shop",
        "purpose idle is used by no record",
        with_shop(purposes=(*SHOP.purposes, Purpose("idle", Basis.CONTRACT, "to have it"))),
    ),
    Case(
        "consent nobody asks for",
        Incomplete,
        "shop",
        "rests on consent",
        fulfil(replace(FULFIL, basis=Basis.CONSENT)),
    ),
    Case(
        "consent by a cookie that needs none",
        Incomplete,
        "shop",
        "rests on consent",
        fulfil(replace(FULFIL, basis=Basis.CONSENT, category=CookieCategory.MANDATORY)),
    ),
    Case(
        "retention without reason",
        Incomplete,
        "shop",
        "class order has no reason",
        buyer(retention=replace(ORDER, reason="")),
    ),
    Case(
        "retention from no day",
        Incomplete,
        "shop",
        "class order does not say from when",
        buyer(retention=replace(ORDER, counts_from="")),
    ),
    Case(
        "retention below its least",
        Contradiction,
        "shop",
        "ends after 29 days",
        buyer(retention=replace(ORDER, days=29)),
    ),
    Case(
        "retention of no day",
        Contradiction,
        "shop",
        "ends after 0 days",
        buyer(retention=replace(ORDER, days=0, least=0)),
    ),
    Case(
        "a form field to nowhere",
        Incomplete,
        "shop",
        "field name is mapped to no record",
        checkout({**NAMED, "name": None, "total": "shop.paid.amount"}),
    ),
    Case(
        "a form field to a field that is not there",
        Undeclared,
        "shop",
        "goes to shop.buyer.fax",
        checkout({**NAMED, "name": "shop.buyer.fax", "total": None}, {"total": "x"}),
    ),
    Case(
        "a form field both ways",
        Contradiction,
        "shop",
        "is both kept and not",
        checkout({**NAMED, "total": "shop.paid.amount"}, {"total": "x"}),
    ),
    Case(
        "a reason for no field",
        Missing,
        "shop",
        "field tip has a reason",
        checkout({**NAMED, "total": None}, {"total": "x", "tip": "y"}),
    ),
    Case(
        "a field the page asks",
        Undeclared,
        "shop",
        "field phone is asked",
        forms={"checkout": FORMS["checkout"] | {"phone"}},
    ),
    Case(
        "a field no page asks",
        Missing,
        "shop",
        "field name is declared",
        forms={"checkout": frozenset({"email", "total"})},
    ),
    Case(
        "a form the program has",
        Undeclared,
        "forms",
        "form survey, field age is asked",
        forms={**FORMS, "survey": frozenset({"age"})},
    ),
    Case("a form no page has", Missing, "shop", "form checkout is declared", forms={}),
    Case(
        "a cookie without why",
        Incomplete,
        "visits",
        "cookie troth_session has no why",
        (SHOP, MAIL, replace(VISITS, cookies=(replace(VISITS.cookies[0], why=""), VISITS.cookies[1]))),
    ),
    Case(
        "a cookie nobody is asked about",
        Incomplete,
        "visits",
        "is target, but no purpose",
        (
            SHOP,
            MAIL,
            replace(VISITS, cookies=(*VISITS.cookies, Cookie("troth_seen", CookieCategory.TARGET, 60, "to suit"))),
        ),
    ),
    Case(
        "a recipient of nothing",
        Incomplete,
        "shop",
        "recipient Stripe does not say",
        with_shop(recipients=(replace(SHOP.recipients[0], receives=""), SHOP.recipients[1])),
    ),
    Case(
        "a recipient of a missing field",
        Undeclared,
        "shop",
        "is given shop.buyer.fax",
        with_shop(recipients=(replace(SHOP.recipients[0], fields=("shop.buyer.fax",)),)),
    ),
    Case(
        "a recipient by no setting",
        Undeclared,
        "shop",
        "depends on payments.gold",
        with_shop(recipients=(replace(SHOP.recipients[0], setting="payments.gold"),)),
    ),
    Case(
        "a recipient's host by no setting",
        Undeclared,
        "shop",
        "depends on payments.stripe.url",
        with_shop(recipients=(replace(SHOP.recipients[0], host_setting="payments.stripe.url"),)),
    ),
    Case(
        "a folder of something",
        Incomplete,
        "shop",
        "file store programs does not say",
        with_shop(files=(replace(SHOP.files[0], kept=""),)),
    ),
    Case(
        "a folder of a record nobody declares",
        Undeclared,
        "visits",
        "holds the record visits.seen",
        (SHOP, MAIL, replace(VISITS, records=())),
    ),
    Case(
        "a sentence without probe",
        Incomplete,
        "shop",
        "sentence 1 has no probe",
        with_shop(sentences=(replace(SHOP.sentences[0], probes=()),)),
    ),
    Case(
        "a sentence without words",
        Incomplete,
        "shop",
        "sentence 1 lacks its text",
        with_shop(sentences=(replace(SHOP.sentences[0], plain=""),)),
    ),
    Case(
        "an address under another heading",
        Contradiction,
        "visits",
        "sounds like a network address",
        (
            SHOP,
            MAIL,
            replace(
                VISITS,
                records=(
                    replace(
                        VISITS.records[0],
                        fields={**VISITS.records[0].fields, "ip": FieldRule("IP", "why", topic=Topic.OTHER)},
                    ),
                ),
            ),
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_does_not_compile_and_says_what_to_mend(case: Case) -> None:
    with pytest.raises(DoesNotCompile) as caught:
        compile_policy(case.parts, schema=case.schema, settings=SETTINGS, wording=PolicySettings(), forms=case.forms)
    found = [one for one in caught.value.problems if type(one) is case.kind and case.says in one.detail]
    assert found, str(caught.value)
    assert found[0].part == case.part
    assert found[0].mend.endswith(".")
    assert found[0].detail in str(caught.value)


def twice(part: str, **things: Any) -> PartPolicy:
    return PartPolicy(part, **things)


@pytest.mark.parametrize(
    ("second", "thing"),
    [
        (twice("other", purposes=(FULFIL,)), "purpose fulfil"),
        (twice("other", records=(BUYER,)), "record shop.buyer"),
        (twice("other", tables=(Table("silence", plain={"id": "a number"}),)), "table silence"),
        (twice("other", cookies=(VISITS.cookies[0],)), "cookie troth_session"),
        (twice("other", recipients=(Recipient("Stripe", "", "a", "b"),)), "recipient Stripe"),
        (twice("other", files=(FileStore("programs", "x", "y", personal=False, kept="z"),)), "file store programs"),
        (twice("other", forms=(Form("checkout", {}),)), "form checkout"),
        (twice("other", sentences=(Sentence(1, Kind.DISCLOSES, "a", "b", ("c",)),)), "sentence 1"),
        (twice("other", roles=SHOP.roles), "role helper"),
        (
            twice("other", records=(replace(BUYER, name="other", retention=replace(ORDER, days=99)),)),
            "retention class order",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_two_parts_cannot_declare_the_same_thing(second: PartPolicy, thing: str) -> None:
    with pytest.raises(DoesNotCompile) as caught:
        compiled(*PARTS, second)
    said = [one for one in caught.value.problems if isinstance(one, Contradiction) and one.thing == thing]
    assert len(said) == 1
    assert "is declared here and in " in said[0].detail


def test_a_role_every_store_has_cannot_be_declared_again() -> None:
    with pytest.raises(DoesNotCompile, match="role buyer is declared here and in every store"):
        compiled(*with_shop(roles=(*SHOP.roles, replace(SHOP.roles[0], name="buyer"))))


def test_one_cookie_declared_twice_by_one_part_is_refused() -> None:
    with pytest.raises(DoesNotCompile, match="cookie troth_session is declared twice"):
        compiled(SHOP, MAIL, replace(VISITS, cookies=(*VISITS.cookies, VISITS.cookies[0])))


def test_all_problems_of_one_compile_are_told_together() -> None:
    parts = with_shop(
        forms=(Form("checkout", {**NAMED, "total": None}),), sentences=(replace(SHOP.sentences[0], probes=()),)
    )
    with pytest.raises(DoesNotCompile) as caught:
        compiled(*parts, schema={**SCHEMA, "note": {}})
    assert [(one.part, one.thing) for one in caught.value.problems] == [
        ("schema", "table note"),
        ("shop", "form checkout, field total"),
        ("shop", "sentence 1"),
    ]
    assert all(one.detail in str(caught.value) for one in caught.value.problems)


def test_the_sample_compiles_and_forms_may_be_left_unchecked() -> None:
    lock = compile_policy(PARTS, schema=SCHEMA, settings=SETTINGS, wording=PolicySettings())
    assert lock == compiled()
    assert lock.revision == 0
    assert COUNT.name in lock.purposes


def test_a_record_may_be_declared_for_its_own_kind_of_struct() -> None:
    record: SealedRecord[msgspec.Struct] = BUYER
    assert record.struct.__name__ == "Buyer"


def test_a_topic_follows_from_the_name_unless_it_is_given() -> None:
    fields = {name: field for record in compiled().records.values() for name, field in record.fields.items()}
    assert {name: field.topic for name, field in fields.items()} == {
        "email": Topic.EMAIL,
        "name": Topic.PURCHASE,
        "amount": Topic.OTHER,
        "vat_id": Topic.OTHER,
        "ip": Topic.VISIT,
        "pages": Topic.VISIT,
    }
