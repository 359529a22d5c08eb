"""What the vault itself keeps: wrapped keys, and the audit log of every opening."""

from __future__ import annotations

from troth.policy.language import (
    Basis,
    FieldRule,
    FileStore,
    Kind,
    OnErase,
    PartPolicy,
    Purpose,
    Retention,
    SealedRecord,
    Sentence,
    Table,
)
from troth.vault.audit import Reading

ACCOUNTABILITY = Purpose(
    name="accountability",
    basis=Basis.LEGAL,
    text="to show you, and to check, who opened your data and why",
    dpv="dpv:Accountability",
)
AUDIT = Retention(
    name="audit",
    days=None,
    counts_from="as long as we keep anything of yours",
    reason="You can ask who read your data for as long as there is data to read.",
)
READING: SealedRecord[Reading] = SealedRecord(
    name="audit.reading",
    struct=Reading,
    retention=AUDIT,
    purposes=(ACCOUNTABILITY,),
    readers=("buyer", "maker"),
    fields={
        "person": FieldRule("whose data was opened", "so that the entry can be shown to you"),
        "record": FieldRule("which record was opened", "so that you know what was read"),
        "purpose": FieldRule("for which purpose", "so that you know why"),
        "role": FieldRule("in which role", "so that you know who"),
        "at": FieldRule("when", "so that you know when"),
        "salt": FieldRule("a random number", "so that the published log tells nobody what was read"),
    },
)
POLICY = PartPolicy(
    part="vault",
    purposes=(ACCOUNTABILITY,),
    records=(READING,),
    tables=(
        Table(
            name="person_key",
            plain={
                "person": "a random number that stands for a person",
                "retention": "the retention class the key belongs to",
                "wrapped": "a key, itself encrypted under the store's key",
                "made_at": "when the key was made",
            },
            subject="person",
        ),
        Table(
            name="audit_leaf",
            plain={
                "number": "the position in the log",
                "row": "a random number that names the entry",
                "kind": "what kind of entry it is",
                "leaf": "a salted commitment that tells nothing by itself",
                "person": "a random number that stands for a person",
            },
            sealed={"readable_sealed": READING},
            subject="person",
            on_erase=OnErase.SEVER,
            because="The log stays complete; its readable part goes with the person.",
        ),
        Table(
            name="policy_stamp",
            plain={
                "revision": "the number of a policy this database was written under",
                "hash": "its checksum",
                "at": "since when",
            },
        ),
    ),
    files=(
        FileStore("key file", "keys/", "the store's own keys, none of them a person's", personal=False, kept="always"),
    ),
    sentences=(
        Sentence(
            number=8,
            kind=Kind.PROMISES,
            text="A copy of our data without its keys shows nothing personal.",
            plain="We copy a store's whole folder except its key file, and look for everything a buyer typed: there is "
            "nothing. We move sealed rows to other places: they refuse to open.",
            probes=("copy_without_keys", "moved_rows"),
        ),
    ),
)
