"""The published policy says all that the lock holds, in the order a reader asks, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tests.unit.policy.sample import (
    BUYER,
    FORMS,
    FULFIL,
    MAIL,
    ORDER,
    PAID,
    SCHEMA,
    SETTINGS,
    SHOP,
    VISITS,
    compiled,
    with_shop,
)
from troth.kernel.config import MailSettings, ObjectSettings, PaymentSettings
from troth.policy.archive import Archive
from troth.policy.compiler import ColumnFacts, ColumnKind, compile_policy
from troth.policy.document import document
from troth.policy.language import Basis, FileStore, Form, OnErase, PartPolicy, Topic
from troth.policy.lock import Lock, PolicySettings
from troth.policy.phrase import Phrase
from troth.policy.structure import PolicyDocument, Section

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLOUD = FileStore("cloud", "cloud/", "your files", personal=True, kept="until you delete them", uploads=True)
QUIET = msgspec.structs.replace(
    SETTINGS,
    payments=PaymentSettings(),
    mail=MailSettings("file:outbox", "shop@shop.example"),
    objects=ObjectSettings("file:objects"),
)
EMPTY = compile_policy((PartPolicy("nothing"),), schema={}, settings=QUIET, wording=PolicySettings())


def phrases(value: Any) -> Iterator[Phrase]:
    if isinstance(value, Phrase):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from phrases(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from phrases(getattr(value, field.name))


def texts(lock: Lock) -> str:
    return "\n".join(str(phrase) for phrase in phrases(document(lock)))


def sections(shown: PolicyDocument) -> dict[str, Section]:
    return {inner.key: inner for section in shown.sections for inner in section.walk()}


def rights(lock: Lock) -> dict[str, str]:
    return {item.key: str(item.lead[0]) for item in sections(document(lock))["rights"].items}


LOCKS = {
    "sample": compiled(),
    "tightened": compiled(wording=PolicySettings(retention={"order": 30}, readers={"shop.buyer": ("buyer", "job")})),
    "with uploads": compiled(*with_shop(files=(*SHOP.files, CLOUD))),
    "no recipients": compiled(settings=QUIET),
    "nothing": EMPTY,
}


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_in_the_lock_is_left_out(name: str) -> None:
    lock = LOCKS[name]
    items = list(document(lock).items())
    keys = [item.key for item in items]
    assert len(keys) == len(set(keys))
    wanted = {f"{kind}:{one}" for kind, section in KINDS.items() for one in getattr(lock, section)}
    assert wanted <= set(keys)
    for record, declared in lock.records.items():
        told = [item for item in items if item.key.startswith(f"record:{record}/")]
        said = {
            str(fact.label).removesuffix(" (you may leave it out)"): str(fact.text)
            for item in told
            for fact in item.facts
        }
        for field in declared.fields.values():
            assert said[field.label] == field.why
        for purpose in declared.purposes:
            assert lock.purposes[purpose].text in said["We use it"]
        for reader in declared.readers:
            assert lock.roles[reader] in said["Who sees it"]


KINDS = {
    "purpose": "purposes",
    "retention": "retentions",
    "recipient": "recipients",
    "cookie": "cookies",
    "table": "tables",
    "file": "files",
}


@pytest.mark.parametrize("name", LOCKS)
def test_every_declared_word_is_published(name: str) -> None:
    lock, told = LOCKS[name], texts(LOCKS[name])
    declared = [
        *(text for table in lock.tables.values() for text in (*table.plain.values(), table.because)),
        *(text for one in lock.retentions.values() for text in (one.reason, one.counts_from)),
        *(text for one in lock.recipients.values() for text in (one.step, one.receives, one.where, *one.hosts)),
        *(text for file in lock.files.values() for text in (file.holds, file.kept)),
        *(cookie.why for cookie in lock.cookies.values()),
        *(purpose.text for purpose in lock.purposes.values()),
    ]
    assert [text for text in declared if text not in told] == []


def test_the_order_is_the_reader_s() -> None:
    shown = document(LOCKS["sample"])
    assert [section.key for section in shown.sections] == ["collected", "stored", "seen", "kept", "rights"]
    topics = [section.key for section in shown.sections[0].sections]
    assert topics == [*Topic, "reasons"]
    assert len(shown.summary) == 5
    assert len(document(EMPTY).summary) == 5


def test_the_summary_follows_from_the_lock() -> None:
    assert [str(line) for line in document(LOCKS["sample"]).summary] == [
        "We ask you for: e-mail address.",
        "3 kinds of records about you exist; each is sealed with a key made for you.",
        (
            "Outside this store these receive something, each for one step: Stripe, the mail relay, "
            "the maker's bank, the object store."
        ),
        "We keep some of it for 1 year, some until you ask us to erase it.",
        "You may see it, take it, correct it and have it erased: privacy@shop.example.",
    ]
    assert [str(line) for line in document(EMPTY).summary][:4] == [
        "We ask you for nothing.",
        "0 kinds of records about you exist; each is sealed with a key made for you.",
        "Nobody outside this store is a recipient.",
        "We keep it until you ask for its erasure, or its reason ends.",
    ]
    sample = LOCKS["sample"]
    days = {name: structs.replace(one, days=one.days or 10) for name, one in sample.retentions.items()}
    timed = structs.replace(sample, retentions=days)
    assert str(document(timed).summary[3]) == "We keep it for 10 days to 10 years."


def test_no_files_are_taken_until_there_is_a_place_for_them() -> None:
    without = sections(document(LOCKS["sample"]))["files"]
    assert [str(line) for line in without.lead] == [
        "We take no files from you: there is no place in this store where you could leave any."
    ]
    shown = document(LOCKS["with uploads"])
    having = sections(shown)["files"]
    assert having.lead == ()
    assert [item.key for item in having.items] == ["upload:cloud"]
    assert any("operator can refuse" in str(line) for line in shown.plainly)
    assert not any("operator can refuse" in str(line) for line in document(LOCKS["sample"]).plainly)


def test_an_address_of_the_network_is_said_to_be_kept_or_not() -> None:
    assert sections(document(LOCKS["sample"]))["visit"].lead == ()
    lead = [str(line) for line in sections(document(EMPTY))["visit"].lead]
    assert lead == ["No record of ours has a place for your IP address.", "We set no cookies."]


def test_the_rights_are_those_the_bases_give() -> None:
    every = rights(LOCKS["sample"])
    assert [key.removeprefix("right:") for key in every] == [
        "access", "correct", "erase", "restrict", "take", "object", "withdraw", "complain",
    ]  # fmt: skip
    assert "to keep attackers out" in every["right:object"]
    assert "to count visits, to write to you about new versions" in every["right:withdraw"]
    assert "but for what a law makes us keep: VAT number, amount." in every["right:erase"]
    assert [key.removeprefix("right:") for key in rights(EMPTY)] == [
        "access", "correct", "erase", "restrict", "complain",
    ]  # fmt: skip
    assert rights(EMPTY)["right:erase"] == "You may have it erased (Art. 17)."


def test_what_stays_after_an_erasure_says_why() -> None:
    stays = {item.key: str(item.facts[0].text) for item in sections(document(LOCKS["sample"]))["stays"].items}
    assert stays == {"stays:ledger": "The books stay complete.", "stays:silence": "It keeps mail away."}
    assert "stays" not in sections(document(EMPTY))


def test_without_a_contact_the_imprint_is_named() -> None:
    seller = msgspec.structs.replace(SETTINGS.seller, contact="")
    told = texts(compiled(settings=msgspec.structs.replace(SETTINGS, seller=seller)))
    assert "write to the address in our imprint" in told


def test_what_is_said_plainly_follows_from_the_lock() -> None:
    assert len(document(EMPTY).plainly) == 2
    assert str(document(LOCKS["sample"]).plainly[-1]) == (
        "What a law makes us keep stays until its date, erased or not: VAT number, amount."
    )


def test_the_history_is_newest_first_and_dated(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.add(LOCKS["sample"], now=NOW)
    lock = archive.add(LOCKS["tightened"], now=NOW.replace(year=2027))
    shown = document(lock, archive.history())
    assert (shown.revision, shown.hash) == (2, lock.hash)
    assert [(one.revision, one.accepted_at.year) for one in shown.history] == [(2, 2027), (1, 2026)]
    assert shown.history[1].changes == ()
    assert "order: kept 30 days instead of 1 year" in [str(change.said) for change in shown.history[0].changes]


class Marking:
    """A language that marks every message it was asked for."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return f"[{singular if count == 1 else plural}]"


