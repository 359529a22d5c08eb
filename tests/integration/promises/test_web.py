"""The two pages through the web kit: before a first run, after one, with a file nobody can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.web.store import Client, make_site
from troth.policy.archive import REVISIONS, Archive
from troth.policy.lock import Lock, read_lock
from troth.promises.evidence import FILE, Book, Proof, write_book
from troth.promises.web import ROUTES
from troth.web.site import Site

DEFAULT = Path(__file__).parents[3] / "src" / "troth" / "policy" / "default.lock.json"


@pytest.fixture(scope="module")
def lock() -> Lock:
    found = read_lock(DEFAULT)
    assert found is not None
    return found


@pytest.fixture
def site(tmp_path: Path, lock: Lock) -> Iterator[Site]:
    made = make_site(tmp_path, ROUTES, lock=lock, parts=("web", "promises"), generation=lambda: _stamp(tmp_path))
    yield made
    made.close()
    made.setup.database.engine.dispose()


def _stamp(folder: Path) -> int:
    try:
        return (folder / FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def test_before_a_first_run_nothing_is_claimed(site: Site) -> None:
    answer = Client(site).get("/promises")
    assert answer.status_code == 200
    assert "Nothing has been checked on this store yet." in answer.text
    assert "not checked yet" in answer.text
    assert 'class="chip good"' not in answer.text
    assert "A copy of our data without its keys shows nothing personal." not in answer.text


def test_after_a_run_the_proven_sentences_stand_there(site: Site, lock: Lock) -> None:
    now = datetime.now(UTC)
    run = {one.number: [Proof(name, green=True, at=now, seconds=1.0) for name in one.probes] for one in lock.sentences}
    write_book(site.setup.settings.dir, Book().after(run, policy=lock.hash, at=now))
    answer = Client(site).get("/promises")
    assert answer.text.count(">proven<") == len(lock.sentences)
    assert "A copy of our data without its keys shows nothing personal." in answer.text
    assert "set-cookie" not in answer.headers


def test_a_file_nobody_can_read_claims_nothing(site: Site) -> None:
    (site.setup.settings.dir / FILE).write_text("{")
    answer = Client(site).get("/promises")
    assert answer.status_code == 200
    assert "Nothing has been checked on this store yet." in answer.text


def test_the_policy_is_shown_with_its_history(site: Site, lock: Lock) -> None:
    archive = Archive(site.setup.settings.dir / REVISIONS)
    archive.add(lock, now=datetime(2026, 5, 4, 12, 0, tzinfo=UTC))
    text = Client(site).get("/privacy").text
    assert lock.hash in text
    for sentence in ("Your e-mail address", "Who sees it", "How long we keep it", "Your rights"):
        assert sentence in text


def test_pages_are_the_same_for_everybody_and_may_be_kept(site: Site) -> None:
    for path in ("/privacy", "/promises"):
        first, second = Client(site).get(path), Client(site, client="198.51.100.9").get(path)
        assert first.text == second.text
        assert first.headers["etag"] == second.headers["etag"]
