"""What licences collects: the address at purchase and a salt, from which a key can be made again."""

from __future__ import annotations

from troth.licences.model import Origin
from troth.people.policy import CUSTOMER
from troth.policy.language import (
    Basis,
    FieldRule,
    Kind,
    OnErase,
    PartPolicy,
    Purpose,
    SealedRecord,
    Sentence,
    Table,
)

LICENCE = Purpose(
    name="licence",
    basis=Basis.CONTRACT,
    text="to make your licence key, to show it to you again and to send it again",
    dpv="dpv:ServiceProvision",
)
ORIGIN: SealedRecord[Origin] = SealedRecord(
    name="licence.origin",
    struct=Origin,
    retention=CUSTOMER,
    purposes=(LICENCE,),
    readers=("buyer", "maker", "job"),
    fields={
        "address": FieldRule("your address at purchase", "Your key is made from it."),
        "salt": FieldRule("a random number", "It makes your key impossible to guess from your address."),
    },
)
POLICY = PartPolicy(
    part="licences",
    purposes=(LICENCE,),
    records=(ORIGIN,),
    tables=(
        Table(
            name="licence",
            plain={
                "id": "a random number that names the licence",
                "person": "a random number that stands for a person",
                "product": "which program",
                "edition": "which edition",
                "line": "the order line it was bought by",
                "issue": "how often the key was made anew",
                "epoch": "which of the store's keys made it",
                "tag": "the program's mark inside the key",
                "state": "whether the key is good",
                "issued_at": "when it was made",
                "key_index": "a one-way mark of the key, by which it is recognised",
            },
            sealed={"origin_sealed": ORIGIN},
            subject="person",
            on_erase=OnErase.SEVER,
            because="Your key goes on working after you are erased; we can no longer tell whose it was.",
        ),
    ),
    sentences=(
        Sentence(
            number=3,
            kind=Kind.PROMISES,
            text="Your licence key is generated from your e-mail address; nobody can turn it back without our key, "
            "and it works even after you are erased.",
            plain="We make a test buyer's key a second time from the address and compare; two addresses give two "
            "keys; no answer of ours holds an address.",
            probes=("key_recomputed", "two_addresses_two_keys", "answers_hold_no_address"),
        ),
    ),
)
