"""The key file: made once and whole, read by its owner only, and never shown."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from troth.kernel.codec import to_json
from troth.vault import keyfile
from troth.vault.errors import KeyFileMissing

ROOT = Path(__file__).parents[3]
INDEX: dict[str, str] = json.loads((ROOT / "docs/formats/sealed-record.vectors.json").read_text(encoding="utf-8"))[
    "index"
]


def test_what_is_made_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "store.key"
    made = keyfile.create(path, today="2026-05-04")
    assert keyfile.load(path) == made
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]
    assert (made.kek_number, made.licence_epoch, made.signing["answers"].since) == (1, 0, "2026-05-04")
    secrets = [made.kek[1], made.index, made.licence[0], made.signing["answers"].seed]
    assert [len(secret) for secret in secrets] == [32] * 4
    assert len(set(secrets)) == 4


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    made = keyfile.create(path, today="2026-05-04")
    with pytest.raises(FileExistsError):
        keyfile.create(path, today="2026-05-05")
    assert keyfile.load(path) == made
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_while_it_is_made_leaves_no_half_of_one(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib; from troth.vault import keyfile\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "keyfile.create(pathlib.Path(sys.argv[1]), today='2026-05-04')"
    )
    path = tmp_path / "store.key"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -signal.SIGKILL
    assert not path.exists()
    made = keyfile.create(path, today="2026-05-04")
    assert keyfile.load(path) == made


def test_the_newest_number_is_used_for_what_is_new(tmp_path: Path) -> None:
    made = keyfile.create(tmp_path / "store.key", today="2026-05-04")
    grown = keyfile.KeyFile(
        made.store_id, made.kek | {9: b"k" * 32}, made.index, made.licence | {2: b"l" * 32}, made.signing
    )
    assert (grown.kek_number, grown.licence_epoch) == (9, 2)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing, match=r"store\.key cannot be read \(No such file"):
        keyfile.load(tmp_path / "store.key")


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"store_id":"x","kek":{"1":"%%"}}', b"\xff"])
def test_a_damaged_file_is_named_and_its_content_is_not(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.key"
    path.write_bytes(content)
    with pytest.raises(KeyFileMissing, match="damaged"):
        keyfile.load(path)


@pytest.mark.parametrize(
    "change",
    [{"kek": {}}, {"kek": {"1": ""}}, {"index": "AAAA"}, {"licence": {}}, {"licence": {"0": "AAAA"}}, {"signing": {}}],
)
def test_a_file_without_whole_keys_is_damaged(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "store.key"
    keyfile.create(path, today="2026-05-04")
    path.write_bytes(to_json(json.loads(path.read_bytes()) | change))
    with pytest.raises(KeyFileMissing, match="damaged"):
        keyfile.load(path)


def test_keys_are_not_shown(tmp_path: Path) -> None:
    made = keyfile.create(tmp_path / "store.key", today="2026-05-04")
    shown = f"{made} {made!r} {[made]} {made.signing} {made.__rich_repr__()} {made.signing['answers'].__rich_repr__()}"
    for secret in (made.kek[1], made.index, made.licence[0], made.signing["answers"].seed):
        assert repr(secret) not in shown
        assert secret.hex() not in shown
    assert f"<keys of store {made.store_id}>" in shown


def test_secrets_are_derived_by_the_format() -> None:
    keys = keyfile.KeyFile("s", {1: b"k" * 32}, bytes.fromhex(INDEX["secret"]), {0: b"l" * 32}, {})
    derived = keys.derive(f"blind index {INDEX['table']} v1")
    assert derived.hex() == INDEX["key"]
    index = b"\x01" + hashlib.blake2b(INDEX["value"].encode(), key=derived, digest_size=16).digest()
    assert index.hex() == INDEX["index"]
    assert keys.derive("a") != keys.derive("b")


def test_nobody_else_can_read_it_while_it_is_made(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keyfile.create(tmp_path / "keys" / "store.key", today="2026-05-04")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")] == [0, 0]
