"""The published policy and its proofs: two cached pages, made from the lock and from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from troth.policy.archive import REVISIONS, Archive
from troth.policy.document import document
from troth.promises.evidence import Book, EvidenceDamaged, read_book
from troth.promises.views import CountsView, DocumentView, PromiseView, document_view, promise_views
from troth.web.pages import translations
from troth.web.route import Route

if TYPE_CHECKING:
    from troth.web.call import Call

CACHE_SECONDS = 300


async def privacy(call: Call) -> Response:
    """Show the policy, in the order a reader asks."""
    return call.render("promises/privacy.html", document=await call.aside(_document, call))


def _document(call: Call) -> DocumentView:
    setup = call.site.setup
    history = Archive(setup.settings.dir / REVISIONS).history()
    return document_view(document(setup.lock, history), translations(call.language))


async def promises(call: Call) -> Response:
    """Show the sentences, and how each was checked."""
    shown, counts = await call.aside(_promises, call)
    return call.render("promises/promises.html", promises=shown, counts=counts)


def _promises(call: Call) -> tuple[list[PromiseView], CountsView]:
    setup = call.site.setup
    try:
        book = read_book(setup.settings.dir)
    except EvidenceDamaged:
        # Nothing is claimed on the strength of a file that cannot be read.
        book = Book()
    return promise_views(setup.lock, book, setup.database.clock.now(), translations(call.language))


ROUTES = (
    Route("GET", "/privacy", privacy, "privacy", cache=CACHE_SECONDS),
    Route("GET", "/promises", promises, "promises", cache=CACHE_SECONDS),
)