def test_every_sentence_goes_through_the_catalogue() -> None:
    for phrase in phrases(document(LOCKS["with uploads"])):
        said = phrase.into(Marking())
        assert said.startswith("[")
        assert said.endswith("]")


def asked(parts: tuple[PartPolicy, ...]) -> Lock:
    """Compile with a checkout that also asks for a country, kept unsealed beside the order."""
    schema = {**SCHEMA, "purchase": {**SCHEMA["purchase"], "country": ColumnFacts(ColumnKind.TEXT)}}
    forms = {**FORMS, "checkout": FORMS["checkout"] | {"country"}}
    return compile_policy(parts, schema=schema, settings=SETTINGS, wording=PolicySettings(), forms=forms)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, "Until you are erased"),
        ({"on_erase": OnErase.KEEP, "because": "Tax law asks for it, 10 years."}, "Tax law asks for it, 10 years."),
    ],
)
def test_a_field_that_goes_to_a_plain_column_says_how_long_it_stays(change: dict[str, Any], kept: str) -> None:
    plain = {**SHOP.tables[0].plain, "country": "the country you stated"}
    form = replace(
        SHOP.forms[0], fields={**SHOP.forms[0].fields, "country": "purchase.country"}, why={"name": "as you like"}
    )
    parts = with_shop(tables=(replace(SHOP.tables[0], plain=plain, **change), SHOP.tables[1]), forms=(form,))
    lock = asked(parts)
    note, name = lock.note("checkout", "country"), lock.note("checkout", "name")
    assert note is not None
    assert (note.why, note.kept) == ("The country you stated", kept)
    assert note.seen_by == "You, who helps the maker, our program by itself, the maker of this store"
    assert name is not None
    assert name.why == "As you like"
    assert str(document(lock).summary[0]) == "We ask you for: e-mail address, the country you stated."


def test_a_table_about_nobody_is_seen_by_the_maker() -> None:
    form = Form("quiet", {"id": "silence.id"})
    forms = {**FORMS, "quiet": frozenset({"id"})}
    parts = (SHOP, replace(MAIL, forms=(form,)), VISITS)
    lock = compile_policy(parts, schema=SCHEMA, settings=SETTINGS, wording=PolicySettings(), forms=forms)
    note = lock.note("quiet", "id")
    assert note is not None
    assert (note.kept, note.seen_by) == ("It keeps mail away.", "The maker of this store")


def test_a_law_that_sets_no_time_keeps_nothing_from_erasure() -> None:
    purpose = replace(FULFIL, basis=Basis.LEGAL)
    record = replace(BUYER, purposes=(purpose, BUYER.purposes[1]), retention=replace(ORDER, days=None))
    tables = (replace(SHOP.tables[0], sealed={"buyer_sealed": record}), SHOP.tables[1])
    parts = with_shop(purposes=(purpose, SHOP.purposes[1]), records=(record, PAID), tables=tables)
    assert "keep: VAT number, amount." in rights(compiled(*parts))["right:erase"]
