"""Longer sample texts: questions, countries, the policy document and promises as the compiler and the probes yield them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace as View

from babel import Locale

_CODES = """AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IN IS IT JP LT LU LV MT NL NO NZ PL PT RO SE SI SK
US ZA""".split()
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


def _fact(label: str, why: str, *, optional: bool = False) -> View:
    return View(
        label=label,
        why=why,
        basis="contract",
        kept="until you ask us to forget you; tax rows 10 years",
        seen_by="you, the maker, our mail relay",
        optional=optional,
    )


def _section(id_: str, title: str, *paragraphs: str, **lists: object) -> View:
    empty: dict[str, object] = {"facts": (), "cookies": (), "recipients": (), "rights": ()}
    return View(id=id_, title=title, paragraphs=paragraphs, **{**empty, **lists})


def privacy_document(fingerprint: str) -> View:
    """The policy as a document of data."""
    sections = (
        _section(
            "email",
            "Your e-mail address",
            "We take the e-mail address of everyone who buys. It is sealed the moment it arrives.",
            facts=(
                _fact("your e-mail address", "Your licence key is made from it, and we send key and receipt there."),
            ),
        ),
        _section(
            "purchases",
            "Purchases",
            "Every payment is recorded. Every initiated purchase is recorded when you press the button, for 30 days.",
            facts=(_fact("your name or company", "The invoice of a business must name it.", optional=True),),
        ),
        _section(
            "cookies",
            "Cookies and IP addresses",
            "No cookie before you choose or ask for something that needs one.",
            cookies=(
                View(
                    name="troth_session", category="mandatory", kept="1 hour", why="It shows that this browser bought."
                ),
            ),
        ),
        _section("storage", "How it is stored", "Each value is encrypted under a key of the person it belongs to."),
        _section(
            "recipients",
            "Who sees it",
            recipients=(
                View(name="Stripe", step="You pay by card on its page.", receives="the amount and a random number"),
                View(name="our mail relay", step="It delivers our mail.", receives="your address and the mail"),
            ),
        ),
        _section(
            "rights",
            "Your rights",
            rights=(
                View(title="See and take along", text="Ask us, and you get everything we hold about you as a file."),
                View(
                    title="Be forgotten",
                    text="We destroy your keys; what is sealed under them is gone, in back-ups too.",
                ),
            ),
        ),
    )
    history = (
        View(revision=3, hash=fingerprint, in_force_on=date(2026, 11, 20), changes=("Bank transfer was added.",)),
        View(
            revision=2,
            hash=fingerprint[::-1],
            in_force_on=date(2026, 10, 2),
            changes=("Receipts are kept 10 years, not 11.",),
        ),
        View(
            revision=1, hash=fingerprint[20:] + fingerprint[:20], in_force_on=date(2026, 9, 1), changes=("The first.",)
        ),
    )
    return View(
        revision=3,
        hash=fingerprint,
        in_force_on=date(2026, 11, 20),
        summary=(
            "We ask for an e-mail address and a country, and say why beside each field.",
            "No cookie is set before you ask for something that needs one.",
            "What names you is encrypted under a key of your own and opened only for a stated purpose.",
            "Card data goes to the payment provider, never to us; nobody else gets anything.",
            "Ask, and we show, correct or destroy what we hold.",
        ),
        sections=sections,
        plainly=(
            "Someone holding the machine and its keys can read sealed records outside this program.",
            "Mail once delivered, and what you typed at the payment provider, are beyond our reach.",
        ),
        history=history,
    )


def _promise(number: int, sentence: str, status: str, **rest: object) -> View:
    usual: dict[str, object] = {
        "number": number,
        "kind": "promises",
        "sentence": sentence,
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
    return View(**{**usual, **rest})


_NOTHING = {"where": "", "proven_at": None, "probes": (), "mutants": 0, "evidence": ()}

PROMISES = (
    _promise(1, "We sell software online.", "proven", kind="discloses"),
    _promise(2, "We take the e-mail address of everyone who buys.", "proven", kind="discloses", mutants=1),
    _promise(
        3,
        "Your licence key is generated from your e-mail address; nobody can turn it back without our key, and it works even "
        "after you are erased.",
        "proven",
    ),
    _promise(
        8,
        "A copy of our data without its keys shows nothing personal.",
        "failed",
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
