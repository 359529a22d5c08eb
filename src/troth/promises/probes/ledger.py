"""Sentence 5: every payment is recorded, once, in a ledger from which nothing can be taken."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

from troth.promises import records
from troth.promises.finding import Finding
from troth.promises.stage import BANK, CARD

if TYPE_CHECKING:
    from troth.promises.stage import Stage

_ = str  # marks what a page shows, for the catalogue of texts

_FACTS = ("number", "id", "order", "kind", "provider", "reference", "minor", "currency", "at")
Movement = tuple[str, str, int, str]


def payments_recorded(stage: Stage) -> Finding:
    """Hold the ledger against what the provider took and gave back and what was transferred: exactly that is in it."""
    finding = Finding()
    bought = stage.all_bought()
    stage.settle()
    rows = records.rows_of(stage.twin.database, "payment")
    written = Counter((row["kind"], row["reference"], row["minor"], row["currency"]) for row in rows)
    expected = _at_provider(stage)
    for purchase in bought:
        by_transfer = purchase.plan.paying and (purchase.plan.method == BANK or CARD not in stage.methods)
        if by_transfer:
            expected["payment", purchase.number, _minor(purchase.total), purchase.currency] += 1
        if by_transfer and purchase.plan.refund:
            expected["refund", purchase.number, -_minor(purchase.total), purchase.currency] += 1
    finding.require(bool(expected), "no payment was made")
    for movement in (expected - written).elements():
        finding.require(holds=False, otherwise=f"a {movement[0]} is missing in the ledger, or has another sum")
    for movement in (written - expected).elements():
        finding.require(holds=False, otherwise=f"the ledger holds a {movement[0]} that never was, or twice")
    finding.count(_("payments made"), sum(count for movement, count in expected.items() if movement[0] == "payment"))
    finding.count(_("refunds made"), sum(count for movement, count in expected.items() if movement[0] == "refund"))
    finding.count(_("rows in the ledger"), len(rows))
    return finding


def _at_provider(stage: Stage) -> Counter[Movement]:
    found: Counter[Movement] = Counter()
    if stage.twin.paybox is None:
        return found
    state = stage.twin.paybox.state()
    for intent in state["intents"]:
        if intent["status"] == "succeeded":
            found["payment", intent["id"], intent["amount_received"], intent["currency"].upper()] += 1
    for refund in state["refunds"]:
        found["refund", refund["payment_intent"], -refund["amount"], refund["currency"].upper()] += 1
    return found


def _minor(amount: str) -> int:
    return int(amount.replace(".", ""))


def ledger_verifies(stage: Stage) -> Finding:
    """Compute each row's checksum from the row and the one before, and find it among the leaves of the audit log."""
    finding = Finding()
    stage.all_bought()
    stage.settle()
    rows = records.rows_of(stage.twin.database, "payment")
    leaves = {
        (leaf["row"], leaf["leaf"])
        for leaf in records.rows_of(stage.twin.database, "audit_leaf")
        if leaf["kind"] == "payment"
    }
    bad = first_bad_row(rows)
    finding.require(bool(rows), "the ledger is empty after payments were made")
    finding.require(bad is None, f"row {bad} of the ledger is missing or altered")
    for row in rows:
        finding.require((row["id"], row["hash"]) in leaves, "a row of the ledger is no leaf of the audit log")
    for harmed in (
        rows[1:],
        rows[:1] + rows[2:],
        [rows[0] | {"minor": rows[0]["minor"] + 1}, *rows[1:]] if rows else [],
    ):
        finding.require(first_bad_row(harmed) is not None, "a ledger that was tampered with looks whole")
        finding.count(_("ways to tamper that are noticed"))
    finding.count(_("rows verified"), len(rows))
    finding.count(_("leaves in the audit log"), len(leaves))
    if rows:
        finding.digests["last row of the ledger"] = rows[-1]["hash"].hex()
    return finding


def first_bad_row(rows: list[records.Row]) -> int | None:
    """Return the number of the first row that is missing or altered: SHA-256 of the hash before and canonical JSON."""
    before = b""
    for expected, row in enumerate(rows, start=1):
        facts = {name: row[name] for name in _FACTS}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(before + text.encode()).digest()
        if row["number"] != expected or row["hash"] != digest:
            return expected
        before = digest
    return None
