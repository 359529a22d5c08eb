"""A small store's declarations, with everything the language can say, and the schema and settings they fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from troth.kernel.config import (
    BankSettings,
    DatabaseSettings,
    MailSettings,
    ObjectSettings,
    PaymentSettings,
    SellerSettings,
    Settings,
    StoreSettings,
    StripeSettings,
    VaultSettings,
)
from troth.policy.compiler import ColumnFacts, ColumnKind, Schema, compile_policy
from troth.policy.language import (
    Basis,
    Cookie,
    CookieCategory,
    FieldRule,
    FileStore,
    Form,
    Kind,
    OnErase,
    PartPolicy,
    Personal,
    Purpose,
    Recipient,
    Retention,
    Role,
    SealedRecord,
    Sentence,
    Table,
    Topic,
)
from troth.policy.lock import Lock, PolicySettings


class Buyer(Personal, frozen=True):
    email: str
    name: str | None = None


class Paid(Personal, frozen=True):
    amount: int
    vat_id: str


class Seen(Personal, frozen=True):
    ip: bytes
    pages: tuple[str, ...]


FULFIL = Purpose("fulfil", Basis.CONTRACT, "to send you what you bought")
TAX = Purpose("tax", Basis.LEGAL, "to account for the tax", "dpv:TaxCompliance")
NEWS = Purpose("news", Basis.CONSENT, "to write to you about new versions", "dpv:DirectMarketing", mail="news")
COUNT = Purpose("count", Basis.CONSENT, "to count visits", category=CookieCategory.ANALYTICAL)
SAFETY = Purpose("safety", Basis.INTEREST, "to keep attackers out", "dpv:EnforceSecurity")

ORDER = Retention("order", 365, "the end of the year you ordered in", "Guarantee runs that long.", least=30)
TEN_YEARS = Retention("tax", 3650, "the end of the year of the payment", "Tax law asks for it.")
WISHED = Retention("wished", None, "until you take it back", "You asked for it.")

BUYER: SealedRecord[Buyer] = SealedRecord(
    name="shop.buyer",
    struct=Buyer,
    retention=ORDER,
    purposes=(FULFIL, NEWS),
    readers=("buyer", "maker", "helper", "job"),
    fields={
        "email": FieldRule("e-mail address", "so that your key reaches you"),
        "name": FieldRule("name", "printed on the invoice", optional=True),
    },
)
PAID: SealedRecord[Paid] = SealedRecord(
    name="shop.paid",
    struct=Paid,
    retention=TEN_YEARS,
    purposes=(TAX,),
    readers=("buyer", "maker"),
    fields={
        "amount": FieldRule("amount", "it is what you paid"),
        "vat_id": FieldRule("VAT number", "the tax office asks for it", topic=Topic.OTHER),
    },
)
SEEN: SealedRecord[Seen] = SealedRecord(
    name="visits.seen",
    struct=Seen,
    retention=WISHED,
    purposes=(COUNT, SAFETY),
    readers=("buyer", "job"),
    fields={
        "ip": FieldRule("IP address", "to tell visits apart"),
        "pages": FieldRule("pages", "to see what is read", topic=Topic.VISIT),
    },
)

SHOP = PartPolicy(
    part="shop",
    purposes=(FULFIL, TAX),
    records=(BUYER, PAID),
    roles=(Role("helper", "who helps the maker"),),
    tables=(
        Table(
            "purchase",
            plain={"id": "a random number", "state": "where the order stands"},
            sealed={"buyer_sealed": BUYER},
            indexed={"email_index": "shop.buyer.email"},
            subject="person",
        ),
        Table(
            "ledger",
            plain={"id": "a random number", "person": "a random number that stands for a person"},
            sealed={"paid_sealed": PAID},
            subject="person",
            on_erase=OnErase.SEVER,
            because="The books stay complete.",
        ),
    ),
    recipients=(
        Recipient(
            "Stripe",
            "payments.stripe",
            "to take your payment",
            "the amount and a random number",
            host_setting="payments.stripe.api_base",
            where="Ireland",
        ),
        Recipient("the maker's bank", "payments.bank", "to receive transfers", "what you write in your transfer"),
    ),
    files=(FileStore("programs", "objects/", "the programs we sell", personal=False, kept="always"),),
    forms=(
        Form(
            "checkout",
            {"email": "shop.buyer.email", "name": "shop.buyer.name", "total": None},
            {"total": "to see that the sum did not change"},
        ),
    ),
    sentences=(
        Sentence(1, Kind.DISCLOSES, "We sell software online.", "A canary buys.", ("purchase",)),
        Sentence(5, Kind.PROMISES, "Every payment is recorded.", "N payments, N rows.", ("ledger", "gap")),
    ),
)
MAIL = PartPolicy(
    part="mail",
    purposes=(NEWS,),
    tables=(Table("silence", plain={"id": "a random number"}, on_erase=OnErase.KEEP, because="It keeps mail away."),),
    recipients=(
        Recipient(
            "the mail relay",
            "mail.url",
            "to deliver mail",
            "your address and the mail",
            host_setting="mail.url",
            fields=("shop.buyer.email",),
        ),
        Recipient("the object store", "objects.url", "to keep files", "programs", "objects.url", "s3.example"),
    ),
)
VISITS = PartPolicy(
    part="visits",
    purposes=(COUNT, SAFETY),
    records=(SEEN,),
    cookies=(
        Cookie("troth_session", CookieCategory.MANDATORY, 0, "so that your order page knows you"),
        Cookie("troth_visit", CookieCategory.ANALYTICAL, 86400 * 30, "to count a visitor once"),
    ),
    files=(FileStore("visit log", "visits/", "visits, sealed", personal=True, kept="30 days", sealed=(SEEN,)),),
)
PARTS = (SHOP, MAIL, VISITS)

_TEXT = ColumnFacts(ColumnKind.TEXT)
_PERSON = ColumnFacts(ColumnKind.TEXT, nullable=True)
_BLOB = ColumnFacts(ColumnKind.BLOB)
SCHEMA: Schema = {
    "purchase": {"id": _TEXT, "state": _TEXT, "buyer_sealed": _BLOB, "email_index": _BLOB, "person": _PERSON},
    "ledger": {"id": _TEXT, "paid_sealed": _BLOB, "person": _PERSON},
    "silence": {"id": _TEXT},
}
SETTINGS = Settings(
    dir=Path("store"),
    store=StoreSettings("Fernside", "https://shop.example"),
    seller=SellerSettings("Fernside Software", "Kiel", "DE", "privacy@shop.example"),
    database=DatabaseSettings("sqlite://"),
    vault=VaultSettings("sqlite://", Path("store.key")),
    objects=ObjectSettings("s3://bucket"),
    mail=MailSettings("smtp+starttls://user:secret@relay.example:587", "shop@shop.example"),
    payments=PaymentSettings(
        StripeSettings("sk_test_1", "whsec_1", "https://api.stripe.example:8443"), BankSettings("DE00")
    ),
    policy={},
    limits={},
)
FORMS: Mapping[str, frozenset[str]] = {"checkout": frozenset({"email", "name", "total"})}


def compiled(
    *parts: PartPolicy, schema: Schema = SCHEMA, settings: Settings = SETTINGS, wording: PolicySettings | None = None
) -> Lock:
    """Compile the sample, or other parts, in the sample's store."""
    return compile_policy(
        parts or PARTS, schema=schema, settings=settings, wording=wording or PolicySettings(), forms=FORMS
    )


def with_shop(**changes: object) -> tuple[PartPolicy, ...]:
    """Return the sample with another shop."""
    return (replace(SHOP, **changes), MAIL, VISITS)  # type: ignore[arg-type]
