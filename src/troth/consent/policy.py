"""What consent keeps: the proof of every answer, and which basis stands."""

from __future__ import annotations

from troth.consent.model import Receipt
from troth.policy.language import Basis, FieldRule, OnErase, PartPolicy, Purpose, Retention, SealedRecord, Table

PROOF = Purpose(
    name="proof of your choice",
    basis=Basis.LEGAL,
    text="to prove, to you and to an authority, what you agreed to and when",
    dpv="dpv:RecordManagement",
)
NEWS = Purpose(
    name="news",
    basis=Basis.CONSENT,
    text="to write to you about new versions and programs, because you ticked the box, until you say stop",
    dpv="dpv:DirectMarketing",
    mail="news",
)
SIMILAR = Purpose(
    name="similar products",
    basis=Basis.INTEREST,
    text="to write to customers about products like the one they bought, unless they object",
    dpv="dpv:DirectMarketing",
)
PROOF_YEARS = Retention(
    name="receipt",
    days=3 * 366,
    counts_from="the end of what it proves",
    reason="So long can somebody ask us to prove it.",
)
RECEIPT: SealedRecord[Receipt] = SealedRecord(
    name="consent.receipt",
    struct=Receipt,
    retention=PROOF_YEARS,
    purposes=(PROOF, NEWS, SIMILAR),
    readers=("buyer", "maker"),
    fields={
        "purpose": FieldRule("what it was about", "so that the proof says which choice"),
        "basis": FieldRule("on which legal basis", "so that the proof says why we may"),
        "shown": FieldRule("the words you were shown", "so that nobody can claim other words"),
        "answer": FieldRule("your answer", "so that we act on it"),
        "method": FieldRule("on which form", "so that the proof says how"),
        "language": FieldRule("in which language", "so that the proof says what you read"),
        "thing": FieldRule("for which order", "so that the proof belongs somewhere"),
        "at": FieldRule("when", "so that the order of choices is clear"),
        "policy": FieldRule("under which policy", "so that you can read what was in force"),
    },
)
POLICY = PartPolicy(
    part="consent",
    purposes=(PROOF, NEWS, SIMILAR),
    records=(RECEIPT,),
    tables=(
        Table(
            name="receipt",
            plain={
                "id": "a random number that names the receipt",
                "person": "a random number that stands for a person",
                "kind": "whether it is a basis, a box or a notice",
                "at": "when it was given",
                "policy_revision": "under which revision of the policy",
            },
            sealed={"receipt_sealed": RECEIPT},
            subject="person",
            on_erase=OnErase.KEEP,
            because="The proof of a choice stays sealed for its years; then its key is destroyed.",
        ),
        Table(
            name="basis",
            plain={
                "person": "a random number that stands for a person",
                "purpose": "for which purpose",
                "since_at": "since when the basis stands",
                "until_at": "until when it stands by itself",
                "ended_at": "when it was ended",
            },
            subject="person",
        ),
    ),
)
