"""What the promises part keeps: the evidence of its last run."""

from __future__ import annotations

from troth.policy.language import FileStore, PartPolicy

POLICY = PartPolicy(
    part="promises",
    files=(
        FileStore(
            "evidence",
            "promises.json",
            "what the last run of the checks found: counts and checksums",
            personal=False,
            kept="until the next run",
        ),
    ),
)
