"""What the shop collects: who buys what, and what the tax office wants."""

from __future__ import annotations

from troth.people.policy import CUSTOMER
from troth.policy.language import (
    Basis,
    FieldRule,
    FileStore,
    Form,
    Kind,
    OnErase,
    PartPolicy,
    Purpose,
    Recipient,
    Retention,
    SealedRecord,
    Sentence,
    Table,
)
from troth.shop.model import OPEN_DAYS, Buyer, Draft, Invoice

ORDER = Purpose(
    name="order",
    basis=Basis.CONTRACT,
    text="to carry out your order: to take the payment, give you key and download, and help you with it",
    dpv="dpv:FulfilmentOfContractualObligation",
)
BOOKS = Purpose(
    name="books",
    basis=Basis.LEGAL,
    text="to keep the books that tax law asks for",
    dpv="dpv:LegalCompliance",
)
OPEN = Retention(
    name="open order",
    days=OPEN_DAYS,
    counts_from="the moment you press the button",
    reason="So long an order can still be paid; then it is forgotten.",
    least=OPEN_DAYS,
)
TAX = Retention(
    name="tax",
    days=10 * 366,
    counts_from="the payment",
    reason="Tax law asks for invoices that long, and the EU's one-stop shop for ten years.",
)
_EMAIL = FieldRule("your e-mail address", "Your licence key is made from it, and we send your key and receipt there.")
_TOKEN = FieldRule("the link to your order", "So that we can send you the link again.")
_BUSINESS = {
    "name": FieldRule("your name or company", "The invoice of a business must name it.", optional=True),
    "address": FieldRule("your address", "The invoice of a business must say where it is.", optional=True),
    "vat_id": FieldRule("your VAT number", "It is printed on the invoice.", optional=True),
}
DRAFT: SealedRecord[Draft] = SealedRecord(
    name="order.draft",
    struct=Draft,
    retention=OPEN,
    purposes=(ORDER,),
    readers=("buyer", "maker", "job"),
    fields={"email": _EMAIL, "token": _TOKEN, **_BUSINESS},
)
BUYER: SealedRecord[Buyer] = SealedRecord(
    name="order.buyer",
    struct=Buyer,
    retention=CUSTOMER,
    purposes=(ORDER,),
    readers=("buyer", "maker", "job"),
    fields={"email": _EMAIL, "token": _TOKEN},
)
INVOICE: SealedRecord[Invoice] = SealedRecord(
    name="order.invoice",
    struct=Invoice,
    retention=TAX,
    purposes=(ORDER, BOOKS),
    readers=("buyer", "maker", "job"),
    fields=_BUSINESS,
)
POLICY = PartPolicy(
    part="shop",
    purposes=(ORDER, BOOKS),
    records=(DRAFT, BUYER, INVOICE),
    tables=(
        Table(
            name="product",
            plain={
                "slug": "the program's name in addresses",
                "position": "its place in the list",
                "page": "what its page says",
                "updated_at": "when it was last changed",
            },
        ),
        Table(
            name="release",
            plain={
                "id": "a random number that names the file",
                "product": "which program",
                "version": "which version",
                "label": "what the link says",
                "os": "for which systems",
                "trial": "whether everybody may have it",
                "name": "the file's name",
                "object": "where the file lies",
                "size": "its size",
                "sha256": "its checksum",
                "released_on": "the day it came out",
            },
        ),
        Table(
            name="orders",
            plain={
                "id": "a random number that names the order",
                "number": "the order number, random",
                "token_index": "a one-way mark of the order's link",
                "once": "a one-way mark of the form it came from, so that pressing twice orders once",
                "person": "a random number that stands for a person",
                "state": "where the order stands",
                "product": "which program",
                "edition": "which edition",
                "currency": "the currency paid in",
                "net": "the amount without tax",
                "tax": "the tax",
                "total": "the amount with tax",
                "tax_country": "the country whose tax it is, as tax law asks",
                "tax_rate": "the tax rate",
                "tax_regime": "the rule it was taxed by",
                "tax_table": "which table of rates was used",
                "tax_notice": "what is printed where no tax is charged",
                "country": "the country you stated, as tax law asks",
                "business": "whether you buy as a business",
                "method": "how it is paid",
                "waits": "whether key and download wait for the end of the withdrawal period",
                "asked": "whether the two boxes about delivery were shown",
                "language": "the language of our mails to you",
                "evidence_country": "the country of the card or account, as tax law asks",
                "flag": "what the maker should look at",
                "created_at": "when you pressed the button",
                "deliver_at": "when key and download are due",
                "paid_at": "when it was paid",
                "fulfilled_at": "when key and download were given",
                "refunded_at": "when it was refunded",
            },
            sealed={"draft_sealed": DRAFT, "buyer_sealed": BUYER, "invoice_sealed": INVOICE},
            subject="person",
            on_erase=OnErase.SEVER,
            because="Amount, tax and country stay for the books; who it was is destroyed.",
        ),
        Table(
            name="order_event",
            plain={
                "order": "which order",
                "number": "the place in its history",
                "kind": "what happened",
                "at": "when",
                "detail": "a word on it, never about a person",
            },
        ),
        Table(
            name="payment_attempt",
            plain={
                "id": "a random number that names the attempt",
                "order": "which order",
                "provider": "with which payment provider",
                "reference": "the provider's number for it",
                "url": "the provider's page to pay on",
                "return_index": "a one-way mark of the address you come back to",
                "returned_at": "when you came back",
                "state": "where it stands",
                "created_at": "when it began",
                "expires_at": "when the provider closes it",
            },
        ),
        Table(
            name="payment",
            plain={
                "number": "the place in the ledger, without a gap",
                "id": "a random number that names the row",
                "order": "which order",
                "kind": "payment or refund",
                "provider": "who moved the money",
                "reference": "the provider's number for it",
                "minor": "the amount",
                "currency": "its currency",
                "at": "when",
                "hash": "a checksum over this row and the one before",
            },
            on_erase=OnErase.KEEP,
            because="Every payment is recorded; the row names nobody.",
        ),
        Table(
            name="webhook",
            plain={
                "provider": "who told us",
                "event": "the provider's number of the message",
                "type": "what kind of message",
                "object": "the provider's number of what it is about",
                "at": "when it was made",
                "seen_at": "when it came",
            },
        ),
    ),
    recipients=(
        Recipient(
            name="Stripe",
            setting="payments.stripe",
            step="You pay by card on its page; what you type there goes to it, not to us.",
            receives="the amount and its currency, the name of the program, a random number that stands for the order, "
            "and the address to come back to",
            where="Stripe Payments Europe, Ireland; it works worldwide",
            host_setting="payments.stripe.api_base",
            default_host="api.stripe.com",
        ),
        Recipient(
            name="our bank",
            setting="payments.bank",
            step="You pay by bank transfer from your bank to ours.",
            receives="what your bank writes on the transfer: your name, your account, the amount and the order number",
        ),
        Recipient(
            name="our object host",
            setting="objects.url",
            step="It keeps the files you download.",
            receives="the programs we publish; nothing of yours",
            host_setting="objects.url",
            default_host="s3.amazonaws.com",
        ),
    ),
    files=(
        FileStore(
            "programs",
            "objects/",
            "the files people download and pictures of programs",
            personal=False,
            kept="as long as they are offered",
        ),
    ),
    forms=(
        Form(
            name="checkout",
            fields={
                "email": "order.draft.email",
                "name": "order.draft.name",
                "address": "order.draft.address",
                "vat_id": "order.draft.vat_id",
                "country": "orders.country",
                "edition": "orders.edition",
                "business": "orders.business",
                "payment": "orders.method",
                "deliver_now": "consent.receipt.answer",
                "waiver": "consent.receipt.answer",
                "news": "consent.receipt.answer",
                "no_similar": "consent.receipt.answer",
                "total": None,
                "currency": "orders.currency",
                "once": None,
                "sure": None,
                "step": None,
            },
            transient={
                "total": "It is the sum you saw; an order with another sum is refused.",
                "once": "A random number, so that pressing twice orders once.",
                "sure": "The address you were asked about, so that we ask only once.",
                "step": "It says which button was pressed.",
            },
            why={
                "country": "It decides the tax, and tax law asks us to keep it.",
                "edition": "It says what you buy.",
                "business": "An invoice to a business must name it.",
                "payment": "It says how you pay.",
                "deliver_now": "The law wants your word that we may deliver before your right to withdraw has ended.",
                "waiver": "The law wants you to know that this ends your right to withdraw.",
                "news": "We write to you about other things only if you ask for it.",
                "no_similar": "We may write to customers unless they object, so we ask you first.",
                "currency": "It says what you pay in.",
            },
        ),
        Form(name="reissue", fields={"email": "order.draft.email"}),
        Form(
            name="link",
            fields={"confirm": None},
            transient={"confirm": "It says that you pressed the button."},
        ),
        Form(
            name="cancel",
            fields={"confirm": None},
            transient={"confirm": "It says that you pressed the button."},
        ),
    ),
    sentences=(
        Sentence(
            number=1,
            kind=Kind.DISCLOSES,
            text="We sell software online.",
            plain="A test buyer orders, pays and gets key and program; the form asks for nothing that is not declared.",
            probes=("purchase_end_to_end", "fields_declared"),
        ),
        Sentence(
            number=5,
            kind=Kind.DISCLOSES,
            text="Every payment is recorded.",
            plain="Several test payments give just as many rows in the ledger, each one's checksum right, no gap.",
            probes=("payments_recorded", "ledger_verifies"),
        ),
    ),
)
