"""Every change between two policies is told, in its direction and in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy.sample import (
    BUYER,
    FULFIL,
    MAIL,
    NEWS,
    ORDER,
    PAID,
    SETTINGS,
    SHOP,
    TAX,
    TEN_YEARS,
    VISITS,
    Buyer,
    compiled,
    with_shop,
)
from troth.kernel.config import PaymentSettings
from troth.policy.compiler import ColumnFacts, ColumnKind
from troth.policy.diff import diff
from troth.policy.difference import Difference, Direction
from troth.policy.language import (
    Basis,
    Cookie,
    CookieCategory,
    FieldRule,
    FileStore,
    Kind,
    OnErase,
    PartPolicy,
    Role,
    Sentence,
)
from troth.policy.lock import Lock, PolicySettings, hash_of, stamped
from troth.policy.phrase import Phrase

WIDENING, NARROWING, WORDING = Direction
MANDATORY = CookieCategory.MANDATORY
SAMPLE = compiled()


class LongBuyer(Buyer, frozen=True):
    phone: str = ""


def buyer(**changes: Any) -> Lock:
    record = replace(BUYER, **changes)
    tables = (replace(SHOP.tables[0], sealed={"buyer_sealed": record}), SHOP.tables[1])
    return compiled(*with_shop(records=(record, PAID), tables=tables))


def paid(**changes: Any) -> Lock:
    record = replace(PAID, **changes)
    tables = (SHOP.tables[0], replace(SHOP.tables[1], sealed={"paid_sealed": record}))
    return compiled(*with_shop(records=(BUYER, record), tables=tables))


def ledger(**changes: Any) -> Lock:
    return compiled(*with_shop(tables=(SHOP.tables[0], replace(SHOP.tables[1], **changes))))


def visits(**changes: Any) -> Lock:
    return compiled(SHOP, MAIL, replace(VISITS, **changes))


def stripe(**changes: Any) -> Lock:
    return compiled(*with_shop(recipients=(replace(SHOP.recipients[0], **changes), SHOP.recipients[1])))


def bank(**changes: Any) -> Lock:
    return compiled(*with_shop(recipients=(SHOP.recipients[0], replace(SHOP.recipients[1], **changes))))


def sentence(**changes: Any) -> Lock:
    return compiled(*with_shop(sentences=(SHOP.sentences[0], replace(SHOP.sentences[1], **changes))))


def fulfil(**changes: Any) -> Lock:
    purpose = replace(FULFIL, **changes)
    record = replace(BUYER, purposes=(purpose, NEWS))
    tables = (replace(SHOP.tables[0], sealed={"buyer_sealed": record}), SHOP.tables[1])
    return compiled(*with_shop(purposes=(purpose, TAX), records=(record, PAID), tables=tables))


FIELDS = {**BUYER.fields, "phone": FieldRule("phone number", "to call you")}
SIGN_IN = Cookie("troth_sign_in", MANDATORY, 600, "to sign in")
UPLOADS = FileStore("cloud", "cloud/", "your files", personal=True, kept="until you delete them", uploads=True)
TRANSIENT = replace(SHOP.forms[0], fields={**SHOP.forms[0].fields, "total": "shop.paid.amount"}, transient={})
WIDER = {
    "a field": (buyer(struct=LongBuyer, fields=FIELDS), "We also take phone number: to call you"),
    "a required field": (
        buyer(fields={**BUYER.fields, "name": FieldRule("name", "printed on the invoice")}),
        "fields / name / optional",
    ),
    "longer": (buyer(retention=replace(ORDER, days=730)), "order: kept 2 years instead of 1 year"),
    "without end": (buyer(retention=replace(ORDER, days=None)), "order: kept without a date instead of 1 year"),
    "another class": (buyer(retention=TEN_YEARS), "records / shop.buyer / retention"),
    "a reader": (
        paid(readers=("buyer", "maker", "helper")),
        "may now also be read by who helps the maker",
    ),
    "a purpose": (buyer(purposes=(FULFIL, NEWS, TAX)), "is now also used to account for the tax"),
    "a basis nobody can end": (fulfil(basis=Basis.LEGAL), "“contract” becomes “legal obligation”"),
    "a cookie": (visits(cookies=(*VISITS.cookies, SIGN_IN)), "A new cookie, troth_sign_in: to sign in"),
    "a cookie that needs no consent": (
        visits(cookies=(VISITS.cookies[0], replace(VISITS.cookies[1], category=MANDATORY))),
        "cookies / troth_visit / category",
    ),
    "a longer cookie": (
        visits(cookies=(replace(VISITS.cookies[0], max_age=900), VISITS.cookies[1])),
        "troth_session: kept 15 minutes instead of until you close the browser",
    ),
    "a host": (bank(host_setting="mail.url"), "we now also connect to relay.example"),
    "a given field": (stripe(fields=("shop.buyer.email",)), "Stripe is now also given shop.buyer.email"),
    "a folder of people": (
        compiled(*with_shop(files=(replace(SHOP.files[0], personal=True),))),
        "files / programs / personal",
    ),
    "uploads": (compiled(*with_shop(files=(*SHOP.files, UPLOADS))), "A new place outside the database, cloud"),
    "a form field that is kept": (compiled(*with_shop(forms=(TRANSIENT,))), "forms / checkout / fields / total"),
    "rows that stay": (ledger(on_erase=OnErase.KEEP), "tables / ledger / on_erase"),
    "a promise taken back": (compiled(*with_shop(sentences=SHOP.sentences[:1])), "A sentence is gone (5)"),
    "a promise made a disclosure": (sentence(kind=Kind.DISCLOSES), "sentences / 5 / kind"),
}
ONLY_WORDS = {
    "a why": buyer(fields={**BUYER.fields, "email": FieldRule("e-mail address", "your key goes there")}),
    "a reason": buyer(retention=replace(ORDER, reason="Because.")),
    "a step": stripe(step="to take money"),
    "a part": compiled(*(replace(part, part="house") for part in (SHOP, MAIL, VISITS))),
    "a role": compiled(*with_shop(roles=(Role("helper", "a helper"),))),
    "a role nobody has": compiled(*with_shop(roles=(*SHOP.roles, Role("guest", "a guest")))),
    "a disclosure": compiled(
        *with_shop(sentences=(*SHOP.sentences, Sentence(2, Kind.DISCLOSES, "We take it.", "We look.", ("p",))))
    ),
    "probes": sentence(probes=("ledger", "gap", "sum")),
    "who is responsible": compiled(
        settings=msgspec.structs.replace(SETTINGS, seller=msgspec.structs.replace(SETTINGS.seller, address="Hamburg"))
    ),
    "a folder of programs": compiled(
        *with_shop(files=(*SHOP.files, FileStore("icons", "icons/", "icons", personal=False, kept="always")))
    ),
    "a maker's own words": compiled(wording=PolicySettings(retention={"order": 365})),
    "why a column is plain": ledger(plain={**SHOP.tables[1].plain, "id": "a number"}),
}


def directions(difference: Difference) -> set[Direction]:
    return {change.direction for change in difference.changes}


@pytest.mark.parametrize("name", WIDER)
def test_what_asks_for_more_widens_and_its_way_back_narrows(name: str) -> None:
    wider, says = WIDER[name]
    there, back = diff(SAMPLE, wider), diff(wider, SAMPLE)
    assert there.widens, str(there)
    assert any(says in str(change.said) for change in there.of(WIDENING)), str(there)
    assert NARROWING not in directions(there)
    assert NARROWING in directions(back), str(back)
    assert not back.widens, str(back)


@pytest.mark.parametrize("name", ONLY_WORDS)
def test_other_words_are_only_that(name: str) -> None:
    assert directions(diff(SAMPLE, ONLY_WORDS[name])) == {WORDING}
    assert directions(diff(ONLY_WORDS[name], SAMPLE)) == {WORDING}


def test_a_new_recipient_widens_and_a_lost_one_narrows() -> None:
    without = compiled(settings=msgspec.structs.replace(SETTINGS, payments=PaymentSettings()))
    there, back = diff(without, SAMPLE), diff(SAMPLE, without)
    assert [str(change.said) for change in there.changes] == [
        "Stripe now receives the amount and a random number (to take your payment)",
        "the maker's bank now receives what you write in your transfer (to receive transfers)",
    ]
    assert directions(there) == {WIDENING}
    assert directions(back) == {NARROWING}


def test_an_unsealed_column_counts_only_beside_a_person() -> None:
    about_nobody = replace(MAIL.tables[0], plain={"id": "a number", "since": "when"})
    assert directions(diff(SAMPLE, unchecked(SHOP, replace(MAIL, tables=(about_nobody,)), VISITS))) == {WORDING}
    beside = replace(SHOP.tables[0], plain={**SHOP.tables[0].plain, "country": "where tax is due"})
    told = diff(SAMPLE, unchecked(replace(SHOP, tables=(beside, SHOP.tables[1])), MAIL, VISITS))
    assert [str(change.said) for change in told.of(WIDENING)] == [
        "tables / purchase / plain / country: “where tax is due” is new"
    ]


def unchecked(*parts: PartPolicy) -> Lock:
    """Compile against a schema that has every declared column."""

    def facts(kind: ColumnKind) -> ColumnFacts:
        return ColumnFacts(kind, nullable=True)

    schema = {
        table.name: {
            **{column: facts(ColumnKind.BLOB) for column in (*table.sealed, *table.indexed)},
            **{column: facts(ColumnKind.TEXT) for column in (*table.plain, table.subject) if column is not None},
        }
        for part in parts
        for table in part.tables
    }
    return compiled(*parts, schema=schema)


def test_the_same_policy_has_no_difference() -> None:
    assert not diff(SAMPLE, compiled())
    assert str(diff(SAMPLE, compiled())) == ""
    assert diff(SAMPLE, compiled()).summary() == ""


def test_a_newer_form_of_the_same_policy_is_said() -> None:
    newer = stamped(msgspec.structs.replace(SAMPLE, format=2))
    (change,) = diff(SAMPLE, newer).changes
    assert (change.direction, str(change.said)) == (
        WORDING,
        "The policy is written down in a newer form; what it says stays the same.",
    )


def test_a_maker_s_own_words_are_told_where_they_take_effect() -> None:
    worded = compiled(wording=PolicySettings(retention={"order": 30}, text={"sentence.1": "We sell."}))
    assert [str(change.said) for change in diff(SAMPLE, worded).changes] == [
        "order: kept 30 days instead of 1 year",
        "sentences / 1 / text: “We sell software online.” becomes “We sell.”",
        "The store's own settings in [policy] changed.",
    ]
    other = compiled(
        *with_shop(sentences=(replace(SHOP.sentences[0], text="We sell things."), SHOP.sentences[1])),
        wording=worded.wording,
    )
    assert [change.path for change in diff(worded, other).changes] == [("sentences", "1", "original")]


def test_years_that_read_the_same_are_told_in_days() -> None:
    assert "order: kept 366 days instead of 365 days" in str(diff(SAMPLE, buyer(retention=replace(ORDER, days=366))))


def test_a_summary_counts_each_direction() -> None:
    wider = buyer(struct=LongBuyer, fields=FIELDS, retention=replace(ORDER, days=300, reason="Other."))
    told = diff(SAMPLE, wider)
    assert told.summary() == "1 change asks for more, 1 change asks for less, 2 changes of wording"
    assert [change.direction for change in told.changes] == [WIDENING, NARROWING, WORDING, WORDING]


def test_against_nothing_everything_is_new() -> None:
    told = diff(None, SAMPLE)
    paths = {change.path for change in told.changes}
    for section in ("records", "purposes", "cookies", "recipients", "retentions", "files", "forms", "tables"):
        assert {(section, name) for name in getattr(SAMPLE, section)} <= paths


def leaf_changes(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every text leaf of a lock with another value in its place, still a valid lock."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from leaf_changes(inner, (*path, key))
        elif isinstance(inner, str) and key in {
            "text",
            "why",
            "label",
            "reason",
            "holds",
            "receives",
            "because",
            "kept",
        }:
            yield (*path, key), inner + "!"
        elif key == "days" and isinstance(inner, int):
            yield (*path, key), inner + 1


CHANGES = list(leaf_changes(msgspec.to_builtins(SAMPLE)))


@given(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=6, unique_by=lambda change: change[0]))
@settings(max_examples=100, deadline=None)
def test_no_change_is_left_out(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    content = msgspec.to_builtins(SAMPLE)
    for path, value in changes:
        inner = content
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
    other = stamped(msgspec.convert(content, Lock))
    assert hash_of(other) == other.hash
    assert {change.path for change in diff(SAMPLE, other).changes} == {path for path, _ in changes}


def test_what_is_said_is_a_phrase_a_page_can_translate() -> None:
    assert all(isinstance(change.said, Phrase) for change in diff(None, SAMPLE).changes)
