"""The stage on which the proofs of one run play: one twin, the made-up people, and what they did there.

Every journey is made once, when the first proof needs it, over HTTP and by the links and forms of the pages themselves.
"""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from troth.promises import records
from troth.promises.canary import COUNTRY, Canary, new_marker
from troth.promises.search import Needles, Secret
from troth.promises.twin import Twin

if TYPE_CHECKING:
    from email.message import EmailMessage

    from troth.promises.page import Page
    from troth.promises.visitor import Answer, Visitor

_PATIENCE: Final = 30.0
_LOOK_AGAIN: Final = 0.25
_LOGS_WRITTEN: Final = 1.2
"""Seconds after which the workers have written what they gathered for the log."""
_KEY = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}(?:-[0-9A-HJKMNP-TV-Z]{5}){4}")
CARD, BANK = "card", "bank"


class JourneyFailed(Exception):
    """A made-up person could not go on; the message says at which step, never with what."""


class NothingToSell(Exception):
    """This store offers nothing yet that could be bought; the message says what is missing."""


@dataclass(frozen=True)
class Plan:
    """What somebody does: `who` buys, `paying` or not, and then puts the address right or has the money given back."""

    who: str
    business: bool = False
    paying: bool = True
    method: str = CARD
    reissue_to: str = ""
    refund: bool = False


PLANS: Final[Mapping[str, Plan]] = {
    "A1": Plan("A"),
    "A2": Plan("A"),
    "B1": Plan("B", business=True),
    "C1": Plan("C", business=True, paying=False),
    "R1": Plan("R", reissue_to="S"),
    "F1": Plan("F", refund=True),
    "T1": Plan("T", business=True, method=BANK),
}


@dataclass
class Purchase:
    """What came of a plan; `keys` are the keys the buyer's page showed, the newest last."""

    plan: Plan
    buyer: Canary
    token: str
    number: str
    total: str
    currency: str
    page: Answer = field(repr=False)
    keys: list[str] = field(default_factory=list, repr=False)

    @property
    def path(self) -> str:
        """The order's page."""
        return f"/orders/{self.token}"


