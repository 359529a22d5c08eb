"""`troth promises`: prove every published sentence on a twin of this store, and keep the evidence for `/promises`.

troth promises [--only N…] [--json]        0 all green, 1 something failed
troth promises --note N "TEXT"             what you say beside a sentence that failed ("" takes it away)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.cli.output import tell
from troth.kernel.clock import SystemClock
from troth.kernel.errors import Refused
from troth.policy.lock import LOCK_FILE, read_lock
from troth.policy.promised import Status, list_promises
from troth.promises.evidence import Book, Record, evidence_of, read_book, write_book
from troth.promises.names import PROBES
from troth.promises.planned import PLANNED
from troth.promises.prove import TRIES, Run, Step, describe
from troth.promises.twin import NotALiveStore

if TYPE_CHECKING:
    from troth.policy.lock import Lock

OK, NO = 0, 1
_MARKS = {Status.PROVEN: "proven", Status.FAILED: "FAILED", Status.STALE: "stale", Status.UNPUBLISHED: "unpublished"}


class UnknownSentence(Refused):
    """There is no sentence of this number."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which sentences to prove, and the maker's note."""
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="prove these sentences only")
    parser.add_argument(
        "--probe", nargs="+", choices=sorted(PROBES), metavar="NAME", help="run single proofs, keep nothing"
    )
    parser.add_argument("--tries", type=int, default=TRIES, help="how often a red proof is run in all (default: 2)")
    parser.add_argument("--note", nargs=2, metavar=("N", "TEXT"), help="what you say beside a sentence that failed")


def run(args: argparse.Namespace) -> int:
    """Prove and write promises.json; 1 if a proof is red."""
    folder = args.dir.resolve()
    book, lock = read_book(folder), read_lock(folder / LOCK_FILE)
    if lock is None:
        raise NotALiveStore
    if args.note is not None:
        return _note(folder, book, *args.note)
    prover = Run(folder, known=book, tries=max(args.tries, 1), tell=_progress)
    if args.probe is not None:
        return _single(args, prover)
    numbers = set(args.only or (one.number for one in lock.sentences))
    if not numbers <= {one.number for one in lock.sentences} | {one.number for one in PLANNED}:
        raise UnknownSentence
    wanted = [one for one in lock.sentences if one.number in numbers]
    proofs = prover.prove(wanted)
    # Notes may have been written meanwhile.
    book = read_book(folder).after(proofs, policy=lock.hash, at=SystemClock().now())
    write_book(folder, book)
    rows = [row for row in listed(lock, book) if args.only is None or row["number"] in numbers]
    tell(args, rows, "\n".join(_lines(rows, book)))
    failed = any(not proof.green and not proof.missing for one in proofs.values() for proof in one)
    return NO if failed else OK


def _single(args: argparse.Namespace, prover: Run) -> int:
    """Run single proofs and print what they found."""
    proofs = prover.carry_out(args.probe)
    lines = [f"{one.probe}: {describe(one)}" + "".join(f"\n    {fault}" for fault in one.faults) for one in proofs]
    tell(args, proofs, "\n".join(lines))
    return OK if all(one.green or one.missing for one in proofs) else NO


def listed(lock: Lock, book: Book) -> list[dict[str, Any]]:
    """Return every sentence with what is known of it: those this program declares, and those it does not keep yet."""
    rows: dict[int, dict[str, Any]] = {
        one.number: {
            "number": one.number,
            "kind": one.kind.value,
            "sentence": one.sentence,
            "status": one.status.value,
            "where": one.where or "twin",
            "probes": list(one.probes),
            "proven_at": one.proven_at,
            "faults": _faults(book.find(one.number)),
            "missing": _missing(book.find(one.number)),
        }
        for one in list_promises(lock, evidence_of(book, lock, SystemClock().now()), installed=PROBES)
    }
    for one in PLANNED:
        rows.setdefault(
            one.number,
            {
                "number": one.number,
                "kind": one.kind.value,
                "sentence": one.text,
                "status": Status.UNPUBLISHED.value,
                "where": "twin",
                "probes": [],
                "proven_at": None,
                "faults": [],
                "missing": "",
            },
        )
    return [rows[number] for number in sorted(rows)]


def _faults(record: Record | None) -> list[str]:
    return [] if record is None else [f"{proof.probe}: {fault}" for proof in record.proofs for fault in proof.faults]


def _missing(record: Record | None) -> str:
    return "" if record is None else record.missing


def _lines(rows: list[dict[str, Any]], book: Book) -> list[str]:
    lines = []
    unbuilt = [str(row["number"]) for row in rows if not row["probes"]]
    for row in (one for one in rows if one["probes"]):
        lines.append(f"{row['number']:>3}  {_MARKS[Status(row['status'])]:<11}  {row['sentence']}")
        lines += [f"       {fault}" for fault in row["faults"]]
        lines += [f"       its proof needs: {row['missing']}"] if row["missing"] else []
    if unbuilt:
        lines.append(f"     unpublished, nothing keeps them yet: {', '.join(unbuilt)}")
    seconds = sum(proof.seconds for record in book.sentences.values() for proof in record.proofs)
    return [*lines, f"     evidence: promises.json ({seconds:.0f} s of proofs)"]


def _note(folder: Path, book: Book, number: str, text: str) -> int:
    if not number.isdigit() or book.find(int(number)) is None:
        raise UnknownSentence("There is no sentence of this number that was ever proven or failed here.")
    write_book(folder, book.with_note(int(number), text))
    return OK


def _progress(step: Step) -> None:
    left = f" (about {step.seconds_left:.0f} s left)" if step.seconds_left else ""
    print(f"{step.text}{left}", file=sys.stderr, flush=True)
