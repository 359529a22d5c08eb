"""The default policy in the repository is the one the program compiles to.

A change of any declaration changes the file, so that it is seen in review. To accept one:

    python -m tests.unit.policy.test_golden
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import pytest

from troth.policy.archive import Archive
from troth.policy.diff import diff
from troth.policy.lock import Lock, lock_bytes, parse_lock, write_lock

GOLDEN = Path(str(resources.files("troth.policy"))) / "default.lock.json"
CONFIGURATION = """\
[store]
name = "Example store"
base_url = "https://shop.example"
[seller]
legal_name = "Example maker"
address = "1 Example Street, Example Town"
country = "DE"
contact = "privacy@shop.example"
tax = "oss"
[vault]
key = "../example-keys/store.key"
[payments.stripe]
key = "sk_test_example"
webhook_secret = "whsec_example"
[payments.bank]
iban = "DE02120300000000202051"
[mail]
url = "smtp+starttls://relay.example:587"
from = "shop@shop.example"
[objects]
url = "s3://example?endpoint=https://objects.example"
"""
assembled = pytest.mark.skipif(find_spec("troth.parts") is None, reason="troth.parts is not there yet")


def default(folder: Path) -> Lock:
    """Compile the program's policy for a store that has configured every recipient, as its first revision."""
    (folder / "troth.toml").write_text(CONFIGURATION, encoding="utf-8")
    compiled = cast("Lock", import_module("troth.app").compiled_for(folder))
    return Archive(folder / "revisions").add(compiled, now=datetime(2026, 11, 1, tzinfo=UTC))


@assembled
def test_the_default_policy_in_the_repository_is_the_program_s(tmp_path: Path) -> None:
    golden = parse_lock(GOLDEN.read_bytes(), where=GOLDEN.name)
    now = default(tmp_path)
    assert golden.hash == now.hash, f"{diff(golden, now)}\naccept with: python -m tests.unit.policy.test_golden"
    assert GOLDEN.read_bytes() == lock_bytes(now)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write_lock(GOLDEN, default(Path(made)))
