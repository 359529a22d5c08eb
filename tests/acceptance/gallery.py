"""Every page of a store in every state a person may meet it in, as the store really sends it.

`SIGHTS` names them; a `Gallery` brings a demo store into the state and takes the page. Pages that answer a form are
taken like any other. What the route table knows and no sight shows is named in `NO_PAGES`, each with its reason.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

from tests.support.demo import Demo, text_of, until
from tests.support.visitor import Answer, Visitor, new_address
from troth.shop.model import State

BACKUP = "/checkout/fernside-backup"
CONFIRM = {"confirm": "yes"}
FAIL = "UPDATE orders SET state = 'failed' WHERE number = ?"
EXPIRE = "UPDATE orders SET state = 'expired', draft_sealed = NULL WHERE number = ?"
HURRY = "UPDATE orders SET waits = 0 WHERE number = ?"
_LINK = re.compile(r"http://\S+?(/orders/\S+/open/\S+)")

NO_PAGES = {
    "media": "a picture",
    "download": "a program",
    "order-file": "a program",
    "keys": "JSON for programs",
    "order-pay": "a redirect to the provider",
    "checkout-return": "a redirect to the order's page",
    "webhook": "for providers",
    "healthz": "JSON for monitors",
    "readyz": "JSON for monitors",
    "robots": "text for robots",
    "security-txt": "text for researchers",
}


@dataclass(frozen=True)
class Sight:
    """One page in one state; `take` brings it about. `state` is the order's, on its own page."""

    route: str
    words: str
    take: Callable[[Gallery], Answer]
    status: int = 200
    state: State | None = None

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.route}: {self.words}"


@dataclass
class Gallery:
    """A demo store, and what was taken from it; each sight is taken once."""

    demo: Demo
    taken: dict[str, Answer] = field(default_factory=dict)

    def show(self, sight: Sight) -> Answer:
        """Return the page; fails if the store answered with another status."""
        if sight.name not in self.taken:
            answer = sight.take(self)
            assert answer.status == sight.status, (sight.name, answer.text[:400])
            assert answer.headers.get_content_type() == "text/html", sight.name
            self.taken[sight.name] = answer
        return self.taken[sight.name]

    def visitor(self) -> Visitor:
        """Return somebody new."""
        return Visitor(self.demo.url)

    # -- orders in their states --------------------------------------------------------------------------------------

    def ordered(self, **typed: str) -> tuple[Visitor, str]:
        """Return a buyer with an order that waits for its payment, and the page's path."""
        buyer = self.visitor()
        placed = buyer.order(**({"email": new_address("sight")} | typed))
        assert placed.status == 303, placed.text
        return buyer, placed.location

    def at_provider(self) -> tuple[Visitor, Visitor, str, str]:
        """Return a buyer, the same person at the provider, the order's path and the payment page's path."""
        buyer, path = self.ordered()
        leads = buyer.get(f"{path}/pay").location
        there = Visitor(leads)
        return buyer, there, path, leads.removeprefix(f"http://{there.host}")

    def paid(self, **typed: str) -> tuple[Visitor, str]:
        """Return a buyer whose transfer the maker confirmed."""
        buyer, path = self.ordered(payment="bank", **typed)
        assert self.office.post(f"/office/orders/{number(buyer.get(path))}/confirm", {}).status == 200
        return buyer, path

    @cached_property
    def delivered(self) -> tuple[Visitor, str]:
        """A buyer who has key and download."""
        return self.paid(business="yes", name="Meadow & Daughters", address="Rue Verte 3\n75011 Paris")

    def forced(self, statement: str, **typed: str) -> Answer:
        """Return the page of an order that was put into a state no test can wait for, or no double brings about."""
        buyer, path = self.paid(**typed) if "waits" in statement else self.ordered(**typed)
        with closing(sqlite3.connect(self.demo.folder / "troth.db", timeout=20)) as database, database:
            assert database.execute(statement, (number(buyer.get(path)),)).rowcount == 1
        return buyer.get(path)

    # -- links and the office ----------------------------------------------------------------------------------------

    def linked(self) -> tuple[Visitor, str]:
        """Return somebody new, and the path of a fresh mailed link."""
        address = new_address("linked")
        _, path = self.ordered(email=address)
        assert self.visitor().post(f"{path}/link", CONFIRM).status == 200
        found = _LINK.search(text_of(self.demo.wait_for_letter(address, "Your link")))
        assert found is not None
        return self.visitor(), found.group(1)

    def invited(self) -> tuple[Visitor, str]:
        """Return somebody new, and the path of a fresh invitation to the office."""
        told = self.demo.troth("staff", "invite", "jo@fernside.example").stdout
        link = next(word for word in told.split() if word.startswith("http"))
        return self.visitor(), link.removeprefix(self.demo.url)

    @cached_property
    def office(self) -> Visitor:
        """Somebody who works in the office."""
        maker, path = self.invited()
        assert maker.post(path, CONFIRM).status == 303
        return maker

    @cached_property
    def transfer(self) -> str:
        """The number of an order that waits for its transfer."""
        buyer, path = self.ordered(payment="bank")
        return number(buyer.get(path))


