"""What the house itself keeps, whatever parts stand in it: waiting work, the policy's history, logs."""

from __future__ import annotations

from troth.policy.language import FileStore, Kind, PartPolicy, Sentence, Table

POLICY = PartPolicy(
    part="house",
    tables=(
        Table(
            name="job",
            plain={
                "id": "a random number that names the work",
                "kind": "what is to be done",
                "payload": "for which thing: random numbers only",
                "once": "so that the same work is not queued twice",
                "state": "where it stands",
                "attempt": "how often it was tried",
                "due_at": "when it is due",
                "lease_until": "until when a process holds it",
                "failure": "the kind of the last failure",
            },
        ),
    ),
    files=(
        FileStore("policy history", "policy/", "every revision of this policy", personal=False, kept="always"),
        FileStore(
            "logs",
            "logs/",
            "what the program did: no address, no key, no IP address",
            personal=False,
            kept="30 days",
        ),
    ),
    sentences=(
        Sentence(
            number=28,
            kind=Kind.PROMISES,
            text="The program runs under this policy.",
            plain="The policy's checksum is the same in the running program, the database, the receipts and under "
            "every page; after a change nobody accepted the program refuses to start.",
            probes=("hash_everywhere", "changed_policy_refused"),
        ),
    ),
)
