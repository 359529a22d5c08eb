"""Orders: placing, fulfilling, cancelling, forgetting, and putting a wrong address right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troth import consent, licences, people, vault
from troth.consent import NEWS, SIMILAR, Given, Occasion
from troth.kernel.codec import canonical_json
from troth.kernel.errors import Conflict, Refused
from troth.kernel.ids import new_id, new_token, token_index
from troth.kernel.jobs import enqueue
from troth.licences import Grounds
from troth.licences.policy import LICENCE
from troth.mail.policy import SERVICE
from troth.people.policy import FIND
from troth.shop import letters, records
from troth.shop.catalogue import Market, get_edition, get_product, quote
from troth.shop.countries import canonical
from troth.shop.errors import DraftRefused, NoPayment, OrderUnknown, PriceChanged, WrongState
from troth.shop.model import (
    LINKED,
    MAIL_LINK,
    OPEN_DAYS,
    REISSUE_LIFE,
    Buyer,
    Checkout,
    Draft,
    Edition,
    Flag,
    Invoice,
    Method,
    Order,
    State,
    new_order_number,
)
from troth.shop.policy import BUYER, DRAFT, INVOICE, ORDER
from troth.shop.vatid import check_vat_id
from troth.shop.withdrawal import DELIVER_NOW, WAIVER, may_withdraw
from troth.shop.wording import NEWS_BOX, NO_SIMILAR_BOX, SIMILAR_NOTICE
from troth.vault.errors import BasisEnded, KeyGone

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.policy.language import Purpose
    from troth.shop.catalogue import Quote

CONTRACT = (ORDER, FIND, LICENCE, SERVICE)
LONGEST_NAME, LONGEST_ADDRESS = 120, 400
_HEARD_AS = str.maketrans("OIL", "011")
LAST_WORDS = timedelta(days=7)
"""How long a mail to somebody we part with may be on its way."""
API = "api"


@dataclass(frozen=True)
class Placed:
    """An order that was just placed, with the token of its link."""

    order: Order
    token: str


def place_order(uow: UnitOfWork, checkout: Checkout) -> Placed:
    """Record an initiated purchase: what was typed is sealed, the answers become receipts, nothing is charged yet.

    The same form pressed twice gives the same order, at once or after a crash. Raises `ProductUnknown`,
    `EditionUnknown`, `DraftRefused`, `PriceChanged`, `NoPayment`, `CurrencyUnknown` or `NoTaxRegime`; nothing is then
    ordered.
    """
    product = get_product(uow, checkout.product)
    edition = get_edition(product, checkout.edition)
    checkout = check(uow, checkout)
    market = Market(checkout.country, checkout.currency, uow.now.date())
    offer = quote(uow.settings.seller, product, edition, market)
    if checkout.shown is not None and checkout.shown != offer.sum.total:
        raise PriceChanged(checkout.shown, offer.sum.total)
    mark = _mark(checkout, offer)
    while mark is not None and (known := records.find_order_by_once(uow.db, mark)) is not None:
        again = _same_order(uow, known, checkout, offer)
        if again is not None:
            return again
        if checkout.form == API:
            raise Conflict("This Idempotency-Key was used for another order. Nothing was ordered.")
        # Called off meanwhile: the same form orders anew, and pressed twice then still only once.
        mark = token_index(known.id)
    return _place(uow, checkout, offer, mark)


def _mark(checkout: Checkout, offer: Quote) -> bytes | None:
    """Return what an order is found by when its form is sent again.

    A form that was gone back to and changed is another one; a program says by its key what is the same. The form's
    random number is in the mark and stored nowhere else, so that nothing typed can be told from it.
    """
    if checkout.once is None or checkout.form == API:
        return None if checkout.once is None else token_index(checkout.once)
    typed = {one.name: getattr(checkout, one.name) for one in fields(checkout) if one.name not in {"shown", "language"}}
    return token_index(canonical_json(typed | {"total": offer.sum.total.minor}).decode())


def _same_order(uow: UnitOfWork, known: Order, checkout: Checkout, offer: Quote) -> Placed | None:
    """Return the order that was placed before if it still stands and, for a program, if it asked for the same."""
    before = (known.product, known.edition, known.sum, known.country, known.method, known.business)
    now = (checkout.product, checkout.edition, offer.sum, checkout.country, checkout.method, checkout.business)
    buyer = open_buyer(uow, known, role="job") if before == now else None
    if buyer is None or (checkout.form == API and buyer.email != checkout.email):
        return None
    return Placed(known, buyer.token)


def check(uow: UnitOfWork, checkout: Checkout) -> Checkout:
    """Return the checkout with its values in normal form; raises `DraftRefused` naming every field at fault."""
    refusals: list[Refused] = []

    def attempt(action: Callable[[], str], otherwise: str) -> str:
        try:
            return action()
        except Refused as refusal:
            refusals.append(refusal)
            return otherwise

    email = attempt(lambda: people.normalise(checkout.email), "")
    country = attempt(lambda: canonical(checkout.country), "")
    vat_id = ""
    if checkout.business:
        attempt(lambda: _bounded(checkout.name, LONGEST_NAME, "name"), "")
        attempt(lambda: _bounded(checkout.address, LONGEST_ADDRESS, "address"), "")
        if checkout.vat_id and country:
            vat_id = attempt(lambda: check_vat_id(checkout.vat_id, country).number, "")
    if refusals:
        raise DraftRefused(refusals)
    payments = uow.settings.payments
    if (payments.stripe if checkout.method is Method.CARD else payments.bank) is None:
        raise NoPayment
    if not checkout.business:
        return replace(checkout, email=email, country=country, vat_id="", name="", address="")
    return replace(checkout, email=email, country=country, vat_id=vat_id)


def _bounded(value: str, longest: int, field: str) -> str:
    if not value.strip():
        raise Refused("An invoice to a business needs this.", field=field)
    if len(value) > longest:
        raise Refused(f"This is longer than {longest} characters.", field=field)
    return value


def _place(uow: UnitOfWork, checkout: Checkout, offer: Quote, mark: bytes | None) -> Placed:
    person = people.get_or_add_person(uow, checkout.email)
    order_id, token, number = new_id(), new_token(), new_order_number()
    draft = Draft(checkout.email, token, checkout.name, checkout.address, checkout.vat_id)
    asked = may_withdraw(checkout.country, business=checkout.business, on=uow.now.date())
    records.add_order(
        uow.db,
        {
            "id": order_id,
            "number": number,
            "token_index": token_index(token),
            "once": mark,
            "person": person,
            "state": State.INITIATED.value,
            "product": checkout.product,
            "edition": checkout.edition,
            "currency": offer.sum.total.currency,
            "net": offer.sum.net.minor,
            "tax": offer.sum.tax.minor,
            "total": offer.sum.total.minor,
            "tax_country": offer.decision.country,
            "tax_rate": offer.decision.rate,
            "tax_regime": offer.decision.regime.value,
            "tax_table": offer.decision.table_version,
            "tax_notice": offer.decision.notice.value,
            "country": checkout.country,
            "business": checkout.business,
            "method": checkout.method.value,
            "asked": asked,
            "waits": asked and not (checkout.deliver_now and checkout.waiver),
            "language": checkout.language,
            "flag": "",
            "created_at": uow.now,
            "draft_sealed": vault.of(uow).seal(DRAFT, person, order_id, draft),
        },
    )
    records.add_event(uow.db, order_id, State.INITIATED.value, uow.now)
    _record_answers(uow, person, order_id, checkout, asked=asked)
    order = get_order(uow, order_id)
    if checkout.method is Method.BANK:
        letters.write_initiated(uow, order, Buyer(checkout.email, token))
    return Placed(order, token)


def _record_answers(uow: UnitOfWork, person: str, order_id: str, checkout: Checkout, *, asked: bool) -> None:
    """Keep the basis of the order for its 30 days, and the proof of every box as it stood."""
    boxes = [(NEWS, NEWS_BOX, checkout.news)]
    if asked:
        boxes += [(ORDER, DELIVER_NOW.text, checkout.deliver_now), (ORDER, WAIVER.text, checkout.waiver)]
    answers = [Given(why, "box", words, "given" if ticked else "refused") for why, words, ticked in boxes]
    answers.append(Given(ORDER, "basis", "", "contract"))
    # A program was shown neither the notice nor the box, so nothing may follow from either.
    told = checkout.form != API
    if told and checkout.no_similar:
        answers.append(Given(SIMILAR, "box", NO_SIMILAR_BOX, "refused"))
        consent.end(uow, person, (SIMILAR,))
    elif told:
        answers.append(Given(SIMILAR, "notice", SIMILAR_NOTICE, "notified"))
    consent.record(uow, person, answers, Occasion(checkout.form, order_id, checkout.language))
    # Until it is paid the order is a beginning only: every basis ends with its 30 days, but for news asked for.
    until = uow.now + timedelta(days=OPEN_DAYS)
    bases: dict[Purpose, datetime | None] = dict.fromkeys(CONTRACT, until)
    if told and not checkout.no_similar:
        bases[SIMILAR] = until
    if checkout.news:
        bases[NEWS] = None
    consent.allow(uow, person, bases)


# -- after the payment -----------------------------------------------------------------------------------------------


def fulfil(uow: UnitOfWork, order_id: str) -> bool:
    """Give key and download, once: paid → fulfilled, the licence and the letter in one transaction.

    Returns False, and gives nothing, if the order is not paid, not due before day 15, or if what was bought is no
    longer offered (which flags it).
    """
    order = records.find_order(uow.db, order_id, lock=True)
    if order is None or order.buyer is None or not _is_due(order, uow):
        return False
    edition = _find_edition(uow, order)
    if edition is None:
        records.flag_order(uow.db, order_id, Flag.GONE, uow.now)
        return False
    if not records.move_order(uow.db, order_id, State.FULFILLED, fulfilled_at=uow.now):
        return False
    with vault.purpose(uow, ORDER, role="job"):
        buyer = order.buyer.open()
    records.unflag_order(uow.db, order_id, Flag.GONE)
    key = licences.issue(uow, Grounds(order.person, buyer.email, order.product, order.edition, order.line, edition.tag))
    records.add_event(uow.db, order_id, State.FULFILLED.value, uow.now)
    letters.write_key(uow, order, buyer, key.display)
    return True


def _is_due(order: Order, uow: UnitOfWork) -> bool:
    return order.deliver_at is not None and order.deliver_at <= uow.now


def _find_edition(uow: UnitOfWork, order: Order) -> Edition | None:
    product = records.find_product(uow.db, order.product)
    return None if product is None else product.find_edition(order.edition)


def cancel(uow: UnitOfWork, order: Order) -> None:
    """Call an unpaid order off; raises `WrongState`."""
    if not records.move_order(uow.db, order.id, State.CANCELLED, draft_sealed=None):
        raise WrongState
    records.add_event(uow.db, order.id, State.CANCELLED.value, uow.now)
    close_payments(uow, order.id)


def close_payments(uow: UnitOfWork, order_id: str) -> None:
    """Have the provider close every page on which an order could still be paid."""
    for attempt in records.list_attempts(uow.db, order=order_id):
        if attempt.reference is not None:
            payload: dict[str, str | int] = {"provider": attempt.provider, "reference": attempt.reference}
            enqueue(uow, "shop.close", payload, key=f"close:{attempt.id}")


def expire(uow: UnitOfWork, order_id: str) -> bool:
    """Forget what was typed for an order nobody paid within its 30 days; return whether it did."""
    moved = records.move_order(uow.db, order_id, State.EXPIRED, draft_sealed=None)
    if moved:
        records.add_event(uow.db, order_id, State.EXPIRED.value, uow.now)
        close_payments(uow, order_id)
    return moved


def resend(uow: UnitOfWork, order: Order, *, role: str) -> None:
    """Send the key again to the address on file; raises `WrongState` before there is one."""
    if order.state is not State.FULFILLED or order.buyer is None:
        raise WrongState
    with vault.purpose(uow, ORDER, role=role):
        buyer = order.buyer.open()
    key = licences.show_key(uow, order.line, role=role)
    letters.write_key(uow, order, buyer, key.display, once=new_id())
    records.add_event(uow.db, order.id, "resent", uow.now)


def may_reissue(order: Order, now: datetime) -> bool:
    """Whether the buying browser may still put the address right: there is a key, for less than 24 hours."""
    fulfilled_at = order.fulfilled_at if order.state is State.FULFILLED else None
    return fulfilled_at is not None and fulfilled_at + REISSUE_LIFE > now


def reissue(uow: UnitOfWork, order: Order, email: str, *, role: str) -> None:
    """Move an order to the right address: a new key, the old one retired, both addresses told.

    Raises `AddressRefused` or `WrongState`. The caller has checked that this browser may.
    """
    wanted = people.normalise(email)
    if order.state is not State.FULFILLED or order.buyer is None:
        raise WrongState
    with vault.purpose(uow, ORDER, role=role):
        before = order.buyer.open()
        invoice = None if order.invoice is None else order.invoice.open()
    if before.email == wanted:
        raise WrongState("This is the address we have. Nothing was changed.")
    person = people.get_or_add_person(uow, wanted)
    consent.record(uow, person, [Given(ORDER, "basis", "", "contract")], Occasion("reissue", order.id, order.language))
    consent.allow(uow, person, dict.fromkeys(CONTRACT))
    after = Buyer(wanted, before.token)
    session = vault.of(uow)
    records.change_order(
        uow.db,
        order.id,
        person=person,
        buyer_sealed=session.seal(BUYER, person, order.id, after),
        invoice_sealed=None if invoice is None else session.seal(INVOICE, person, order.id, invoice),
    )
    known = licences.find_licence(uow, order.line)
    if known is None:
        raise licences.LicenceUnknown
    key = licences.issue(uow, Grounds(person, wanted, order.product, order.edition, order.line, known.tag))
    records.add_event(uow.db, order.id, "reissued", uow.now)
    moved, made = replace(order, person=person), letters.MadeAnew(key, by_maker=role == "maker")
    letters.write_reissued(uow, order, before, made, show=False)
    letters.write_reissued(uow, moved, after, made, show=True)
    # Whoever reads the wrong address may have opened the order by a link in its mail.
    people.withdraw_grants(uow, LINKED, order.id)
    people.withdraw_links(uow, MAIL_LINK, order.id)
    _part_with(uow, order.person)


def _part_with(uow: UnitOfWork, person: str) -> None:
    """End every basis of somebody who has no order left here, but for the mail that tells them so."""
    if any(one.draft or one.buyer for one in records.list_orders(uow.db, person=person)):
        return
    consent.end(uow, person, (*(one for one in CONTRACT if one is not SERVICE), NEWS, SIMILAR))
    consent.shorten(uow, person, SERVICE, until=uow.now + LAST_WORDS)


# -- finding ---------------------------------------------------------------------------------------------------------


def get_order_by_token(uow: UnitOfWork, token: str) -> Order:
    """Return the order a link opens; raises `OrderUnknown`."""
    found = records.find_order_by_token(uow.db, token_index(token))
    if found is None:
        raise OrderUnknown
    return found


def get_order_by_number(uow: UnitOfWork, number: str) -> Order:
    """Return an order by its number, however it is typed or was heard; raises `OrderUnknown`."""
    letters_only = "".join(char for char in number.upper().translate(_HEARD_AS) if char.isalnum())
    found = records.find_order_by_number(uow.db, f"{letters_only[:4]}-{letters_only[4:]}")
    if found is None:
        raise OrderUnknown
    return found


def find_orders(uow: UnitOfWork, query: str, *, role: str) -> list[Order]:
    """Find orders by number or by exact address, as the office does; an empty list if there are none."""
    if "@" not in query:
        try:
            return [get_order_by_number(uow, query)]
        except OrderUnknown:
            return []
    person = people.find_person(uow, query, role=role)
    return [] if person is None else records.list_orders(uow.db, person=person)


def open_buyer(uow: UnitOfWork, order: Order, *, role: str) -> Buyer | Draft | None:
    """Open what we know of an order's buyer, for a role that may; None once it is erased or forgotten."""
    sealed = order.buyer or order.draft
    if sealed is None:
        return None
    try:
        with vault.purpose(uow, ORDER, role=role):
            return sealed.open()
    except (BasisEnded, KeyGone):
        return None


def open_invoice(uow: UnitOfWork, order: Order, *, role: str) -> Invoice | None:
    """Open what the books name of a business, for a role that may; None for a consumer."""
    if order.invoice is None:
        return None
    with vault.purpose(uow, ORDER, role=role):
        return order.invoice.open()


def invoice_lines(uow: UnitOfWork, order: Order, buyer: Buyer | Draft, *, role: str) -> str:
    """Return name, address and VAT id of a business in lines; empty for a consumer."""
    facts = buyer if isinstance(buyer, Draft) else open_invoice(uow, order, role=role)
    return "" if facts is None else "\n".join(one for one in (facts.name, facts.address, facts.vat_id) if one)


def get_order(uow: UnitOfWork, order_id: str) -> Order:
    """Return an order by its id; raises `OrderUnknown`."""
    found = records.find_order(uow.db, order_id)
    if found is None:
        raise OrderUnknown
    return found


def describe(uow: UnitOfWork, order: Order) -> str:
    """Return what stands on the provider's page: program and edition, nothing of the buyer."""
    product = get_product(uow, order.product)
    return f"{product.title} {get_edition(product, order.edition).name}"
