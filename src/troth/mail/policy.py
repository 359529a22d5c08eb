"""What mail keeps: one sealed letter per mail while it waits, and afterwards only that it was sent."""

from __future__ import annotations

from typing import Final

from troth.mail.model import Written
from troth.policy.language import (
    Basis,
    FieldRule,
    FileStore,
    OnErase,
    PartPolicy,
    Purpose,
    Recipient,
    Retention,
    SealedRecord,
    Table,
)

SERVICE = Purpose(
    name="service mail",
    basis=Basis.CONTRACT,
    text="to send you what belongs to your purchase: key, receipt, order link",
    dpv="dpv:CommunicationForCustomerCare",
)
OUTBOX = Retention(
    name="mail",
    days=30,
    least=30,
    counts_from="when the mail was written",
    reason="A mail server may be away for days; a mail that was sent is deleted at once.",
)
LETTER: SealedRecord[Written] = SealedRecord(
    name="mail.letter",
    struct=Written,
    retention=OUTBOX,
    purposes=(SERVICE,),
    readers=("job",),
    fields={
        "to": FieldRule("your e-mail address", "so that the mail reaches you"),
        "subject": FieldRule("the subject of the mail", "so that it can be sent, and sent again if that fails"),
        "text": FieldRule("the mail as text", "so that it can be sent, and sent again if that fails"),
        "html": FieldRule("the mail as a page", "so that it can be sent, and sent again if that fails"),
        "language": FieldRule("the language of the mail", "so that your mail program shows and reads it well"),
        "headers": FieldRule("the links to stop such mail", "so that your mail program can offer them"),
    },
)
PURPOSES: Final = {purpose.name: purpose for purpose in LETTER.purposes}
POLICY = PartPolicy(
    part="mail",
    purposes=(SERVICE,),
    records=(LETTER,),
    tables=(
        Table(
            name="mail",
            plain={
                "id": "a random number that names the mail",
                "person": "a random number that stands for a person",
                "kind": "what kind of mail it is: key, receipt, …",
                "purpose": "why it is sent",
                "state": "queued, sent, failed or dropped",
                "tries": "how often it was tried",
                "queued_at": "when it was written",
                "sent_at": "when the next mail server took it",
                "message_id": "the random number in the mail's header",
                "once": "what it was written for, as a random number, so that it is sent once",
                "failure": "the kind of fault, if it could not be sent",
            },
            sealed={"body_sealed": LETTER},
            subject="person",
            on_erase=OnErase.DELETE,
        ),
    ),
    recipients=(
        Recipient(
            name="our mail relay",
            setting="mail.url",
            step="to send you a mail",
            receives="your e-mail address and the mail",
            host_setting="mail.url",
            fields=("order.draft.email",),
        ),
    ),
    files=(
        FileStore(
            name="outbox folder",
            path="outbox/",
            holds="mails delivered to a folder instead of a mail server, in a demonstration or a test only",
            personal=True,
            kept="until the demonstration is deleted",
        ),
    ),
)
