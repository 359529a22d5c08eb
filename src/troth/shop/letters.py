"""What the shop writes to a buyer, each letter at most once for its occasion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troth import mail
from troth.kernel.ids import new_id, token_index
from troth.licences import LicenceKey
from troth.shop import records
from troth.shop.epc import Account
from troth.shop.model import Buyer
from troth.shop.views import file_view, order_view, steps
from troth.shop.withdrawal import DELIVER_NOW, WAIVER
from troth.web.pages import translations

if TYPE_CHECKING:
    from troth.kernel.config import Settings
    from troth.kernel.money import Money
    from troth.kernel.work import UnitOfWork
    from troth.shop.model import Invoice, Order


def order_url(settings: Settings, token: str) -> str:
    """Return the address of an order's page."""
    return f"{settings.store.base_url}/orders/{token}"


def find_account(settings: Settings) -> Account | None:
    """Return the account buyers transfer to, if there is one."""
    bank = settings.payments.bank
    return None if bank is None else Account(name=settings.seller.legal_name, iban=bank.iban, bic=bank.bic)


def bank_view(settings: Settings, order: Order) -> dict[str, Any] | None:
    """Return what a buyer needs for the transfer; None for other ways to pay."""
    account = find_account(settings)
    if account is None or order.method.value != "bank":
        return None
    iban = " ".join(account.iban[start : start + 4] for start in range(0, len(account.iban), 4))
    return {
        "holder": account.name,
        "iban": iban,
        "bic": account.bic,
        "reference": order.number,
        "amount": order.sum.total,
    }


@dataclass(frozen=True)
class MadeAnew:
    """A key made anew for another address, by the buying browser or by the maker."""

    key: LicenceKey
    by_maker: bool


def write_initiated(uow: UnitOfWork, order: Order, buyer: Buyer) -> None:
    """Tell how to pay by transfer."""
    _write(uow, order, buyer, "initiated", bank=bank_view(uow.settings, order))


def write_receipt(uow: UnitOfWork, order: Order, buyer: Buyer, invoice: Invoice | None) -> None:
    """Confirm the payment."""
    named = (
        "" if invoice is None else "\n".join(part for part in (invoice.name, invoice.address, invoice.vat_id) if part)
    )
    _write(uow, order, buyer, "receipt", buyer=named, checkpoint="")


def write_later(uow: UnitOfWork, order: Order, buyer: Buyer) -> None:
    """Say that key and download come on day 15."""
    _write(uow, order, buyer, "later")


def write_key(uow: UnitOfWork, order: Order, buyer: Buyer, key: str, *, once: str = "") -> None:
    """Send key and downloads, and confirm the boxes ticked about delivery before the withdrawal period ends."""
    product = records.find_product(uow.db, order.product)
    releases = records.list_releases(uow.db, order.product)
    agreed = (DELIVER_NOW.text, WAIVER.text) if order.agreed else ()
    say, own = translations(order.language).gettext, order_url(uow.settings, buyer.token)
    _write(
        uow,
        order,
        buyer,
        "key",
        once=once,
        key=key,
        email=buyer.email,
        downloads=[file_view(one, own=own, base_url=uow.settings.store.base_url) for one in releases],
        steps=steps(product),
        agreed=[say(sentence) for sentence in agreed],
        agreed_on=order.created_at.date() if agreed else None,
    )


def write_link(uow: UnitOfWork, order: Order, buyer: Buyer, link: str) -> None:
    """Send the single-use link that opens the order's key and address."""
    address = f"{order_url(uow.settings, buyer.token)}/open/{link}"
    _write(uow, order, buyer, "link", once=token_index(link).hex()[:32], url=address)


def write_reissued(uow: UnitOfWork, order: Order, buyer: Buyer, made: MadeAnew, *, show: bool) -> None:
    """Tell an address that the key was made anew; only the right one is shown the key and the order's page."""
    key = made.key.display if show else ""
    once = f"{'new' if show else 'old'}-{new_id()}"
    _write(uow, order, buyer if show else Buyer(buyer.email, ""), "reissued", once=once, key=key, maker=made.by_maker)


def write_refund(uow: UnitOfWork, order: Order, buyer: Buyer, amount: Money, *, revoked: bool) -> None:
    """Say that money goes back."""
    _write(uow, order, buyer, "refund", amount=amount, revoked=revoked)


def _write(uow: UnitOfWork, order: Order, to: Buyer, template: str, *, once: str = "", **context: object) -> None:
    """Queue one letter about an order; `once` tells two occasions of the same kind apart."""
    url = order_url(uow.settings, to.token) if to.token else uow.settings.store.base_url
    view = order_view(uow, order, translations(order.language).gettext, url=url)
    mail.queue(
        uow,
        mail.Letter(
            person=order.person,
            to=to.email,
            kind=template,
            template=template,
            purpose=mail.SERVICE,
            context={"order": view} | context,
            once=f"{template}:{order.id}:{once}",
            language=order.language,
        ),
    )