@dataclass(frozen=True)
class Letter:
    """A delivered mail: to whom, and all of its bytes."""

    to: str
    name: str
    octets: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The readable body."""
        message: EmailMessage = email.message_from_bytes(self.octets, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        return "" if body is None else str(body.get_content())


class Stage:
    """One twin and everybody on it."""

    def __init__(self, twin: Twin) -> None:
        """Begin before anybody came."""
        self.twin = twin
        self.marker = new_marker()
        self.canaries: dict[str, Canary] = {}
        self.purchases: dict[str, Purchase] = {}
        self._failed: dict[str, JourneyFailed | NothingToSell] = {}
        self._browsers: dict[str, Visitor] = {}
        if twin.paybox is not None:
            # Providers repeat themselves and do not keep the order; a store must bear it at any time.
            twin.paybox.misbehave(duplicate=2, reorder_ms=50)

    # -- people ------------------------------------------------------------------------------------------------------

    def canary(self, letter: str) -> Canary:
        """Return a made-up person."""
        if letter not in self.canaries:
            self.canaries[letter] = Canary.hatch(letter, self.marker)
        return self.canaries[letter]

    def browser(self, name: str) -> Visitor:
        """Return somebody's browser."""
        if name not in self._browsers:
            self._browsers[name] = self.twin.instance.visitor(name)
        return self._browsers[name]

    @property
    def stranger(self) -> Visitor:
        """A browser that bought nothing."""
        return self.browser("stranger")

    @property
    def program(self) -> Visitor:
        """A program that speaks to the API."""
        return self.browser("program")

    @cached_property
    def office(self) -> Visitor:
        """The maker's browser, in the office by an invitation."""
        said = self.twin.run("staff", "invite", self.twin.settings.seller.contact or "maker@example.org", "--json").json
        browser = self.browser("office")
        door = browser.get(_required(said, "url", "the office gave no invitation"))
        form = next((one for one in door.page.forms if "/office/enter/" in one.action), None)
        if form is None:
            raise JourneyFailed("the office's door has no button")
        _expect(browser.send(form, {}, at=door.url), 200, "the office")
        return browser

    # -- buying ------------------------------------------------------------------------------------------------------

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways to pay that this store has."""
        payments = self.twin.settings.payments
        return tuple(name for name, one in ((CARD, payments.stripe), (BANK, payments.bank)) if one is not None)

    @cached_property
    def checkout(self) -> str:
        """The address of a checkout, found by following links from the first page."""
        browser = self.browser("A")
        home = _expect(browser.get("/"), 200, "the first page")
        for link in dict.fromkeys(one for one in home.page.links if one.startswith("/products/")):
            product = _expect(browser.get(link), 200, "a program's page")
            found = [one for one in product.page.links if urlsplit(one).path.startswith("/checkout/")]
            if found:
                return found[0]
        raise NothingToSell("troth product import FILE, and [seller] tax with a way to pay in troth.toml")

    def bought(self, name: str) -> Purchase:
        """Return what came of a plan, after it was carried out to its end; a plan that failed is not tried again."""
        if name in self._failed:
            raise self._failed[name]
        if name not in self.purchases:
            try:
                self.purchases[name] = self._carry_out(PLANS[name])
            except (JourneyFailed, NothingToSell) as failure:
                self._failed[name] = failure
                raise
        return self.purchases[name]

    def all_bought(self) -> list[Purchase]:
        """Carry out every plan that this store has a way for."""
        return [self.bought(name) for name, plan in PLANS.items() if plan.method in self.methods or plan.method == CARD]

    def _carry_out(self, plan: Plan) -> Purchase:
        if not self.methods:
            raise NothingToSell("[payments.stripe] or [payments.bank] in troth.toml")
        method = plan.method if plan.method in self.methods else self.methods[0]
        purchase = self._order(plan, method)
        if not plan.paying:
            return purchase
        if method == CARD:
            self._pay_by_card(purchase)
        else:
            self._confirm_transfer(purchase)
        self._wait_for_key(purchase)
        if plan.reissue_to:
            self._reissue(purchase, self.canary(plan.reissue_to))
        if plan.refund:
            self._refund(purchase)
        return purchase

    def _order(self, plan: Plan, method: str) -> Purchase:
        browser, buyer = self.browser(plan.who), self.canary(plan.who)
        shown = _expect(browser.get(self.checkout), 200, "the checkout")
        form = shown.page.find_form(action=urlsplit(self.checkout).path)
        if form is None:
            raise JourneyFailed("the checkout shows no form")
        answer = browser.send(form, typed(buyer, plan, method), button=("step", "order"), at=shown.url)
        _expect(answer, 200, "the order")
        first, _, token = urlsplit(answer.url).path.strip("/").partition("/")
        if first != "orders" or not token:
            raise JourneyFailed("pressing the button did not lead to an order's page")
        state = self.state(token)
        total = state["total"]
        return Purchase(plan, buyer, token, state["order"], total["amount"], total["currency"], answer)

    def _pay_by_card(self, purchase: Purchase) -> None:
        browser = self.browser(purchase.plan.who)
        link = f"{purchase.path}/pay"
        if link not in purchase.page.page.links:
            raise JourneyFailed("the order's page has no link to the payment")
        provider = _expect(browser.get(link), 200, "the payment page")
        form = next((one for one in provider.page.forms if ("outcome", "pay") in one.buttons), None)
        if form is None:
            raise JourneyFailed("the payment page has no button")
        back = browser.send(form, {"country": COUNTRY}, button=("outcome", "pay"), at=provider.url)
        if urlsplit(_expect(back, 200, "the way back from the payment").url).path != purchase.path:
            raise JourneyFailed("the payment did not lead back to the order")

    def _confirm_transfer(self, purchase: Purchase) -> None:
        said = self.twin.run("order", "confirm", purchase.number, "--country", COUNTRY)
        if said.code != 0:
            raise JourneyFailed("a bank transfer could not be confirmed")

    def _wait_for_key(self, purchase: Purchase) -> None:
        known = len(purchase.keys)

        def fresh_key() -> bool:
            purchase.page = self.browser(purchase.plan.who).get(purchase.path)
            key = find_key(purchase.page.page)
            if key and key not in purchase.keys:
                purchase.keys.append(key)
            return len(purchase.keys) > known

        wait(fresh_key, "the order's page shows no key")

    def _reissue(self, purchase: Purchase, right: Canary) -> None:
        browser = self.browser(purchase.plan.who)
        form = purchase.page.page.find_form(action="/reissue")
        if form is None:
            raise JourneyFailed("the order's page has no way to put a wrong address right")
        _expect(browser.send(form, {"email": right.email}, at=purchase.page.url), 200, "the new key")
        self._wait_for_key(purchase)

    def _refund(self, purchase: Purchase) -> None:
        _expect(self.office.post(f"/office/orders/{purchase.number}/refund", {}), 200, "the refund")
        wait(lambda: self.state(purchase.token)["state"] == "refunded", "a refund was not carried out")

    def state(self, token: str) -> dict[str, Any]:
        """Return what the API says of an order."""
        told: dict[str, Any] = _expect(self.program.call(f"/api/v1/orders/{token}"), 200, "the API").json
        return told

    # -- what it left ------------------------------------------------------------------------------------------------

    def letters(self) -> Iterator[Letter]:
        """Yield every mail that was delivered."""
        for path in sorted(self.twin.outbox.glob("*.eml")):
            octets = path.read_bytes()
            message = email.message_from_bytes(octets, policy=email.policy.default)
            yield Letter(str(message["To"]), path.name, octets)

    def settle(self) -> None:
        """Wait until nothing is under way: no webhook, no queued mail, no gathered log lines."""
        if self.twin.paybox is not None:
            self.twin.paybox.settle()
        queued = "queued"
        wait(
            lambda: all(row["state"] != queued for row in records.rows_of(self.twin.database, "mail")),
            "mails stay in the queue",
        )
        time.sleep(_LOGS_WRITTEN)

    def needles(self) -> Needles:
        """Return everything that names or belongs to one of the people: what they typed, links, sessions, keys."""
        found = [secret for canary in self.canaries.values() for secret in canary.secrets()]
        for purchase in self.purchases.values():
            found.append(Secret(purchase.plan.who, "order link", purchase.token))
            owners = [purchase.plan.who, *([purchase.plan.reissue_to] * len(purchase.keys))]
            for owner, key in zip(owners, purchase.keys, strict=False):
                found += [Secret(owner, "licence key", one) for one in (key, key.replace("-", ""))]
        for name, browser in self._browsers.items():
            found += [Secret(name, "session", value) for value in browser.cookies.values() if len(value) > 20]  # noqa: PLR2004
        return Needles(found, marker=self.marker)


def typed(buyer: Canary, plan: Plan, method: str) -> dict[str, str]:
    """Return what somebody types into the checkout."""
    values = {"email": buyer.email, "country": COUNTRY, "payment": method, "deliver_now": "yes", "waiver": "yes"}
    if plan.business:
        values |= {"business": "yes", "name": buyer.name, "address": buyer.address, "vat_id": buyer.vat_id}
    return values


def find_key(page: Page) -> str:
    """Return the licence key that a page shows, or an empty text."""
    found = _KEY.search("".join(page.texts.get("key", "").split()))
    return found[0] if found else ""


def wait(reached: Callable[[], bool], otherwise: str) -> None:
    """Wait until something is so; raises `JourneyFailed`."""
    until = time.monotonic() + _PATIENCE
    while not reached():
        if time.monotonic() > until:
            raise JourneyFailed(otherwise)
        time.sleep(_LOOK_AGAIN)


def _expect(answer: Answer, status: int, what: str) -> Answer:
    if answer.status != status:
        raise JourneyFailed(f"{what} answered {answer.status}")
    return answer


def _required(told: Any, name: str, otherwise: str) -> str:  # noqa: ANN401 - JSON
    value = told.get(name) if isinstance(told, dict) else None
    if not isinstance(value, str):
        raise JourneyFailed(otherwise)
    return value
