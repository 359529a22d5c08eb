"""What the web kit itself keeps: nothing about anybody."""

from __future__ import annotations

from troth.policy.language import FileStore, PartPolicy

POLICY = PartPolicy(
    part="web",
    files=(
        FileStore(
            "page cache",
            "memory of a worker",
            "pages as everybody sees them; never one made for somebody",
            personal=False,
            kept="at most an hour",
        ),
        FileStore(
            "counters",
            "memory shared by the workers",
            "instants in numbered slots, to slow down who asks too often; a network picks its slots by a "
            "keyed hash whose key is made at start",
            personal=False,
            kept="until the program ends",
        ),
        FileStore("run", "run/", "a lock and a sign of life, both empty files", personal=False, kept="always"),
    ),
)
