"""A small declaration for the vault's tests: a buyer for thirty days, tax fields for ten years."""

from __future__ import annotations

from troth.kernel.ids import new_id
from troth.kernel.work import UnitOfWork
from troth.policy.language import (
    Basis,
    FieldRule,
    PartPolicy,
    Personal,
    Purpose,
    Retention,
    SealedRecord,
)
from troth.vault import Sealed, of
from troth.vault import policy as vault_policy

DELIVER = Purpose("deliver", Basis.CONTRACT, "to deliver what you bought")
TAXES = Purpose("taxes", Basis.LEGAL, "to pay our taxes")
NEWS = Purpose("news", Basis.CONSENT, "to tell you what is new")
ORDER = Retention("order", 30, "the order", "so that it can be delivered")
TAX = Retention("tax", 3650, "the end of the year", "the law asks for it")


class Buyer(Personal, frozen=True):
    """Who bought."""

    email: str
    name: str = ""


class Invoice(Personal, frozen=True):
    """What the tax office asks for."""

    address: str


BUYER: SealedRecord[Buyer] = SealedRecord(
    name="order.buyer",
    struct=Buyer,
    retention=ORDER,
    purposes=(DELIVER, TAXES),
    readers=("job", "maker"),
    fields={"email": FieldRule("e-mail", "to deliver"), "name": FieldRule("name", "to greet you")},
)
INVOICE: SealedRecord[Invoice] = SealedRecord(
    name="order.invoice",
    struct=Invoice,
    retention=TAX,
    purposes=(TAXES,),
    readers=("maker",),
    fields={"address": FieldRule("address", "for the invoice")},
)
POLICY = PartPolicy(part="test", purposes=(DELIVER, TAXES, NEWS), records=(BUYER, INVOICE))
PARTS = (vault_policy.POLICY, POLICY)
ADA = Buyer(email="ada@example.com", name="Ada Lovelace")


def seal_buyer(uow: UnitOfWork, person: str, buyer: Buyer = ADA, row: str = "") -> Sealed[Buyer]:
    """Seal a buyer as a row of their own would."""
    row = row or new_id()
    return Sealed(BUYER, person, row, of(uow).seal(BUYER, person, row, buyer))


def seal_invoice(uow: UnitOfWork, person: str, address: str = "Kiel") -> Sealed[Invoice]:
    """Seal an invoice as a row of its own would."""
    row = new_id()
    return Sealed(INVOICE, person, row, of(uow).seal(INVOICE, person, row, Invoice(address)))