def number(page: Answer) -> str:
    """Return the number of the order a page is about."""
    found = re.search(r"<title>Order (\S+)", page.text)
    assert found is not None, page.text[:400]
    return found.group(1)


def _get(path: str) -> Callable[[Gallery], Answer]:
    return lambda gallery: gallery.visitor().get(path)


def _checkout(**typed: str) -> Callable[[Gallery], Answer]:
    """Send the checkout with something that makes it come back."""

    def take(gallery: Gallery) -> Answer:
        return gallery.visitor().order(**({"email": "mira@meadow.example"} | typed))

    return take


def _own(make: Callable[[Gallery], tuple[Visitor, str]]) -> Callable[[Gallery], Answer]:
    """Take an order's page as its buyer sees it."""

    def take(gallery: Gallery) -> Answer:
        buyer, path = make(gallery)
        return buyer.get(path)

    return take


def _stranger(gallery: Gallery) -> Answer:
    return gallery.visitor().get(gallery.delivered[1])


def _cancelled(gallery: Gallery) -> Answer:
    buyer, path = gallery.ordered()
    return buyer.post(f"{path}/cancel", CONFIRM)


def _refunded(gallery: Gallery) -> Answer:
    buyer, path = gallery.paid()
    assert gallery.office.post(f"/office/orders/{number(buyer.get(path))}/refund", {}).status == 200
    return until(lambda: _with("Your money is on its way back", buyer.get(path)), "no refund")


def _with(words: str, answer: Answer) -> Answer | None:
    return answer if words in answer.text else None


def _reissued(email: str) -> Callable[[Gallery], Answer]:
    def take(gallery: Gallery) -> Answer:
        buyer, path = gallery.paid()
        return buyer.post(f"{path}/reissue", {"email": email})

    return take


def _sent(gallery: Gallery) -> Answer:
    _, path = gallery.ordered()
    return gallery.visitor().post(f"{path}/link", CONFIRM)


def _link(gallery: Gallery) -> Answer:
    somebody, path = gallery.linked()
    return somebody.get(path)


def _opened(gallery: Gallery) -> Answer:
    somebody, path = gallery.linked()
    return somebody.post(path, CONFIRM)


def _used(gallery: Gallery) -> Answer:
    somebody, path = gallery.linked()
    somebody.post(path, CONFIRM)
    return gallery.visitor().post(path, CONFIRM)


def _door(gallery: Gallery) -> Answer:
    somebody, path = gallery.invited()
    return somebody.get(path)


def _door_used(gallery: Gallery) -> Answer:
    somebody, path = gallery.invited()
    somebody.post(path, CONFIRM)
    return gallery.visitor().post(path, CONFIRM)


def _office(query: str) -> Callable[[Gallery], Answer]:
    return lambda gallery: gallery.office.post("/office/orders", {"query": query})


def _shown(gallery: Gallery) -> Answer:
    return gallery.office.post(f"/office/orders/{gallery.transfer}/show", {"reason": "asked"})


def _acted(gallery: Gallery) -> Answer:
    return gallery.office.post(f"/office/orders/{gallery.transfer}/confirm", {})


def _wrong_state(gallery: Gallery) -> Answer:
    buyer, path = gallery.ordered(payment="bank")
    return buyer.get(f"{path}/pay")


def _too_often(gallery: Gallery) -> Answer:
    _, path = gallery.ordered()
    somebody = gallery.visitor()
    return until(lambda: _refused(429, somebody.post(f"{path}/link", CONFIRM)), "no limit")


def _refused(status: int, answer: Answer) -> Answer | None:
    return answer if answer.status == status else None


def _provider_page(gallery: Gallery) -> Answer:
    _, there, _, page = gallery.at_provider()
    return there.get(page)


def _declined(gallery: Gallery) -> Answer:
    _, there, _, page = gallery.at_provider()
    return there.post(page, {"outcome": "decline", "card_country": "DE"}, {"origin": f"http://{there.host}"})


def _already_paid(gallery: Gallery) -> Answer:
    _, there, _, page = gallery.at_provider()
    there.post(page, {"outcome": "pay", "card_country": "DE"}, {"origin": f"http://{there.host}"})
    return there.get(page)


