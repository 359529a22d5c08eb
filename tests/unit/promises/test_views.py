"""The two pages: nothing of the policy is left out, and a sentence is shown as it stands."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from troth.kernel.config import SellerSettings
from troth.policy.archive import Archive
from troth.policy.document import document
from troth.policy.language import Kind
from troth.policy.lock import Lock, read_lock
from troth.promises.evidence import GRACE, Book, Proof
from troth.promises.names import MUTANTS, PROBES
from troth.promises.page import Page
from troth.promises.planned import PLANNED
from troth.promises.views import PromiseView, document_view, promise_views
from troth.web.pages import Pages, PageView, PolicyView, StoreView

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ENGLISH = gettext.NullTranslations()
LOCK_FILE = Path(__file__).parents[3] / "src" / "troth" / "policy" / "default.lock.json"
SELLER = SellerSettings(legal_name="Sample Ltd", address="Street 1\nTown", contact="mail@example.com")


@pytest.fixture(scope="module")
def lock() -> Lock:
    found = read_lock(LOCK_FILE)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pages(lock: Lock) -> Pages:
    store = StoreView("Sample", "http://localhost:8000", demo=False, seller=SELLER)
    return Pages(("web", "promises"), store, PolicyView(lock.hash, lock.revision), lambda name: f"/static/{name}")


def _draw(pages: Pages, template: str, **context: object) -> Page:
    return Page(pages.render(f"promises/{template}.html", PageView(f"/{template}", "en"), context))


# -- the policy --------------------------------------------------------------------------------------------------------


def _words(view: object) -> Iterator[str]:
    """Yield every text of a view and of the views inside."""
    for name, value in vars(view).items():
        if isinstance(value, str) and name not in {"id", "hash"}:
            yield value
        elif isinstance(value, tuple):
            for one in value:
                yield from [one] if isinstance(one, str) else _words(one)


def test_everything_the_policy_says_stands_on_its_page(lock: Lock, pages: Pages, tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first = archive.add(lock, now=NOW)
    narrower = msgspec.structs.replace(lock, cookies={})
    second = archive.add(narrower, now=NOW + timedelta(days=1)) if narrower.cookies != lock.cookies else first
    shown = document(second, archive.history())
    view = document_view(shown, ENGLISH)
    text = " ".join(_draw(pages, "privacy", document=view).text.split())
    wanted = list(_words(view))
    assert len(wanted) > 200
    assert [one for one in wanted if " ".join(one.split()) not in text] == []
    assert second.hash in text


def test_every_item_of_the_document_has_its_own_place_on_the_page(lock: Lock, pages: Pages) -> None:
    shown = document(lock)
    html = pages.render(
        "promises/privacy.html", PageView("/privacy", "en"), {"document": document_view(shown, ENGLISH)}
    )
    ids = html.split(' id="')[1:]
    found = [one.partition('"')[0] for one in ids]
    assert len(set(found)) == len(found)
    assert len(list(shown.items())) <= len(found)


# -- the promises ------------------------------------------------------------------------------------------------------


def _book(lock: Lock, *, red: int = 0, at: datetime = NOW) -> Book:
    """Return a run in which every sentence was proven, and then one of them not."""

    def proofs(probes: tuple[str, ...], *, green: bool) -> list[Proof]:
        return [Proof(one, green, at, 1.0, counts={"files searched": 7, "finds": 0}) for one in probes]

    book = Book().after(
        {one.number: proofs(one.probes, green=True) for one in lock.sentences}, policy=lock.hash, at=NOW
    )
    if red:
        failed = next(one for one in lock.sentences if one.number == red)
        book = book.after({red: proofs(failed.probes, green=False)}, policy=lock.hash, at=at)
    return book


def _by_number(lock: Lock, book: Book, now: datetime) -> dict[int, PromiseView]:
    return {one.number: one for one in promise_views(lock, book, now, ENGLISH)[0]}


def test_before_the_first_run_only_what_we_disclose_is_shown(lock: Lock) -> None:
    views, counts = promise_views(lock, Book(), NOW, ENGLISH)
    disclosed = {one.number for one in lock.sentences if one.kind is Kind.DISCLOSES}
    assert {one.number for one in views} == disclosed
    assert {one.status for one in views} == {"unpublished"}
    assert (counts.proven, counts.failed, counts.run_at) == (0, 0, None)
    assert counts.unpublished == len(PLANNED) - len(disclosed)


def test_a_proven_sentence_shows_how_where_and_when(lock: Lock, pages: Pages) -> None:
    views, counts = promise_views(lock, _book(lock), NOW, ENGLISH)
    assert counts.proven == len(lock.sentences) == len(views)
    one = next(view for view in views if view.number == 8)
    assert (one.status, one.where, one.proven_at, one.struck) == ("proven", "twin", NOW, False)
    assert one.mutants == MUTANTS[8] >= 2
    assert ("Files searched", 7) in one.evidence
    assert len(one.probes) == 2
    text = " ".join(_draw(pages, "promises", promises=views, counts=counts).text.split())
    for view in views:
        assert view.sentence in text
        assert all(words in text for words in view.probes)


def test_a_broken_promise_is_struck_with_the_makers_note_after_its_grace(lock: Lock, pages: Pages) -> None:
    broken_at = NOW + timedelta(days=2)
    book = _book(lock, red=8, at=broken_at).with_note(8, "A log line held a street; it is mended.")
    before = _by_number(lock, book, broken_at + timedelta(hours=1))[8]
    assert (before.status, before.struck, before.note) == ("proven", False, "")
    after = _by_number(lock, book, broken_at + GRACE)[8]
    assert (after.status, after.struck, after.note) == ("failed", True, "A log line held a street; it is mended.")
    views, counts = promise_views(lock, book, broken_at + GRACE, ENGLISH)
    html = pages.render("promises/promises.html", PageView("/promises", "en"), {"promises": views, "counts": counts})
    assert html.count("<s>") == 1
    assert "it is mended" in html


def test_what_we_disclose_is_never_struck(lock: Lock) -> None:
    book = _book(lock, red=5, at=NOW)
    assert _by_number(lock, book, NOW + GRACE)[5].struck is False
    assert _by_number(lock, book, NOW + GRACE)[5].status == "failed"


def test_a_missing_tool_is_named_with_its_command(lock: Lock) -> None:
    proof = Proof("copy_without_keys", False, NOW, 0.0, missing="pip install 'troth[demo]'")  # noqa: FBT003 - not green
    book = _book(lock).after({8: [proof]}, policy=lock.hash, at=NOW)
    one = _by_number(lock, book, NOW)[8]
    assert (one.status, one.missing) == ("unpublished", "pip install 'troth[demo]'")


def test_a_reworded_sentence_shows_the_programs_own_words_too(lock: Lock) -> None:
    reworded = [
        msgspec.structs.replace(one, text="We sell our programs here.", original=one.text) if one.number == 1 else one
        for one in lock.sentences
    ]
    changed = msgspec.structs.replace(lock, sentences=tuple(reworded))
    one = _by_number(changed, _book(changed), NOW)[1]
    assert (one.sentence, one.original) == ("We sell our programs here.", "We sell software online.")


def test_every_declared_probe_is_here_and_every_probe_is_declared(lock: Lock) -> None:
    assert {name for one in lock.sentences for name in one.probes} == PROBES.keys()


def test_the_list_of_sentences_is_whole() -> None:
    assert [one.number for one in PLANNED] == list(range(1, 30))
