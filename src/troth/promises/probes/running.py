"""Sentence 28: the program runs under the policy that is published, and under no other."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from troth.policy.archive import REVISIONS, Archive
from troth.policy.diff import diff
from troth.policy.lock import LOCK_FILE
from troth.promises import records
from troth.promises.finding import Finding
from troth.promises.formats import DoesNotOpen, Keys, revision_of
from troth.promises.probes.sealed import Reader
from troth.promises.program import DidNotStart, installed

if TYPE_CHECKING:
    from troth.policy.lock import Lock
    from troth.promises.program import Instance
    from troth.promises.stage import Stage

_ = str  # marks what a page shows, for the catalogue of texts

_SHOWN = 12
_REPLACED = "recipients"
"""What a twin's own endpoints change in its lock: that nobody outside receives anything."""


def hash_everywhere(stage: Stage) -> Finding:
    """One checksum: in the file, the archive, the database, under every page, in every receipt and sealed record."""
    finding = Finding()
    stage.bought("A1")
    stage.bought("B1")
    twin, lock = stage.twin, stage.twin.lock
    finding.digests["policy"] = lock.hash
    _check_files(twin.folder, lock, finding)
    changes = [one for one in diff(twin.accepted, lock).changes if one.path[0] != _REPLACED]
    finding.require(not changes, "the program's policy is not the one this store accepted: troth policy diff")
    _check_database(stage, lock, finding)
    for path in ("/", stage.checkout, "/privacy", "/promises", "/terms", "/there-is-no-such-page") * 2:
        shown = stage.stranger.get(path).page.codes
        finding.require(lock.hash[:_SHOWN] in shown, f"{path} has another policy at its foot")
        finding.count(_("pages with the checksum at their foot"))
    finding.require(lock.hash in stage.stranger.get("/privacy").text, "the published policy does not show its checksum")
    finding.require(twin.run("policy", "check").code == 0, "the program does not stand by the policy it runs under")
    return finding


def _check_files(folder: Path, lock: Lock, finding: Finding) -> None:
    content = json.loads((folder / LOCK_FILE).read_bytes())
    stated = content.pop("hash")
    content.pop("revision")
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    finding.require(hashlib.sha256(canonical).hexdigest() == stated, "the lock's checksum is not that of its content")
    newest = Archive(folder / REVISIONS).current()
    finding.require(newest is not None and newest.hash == lock.hash, "the archive's newest policy is another one")
    finding.count(_("files with the checksum"), 2)


def _check_database(stage: Stage, lock: Lock, finding: Finding) -> None:
    stamps = {row["revision"]: row["hash"] for row in records.rows_of(stage.twin.database, "policy_stamp")}
    finding.require(stamps.get(lock.revision) == lock.hash, "the database is stamped with another policy")
    reader = Reader(stage.twin.folder, lock, Keys.read(stage.twin.key_file))
    for table, column, row in reader.rows():
        finding.require(revision_of(row[column]) == lock.revision, f"{table}.{column} is sealed under another policy")
        finding.count(_("sealed records under the policy"))
        if table != "receipt":
            continue
        try:
            receipt = reader.read_row(table, column, row)
        except DoesNotOpen:
            finding.require(holds=False, otherwise="a receipt does not open")
            continue
        finding.require(receipt.get("policy") == lock.hash, "a receipt names another policy")
        finding.require(row["policy_revision"] == lock.revision, "a receipt stands under another revision")
        finding.count(_("receipts that name the policy"))
    finding.require(finding.counts.get("receipts that name the policy", 0) > 0, "there is no receipt")


# -- a change nobody accepted ----------------------------------------------------------------------------------------


def changed_policy_refused(stage: Stage) -> Finding:
    """Change a declaration in one place: the program does not start, says what changed and how to accept it."""
    finding = Finding()
    twin, root = stage.twin, stage.twin.scratch / "changed-program"
    before, after = change_one_purpose(root, twin.lock)
    copy = twin.copy(root=root)
    lock_file, revisions = copy.folder / LOCK_FILE, copy.folder / REVISIONS
    known = (lock_file.read_bytes(), sorted(path.name for path in revisions.iterdir()))
    try:
        copy.start(workers=1)
    except DidNotStart as refusal:
        told = str(refusal)
        finding.require(after in told and before in told, "the refusal does not say what changed")
        finding.require("troth policy lock" in told, "the refusal does not name the command that accepts the change")
        finding.count(_("starts refused"))
    else:
        copy.stop()
        finding.require(holds=False, otherwise="a program with another policy than the published one started")
    now = (lock_file.read_bytes(), sorted(path.name for path in revisions.iterdir()))
    finding.require(now == known, "the published policy was changed by a program nobody accepted")
    _check_acceptance(copy, finding)
    return finding


def _check_acceptance(copy: Instance, finding: Finding) -> None:
    """Accept the change as its owner would: it is archived beside the policy before it."""
    finding.require(copy.run("policy", "lock").code == 0, "the named command does not accept the change")
    finding.require(copy.run("policy", "check").code == 0, "the accepted policy does not pass")
    count = len(list((copy.folder / REVISIONS).iterdir()))
    finding.require(count >= 2, "the policy before the change was not kept")  # noqa: PLR2004 - before and after
    finding.count(_("changes accepted by command"))


def change_one_purpose(root: Path, lock: Lock) -> tuple[str, str]:
    """Copy the installed program to `root` and change the words of one purpose in it; return them before and after."""
    package = root / "troth"
    shutil.copytree(installed() / "troth", package, ignore=shutil.ignore_patterns("__pycache__"))
    reworded = {name.removeprefix("purpose.") for name in lock.wording.text}
    for name, purpose in sorted(lock.purposes.items()):
        for path in sorted(package.glob("*/policy.py")):
            source = path.read_text(encoding="utf-8")
            if name not in reworded and source.count(f'"{purpose.text}"') == 1:
                changed = f"{purpose.text}, and for whatever else comes to mind"
                path.write_text(source.replace(f'"{purpose.text}"', f'"{changed}"'), encoding="utf-8")
                return purpose.text, changed
    raise DidNotStart("no declaration of a purpose was found to change")
