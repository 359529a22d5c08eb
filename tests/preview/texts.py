"""Longer sample texts: questions, countries, and the policy and promises as the compiler and the probes yield them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as View
from typing import Any

from babel import Locale

from troth.policy.document import document
from troth.policy.lock import read_lock
from troth.promises.views import ChangeView, DocumentView, PromiseView, RevisionView, document_view
from troth.web.pages import translations

LOCK = Path(__file__).parents[2] / "src/troth/policy/default.lock.json"

_CODES = (
    *("AT", "AU", "BE", "BG", "BR", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU"),
    *("IE", "IN", "IS", "IT", "JP", "LT", "LU", "LV", "MT", "NL", "NO", "NZ", "PL", "PT", "RO", "SE", "SI", "SK", "US"),
)
COUNTRIES = tuple((code, str(Locale("en").territories[code])) for code in _CODES)

QUESTIONS = (
    View(
        question="What happens if you stop selling it?",
        answer="Your key keeps working. The check is in the program itself.",
    ),
    View(
        question="Does it send anything anywhere?",
        answer="It asks our server whether the key is good, when you enter it. Nothing else.",
    ),
    View(question="Can I try it first?", answer="Yes: the trial does everything for 30 days."),
)


def privacy_document() -> DocumentView:
    """Return the policy every part declares, as a page shows it, with a made-up history."""
    lock = read_lock(LOCK)
    if lock is None:
        raise FileNotFoundError(LOCK)
    found = document_view(document(lock), translations("en"))
    days = (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    changes = (
        (ChangeView("We now name our bank as a recipient.", widens=True),),
        (ChangeView("Receipts are kept 3 years, not 5.", widens=False),),
        (),
    )
    prints = (found.hash, found.hash[::-1], found.hash[20:] + found.hash[:20])
    history = tuple(map(RevisionView, (3, 2, 1), prints, days, changes))
    return replace(found, revision=3, in_force_on=days[0], history=history)


def _promise(number: int, sentence: str, status: str, **rest: Any) -> PromiseView:
    usual: dict[str, Any] = {
        "number": number,
        "kind": "promises",
        "sentence": sentence,
        "original": "",
        "struck": False,
        "plain": "A test buyer goes through the store; then every file it wrote is searched for what was typed.",
        "status": status,
        "where": "twin",
        "proven_at": datetime(2026, 11, 22, 4, 10, tzinfo=UTC),
        "probes": ("buys as a made-up person", "searches database, logs, mail and back-ups in eight encodings"),
        "mutants": 2,
        "evidence": (("people sent through", 12), ("places searched", 148), ("finds", 0)),
        "note": "",
        "missing": "",
    }
    return PromiseView(**{**usual, **rest})


_NOTHING: dict[str, Any] = {"where": "", "proven_at": None, "probes": (), "mutants": 0, "evidence": ()}

PROMISES = (
    _promise(1, "We sell software online.", "proven", kind="discloses"),
    _promise(2, "We take the e-mail address of everyone who buys.", "proven", kind="discloses", mutants=1),
    _promise(
        3,
        "Your licence key is generated from your e-mail address; nobody can turn it back without our key, and it works "
        "even after you are erased.",
        "proven",
    ),
    _promise(
        8,
        "A copy of our data without its keys shows nothing personal.",
        "failed",
        struck=True,
        note="A log line held an address for two hours on 21 November. It is mended; the proof runs tonight.",
    ),
    _promise(28, "The program runs under this policy.", "stale", where="live"),
    _promise(9, "No cookie before you choose or ask for something that needs one.", "unpublished", **_NOTHING),
    _promise(
        22,
        "Our pages are only sent encrypted, and mail as far as the next server.",
        "unpublished",
        **{**_NOTHING, "missing": "apt install testssl.sh"},
    ),
    _promise(15, "No party but those listed, each for its step.", "unpublished", **_NOTHING),
)