def _sights() -> Iterator[Sight]:
    for route, path in (
        ("home", "/"),
        ("terms", "/terms"),
        ("imprint", "/imprint"),
        ("contact", "/contact"),
        ("accessibility", "/accessibility"),
        ("privacy", "/privacy"),
        ("promises", "/promises"),
        ("product", "/products/fernside-backup"),
        ("checkout", BACKUP),
    ):
        yield Sight(route, "as a visitor finds it", _get(path))
    for slug in ("fernside-recover", "fernside-diskhealth"):
        yield Sight("product", slug, _get(f"/products/{slug}"))
    yield Sight("product", "prices for Switzerland", _get("/products/fernside-backup?country=CH&currency=CHF"))
    yield Sight("checkout", "no consumer's right", _get(f"{BACKUP}?edition=studio&country=US&currency=USD"))
    yield from _checkouts()
    yield from _orders()
    yield from _offices()
    yield from _errors()


def _checkouts() -> Iterator[Sight]:
    yield Sight("checkout-order", "nothing typed", _checkout(email=""), 422)
    yield Sight("checkout-order", "mistyped domain", _checkout(email="mira@gmial.com"), 422)
    yield Sight("checkout-order", "another country", _checkout(step="price", country="FR"))
    yield Sight("checkout-order", "unknown country", _checkout(country="XX"), 422)
    yield Sight("checkout-order", "another sum", _checkout(total="home:1:EUR"), 409)
    yield Sight(
        "checkout-order",
        "a business without a name",
        _checkout(business="yes", vat_id="FR00", address="Rue Verte 3 <b>&", name=""),
        422,
    )


def _orders() -> Iterator[Sight]:
    def order(words: str, take: Callable[[Gallery], Answer], state: State) -> Sight:
        return Sight("order", words, take, state=state)

    yield order("waits for a card", _own(Gallery.ordered), State.INITIATED)
    yield order("waits for a transfer", _own(lambda one: one.ordered(payment="bank")), State.INITIATED)
    yield order("failed", lambda one: one.forced(FAIL), State.FAILED)
    yield order("waits for day 15", _own(lambda one: one.paid(waiver="")), State.PAID)
    yield order("its key is being made", lambda one: one.forced(HURRY, waiver=""), State.PAID)
    yield order("delivered", _own(lambda one: one.delivered), State.FULFILLED)
    yield order("delivered, to a stranger", _stranger, State.FULFILLED)
    yield order("expired", lambda one: one.forced(EXPIRE), State.EXPIRED)
    yield order("refunded", _refunded, State.REFUNDED)
    yield Sight("order-cancel", "cancelled", _cancelled, state=State.CANCELLED)
    yield Sight("order-link", "the link was sent", _sent)
    yield Sight("order-open", "a fresh link", _link)
    yield Sight("order-opened", "the order by its link", _opened)
    yield Sight("order-opened", "a used link", _used, 410)
    yield Sight("order-reissue", "to another address", _reissued("right@meadow.example"))
    yield Sight("order-reissue", "to no address", _reissued("no address"), 422)


def _offices() -> Iterator[Sight]:
    yield Sight("office-door", "an invitation", _door)
    yield Sight("office-enter", "a used invitation", _door_used, 410)
    yield Sight("office-orders", "the latest", lambda gallery: gallery.office.get("/office/orders"))
    yield Sight("office-search", "nothing found", _office("nobody@meadow.example"))
    yield Sight("office-show", "a person shown", _shown)
    yield Sight("office-act", "a transfer confirmed", _acted)


def _errors() -> Iterator[Sight]:
    form = {"sec-fetch-site": "cross-site"}
    yield Sight("error", "400", lambda one: one.visitor().post(BACKUP, {"unasked": "1"}), 400)
    yield Sight("error", "403", lambda one: one.visitor().post(BACKUP, {}, form), 403)
    yield Sight("error", "404", _get("/nothing/here"), 404)
    yield Sight("error", "405", lambda one: one.visitor().post("/terms", {}), 405)
    yield Sight("error", "409", _wrong_state, 409)
    yield Sight("error", "413", lambda one: one.visitor().post(BACKUP, {"name": "x" * 40_000}), 413)
    yield Sight("error", "421", lambda one: one.visitor().get("/", {"host": "elsewhere.example"}), 421)
    yield Sight("error", "429", _too_often, 429)
    yield Sight("provider", "the payment page", _provider_page)
    yield Sight("provider", "a declined card", _declined)
    yield Sight("provider", "paid already", _already_paid)


SIGHTS = tuple(_sights())
NOT_OURS = {"error", "provider"}
"""Sights of no route of the store's own."""
