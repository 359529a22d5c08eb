"""What people collects: an e-mail address, and which browser may see which order."""

from __future__ import annotations

from troth.people.model import SESSION_LIFE, Address
from troth.policy.language import (
    Basis,
    Cookie,
    CookieCategory,
    FieldRule,
    Kind,
    PartPolicy,
    Purpose,
    Retention,
    SealedRecord,
    Sentence,
    Table,
)

FIND = Purpose(
    name="find again",
    basis=Basis.CONTRACT,
    text="to find your purchases again when you come back or write to us",
    dpv="dpv:CustomerManagement",
)
CUSTOMER = Retention(
    name="customer",
    days=None,
    counts_from="until you ask us to erase it",
    reason="Your key, your downloads and our help hang on it.",
)
ADDRESS: SealedRecord[Address] = SealedRecord(
    name="person.address",
    struct=Address,
    retention=CUSTOMER,
    purposes=(FIND,),
    readers=("job", "buyer", "maker"),
    fields={
        "address": FieldRule(
            "your e-mail address", "Your licence key is made from it, and we send your key and receipt there."
        )
    },
)
POLICY = PartPolicy(
    part="people",
    purposes=(FIND,),
    records=(ADDRESS,),
    tables=(
        Table(
            name="person",
            plain={"id": "a random number that stands for a person", "created_at": "when we first met"},
            sealed={"address_sealed": ADDRESS},
            indexed={"address_index": "person.address.address"},
            subject="id",
        ),
        Table(
            name="session",
            plain={
                "token_index": "a one-way mark of the browser's cookie",
                "created_at": "when the session began",
                "expires_at": "when it ends",
            },
        ),
        Table(
            name="session_grant",
            plain={
                "token_index": "a one-way mark of the browser's cookie",
                "kind": "what kind of thing may be seen",
                "thing": "the random number of the thing",
                "granted_at": "since when",
                "expires_at": "until when",
            },
        ),
        Table(
            name="mail_link",
            plain={
                "token_index": "a one-way mark of the link",
                "kind": "what kind of thing it opens",
                "thing": "the random number of the thing",
                "made_at": "when it was made",
                "expires_at": "until when it works",
                "used_at": "when it was used",
            },
        ),
    ),
    cookies=(
        Cookie(
            name="troth_session",
            category=CookieCategory.MANDATORY,
            max_age=int(SESSION_LIFE.total_seconds()),
            why="It lets the browser that bought see the key and the address of its own order.",
        ),
    ),
    sentences=(
        Sentence(
            number=2,
            kind=Kind.DISCLOSES,
            text="We take the e-mail address of everyone who buys.",
            plain="A test buyer's address is found by asking for it, and nowhere in our files as readable text.",
            probes=("address_found", "address_unreadable"),
        ),
    ),
)
