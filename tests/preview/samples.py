"""A realistic context for every template, in each state a visitor can meet; drawn by the preview, used by tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace as View
from typing import Any

from markupsafe import Markup

from tests.preview.texts import COUNTRIES, PROMISES, QUESTIONS, privacy_document
from troth.kernel.config import SellerSettings
from troth.kernel.money import Money
from troth.shop import epc
from troth.web.forms import Control, FormView, Note

HASH = "9f2c1ab4e17b06d35c8840f1be77a2d9c3e61f508b94d7aa02e5c61b3f7d8e90"
SHA = "3b7e0f6a9c51d2848e1f7ab0c4d96352f80e1b7a6c2d4953e0f18a7b6c5d4e32"
TODAY = date(2026, 11, 22)
LATER = date(2026, 12, 7)
KEY = "7KQ2M-XB9WT-4HN6R-PD0CY-8VJ3F"
ADDRESS = "Anna Lindqvist\nHolstenstraße 14\n24103 Kiel"

STORE = View(
    name="Fernside Software",
    base_url="https://fernside.example",
    demo=True,
    seller=SellerSettings(
        legal_name="Fernside Software",
        address=ADDRESS,
        country="DE",
        contact="hello@fernside.example",
        register="Amtsgericht Kiel, HRA 10413",
        vat_id="DE129273398",
        tax="oss",
    ),
)
POLICY = View(hash=HASH, revision=3)
NOTE = Note(
    "Your licence key is made from it, and key and receipt go there.",
    "As long as your key is in use; the receipt 10 years, as tax law asks.",
    "You, the maker, and our mail relay for delivery.",
)


@dataclass(frozen=True)
class Sample:
    """One page or mail in one state: the template, a short name for it, where it stands and its variables."""

    template: str
    name: str
    path: str
    context: Mapping[str, Any] = field(default_factory=dict)


def amounts(net: int, tax: int | None) -> View:
    """Return a sum in euro cents with German VAT; without a tax it is the small-business rule."""
    if tax is None:
        notice = "No VAT is charged: the seller is exempt as a small business."
        price = Money(net, "EUR")
        return View(net=price, tax=None, total=price, tax_name="", label="no VAT", notice=notice)
    return View(
        net=Money(net, "EUR"),
        tax=Money(tax, "EUR"),
        total=Money(net + tax, "EUR"),
        tax_name="19 % VAT (Germany)",
        label="incl. 19 % VAT (Germany)",
        notice=None,
    )


HOME, STUDIO = amounts(3900, 741), amounts(8900, 1691)
CAPTURE = View(
    src="/capture.svg",
    alt="The back-up report: 412 files copied, all read back without an error",
    width=960,
    height=620,
    caption="What it says after a night’s work. Captured from version 3.4.1.",
    svg=None,
)
TRIAL = View(
    url="/downloads/fernside-backup-3.4.1.pyz",
    label="fernside-backup-3.4.1.pyz",
    os="Linux, macOS, Windows",
    version="3.4.1",
    size=6_204_511,
    sha256=SHA,
    released_on=date(2026, 11, 12),
)
EDITIONS = (
    View(
        id="home",
        name="Home",
        per="once",
        sum=HOME,
        differs=("3 devices, free one in a click", "a year of updates", "one person"),
        url="/checkout/fernside-backup?edition=home&country=DE",
        button="Order and pay 46.41 €",
    ),
    View(
        id="studio",
        name="Studio",
        per="once",
        sum=STUDIO,
        differs=("10 devices", "three years of updates", "schedules and a log for audits"),
        url="/checkout/fernside-backup?edition=studio&country=DE",
        button="Order and pay 105.91 €",
    ),
)
PRODUCT = View(
    slug="fernside-backup",
    title="Fernside Backup",
    promise="Puts your files back, every time.",
    lead="It copies what changed, proves it can be read again, and tells you in one sentence a day. Nothing else.",
    points=(
        "Reads every copy back and compares it, so you learn of a dying disk before you need the copy.",
        "Finds what changed in seconds, even among a million files.",
        "Plain files in plain folders: you can restore without us.",
    ),
    badge="Works offline. Your key stays valid if we vanish.",
    capture=CAPTURE,
    requirements="Needs Python 3.11 or newer, which Linux and macOS bring along. 60 MB of memory.",
    editions=EDITIONS,
    trials=(TRIAL,),
    licence=(
        "Yours for good: the version you bought never stops working.",
        "Updates for a year (Studio: three); after that you keep the last one.",
        "Sell it on if you stop using it. No account needed.",
    ),
    news=(
        View(
            version="3.4.1",
            released_on=date(2026, 11, 12),
            changes=("Reads back 40 % faster on spinning disks.", "Keeps extended attributes on macOS."),
        ),
        View(version="3.4", released_on=date(2026, 9, 30), changes=("Says how long the next run will take.",)),
    ),
    questions=QUESTIONS,
)


def control(name: str, label: str, **rest: Any) -> Control:
    """Return a control with the note of the policy, unless told otherwise."""
    return Control(name=name, label=label, **{"note": NOTE, **rest})


def checkout_form(**changes: Mapping[str, Any]) -> FormView:
    """Return the checkout as it opens; `changes` replace values of single controls."""
    controls = (
        Control("once", "", kind="hidden", value="m1yq8rJ0Qe2c5cXbq0yJ0A"),
        Control("total", "", kind="hidden", value="home:4641:EUR studio:10591:EUR"),
        control("edition", "Edition", kind="radio", value="home", options=(("home", "Home"), ("studio", "Studio"))),
        control("email", "Your e-mail address", kind="email", autocomplete="email", inputmode="email"),
        control(
            "country", "Your country", kind="select", value="DE", options=COUNTRIES, autocomplete="country", hint=None
        ),
        control("business", "I buy as a business", kind="checkbox", value="yes", required=False, note=None),
        control("name", "Name or company", required=False, autocomplete="organization"),
        control("address", "Address", kind="textarea", required=False, autocomplete="street-address"),
        control("vat_id", "VAT number", required=False, hint="Printed on the invoice. VAT is charged all the same."),
        control(
            "payment",
            "How do you want to pay?",
            kind="radio",
            value="card",
            options=(("card", "Card, at Stripe"), ("bank", "Bank transfer, usually one working day")),
        ),
        control(
            "deliver_now",
            "Send me the key and the download at once, before the 14 days in which I may withdraw have passed.",
            kind="checkbox",
            value="yes",
            required=False,
        ),
        control(
            "waiver",
            "I know that I lose my right to withdraw from this purchase once the key and the download are sent.",
            kind="checkbox",
            value="yes",
            required=False,
        ),
        control(
            "news",
            "Write to me when there is a new version or a new program, a few times a year.",
            kind="checkbox",
            value="yes",
            required=False,
        ),
        control("no_similar", "No, please do not.", kind="checkbox", value="yes", required=False, note=None),
    )
    return FormView(
        "checkout",
        "/checkout/fernside-backup",
        {one.name: replace(one, **changes.get(one.name, {})) for one in controls},
        tuple((name, change["error"]) for name, change in changes.items() if "error" in change),
    )


NOTICE = "As a customer you may hear from us about our own similar programs. You can stop that now or at any time."


def checkout(name: str, form: FormView, **rest: Any) -> Sample:
    """Return the checkout in one state."""
    usual = {
        "product": PRODUCT,
        "form": form,
        "editions": EDITIONS,
        "changed": None,
        "suggestion": "",
        "day_15": LATER,
        "notice": NOTICE,
    }
    return Sample("shop/checkout.html", name, "/checkout/fernside-backup", {**usual, **rest})


def business_only() -> FormView:
    """Return a checkout without boxes about withdrawal: nobody there has that right."""
    form = checkout_form(country={"value": "CH"})
    kept = {name: one for name, one in form.controls.items() if name not in {"deliver_now", "waiver", "no_similar"}}
    return replace(form, controls=kept)


def order_view(state: str, **rest: Any) -> View:
    """One order in one state."""
    usual = {
        "number": "7KQ2-M4XB",
        "product": "Fernside Backup",
        "slug": "fernside-backup",
        "edition": "Home",
        "url": "/orders/x7dPq0",
        "placed_on": TODAY,
        "sum": HOME,
        "state": state,
        "payment": "card",
        "delivers_on": None,
        "expires_on": date(2026, 12, 22),
        "refunded_on": None,
    }
    return View(**{**usual, **rest})


def transfer(amount: Money) -> View:
    """Where to transfer to."""
    account = epc.Account("Fernside Software", "DE02120300000000202051", "BYLADEM1001")
    code = epc.svg(epc.payload(account, amount, "7KQ2-M4XB"), "The same data as a code for your banking app")
    return View(
        holder=account.name,
        iban="DE02 1203 0000 0000 2020 51",
        bic=account.bic,
        reference="7KQ2-M4XB",
        amount=amount,
        qr=Markup(code),  # noqa: S704 - our own drawing
    )


LINK = FormView("link", "/orders/x7d/link", {"confirm": Control("confirm", "", kind="hidden", value="yes")})
REISSUE = FormView(
    "reissue",
    "/orders/x7d/reissue",
    {"email": control("email", "The right address", kind="email", autocomplete="email", inputmode="email")},
)
STEPS = (
    "Start the program you downloaded: python3 fernside-backup-3.4.1.pyz",
    "Choose “Enter a key” and paste it. A typing slip is found and shown before it is used.",
    "That is all. It asks our server once whether the key is good, and works without us afterwards.",
)
PRIVATE = View(email="mira@meadow.example", key=KEY, buyer="")


def order(name: str, view: View, **rest: Any) -> Sample:
    """Return the order page in one state."""
    usual = {
        "order": view,
        "pay_url": "",
        "bank": None,
        "private": None,
        "downloads": (),
        "steps": STEPS,
        "reissue": None,
        "link": None,
        "said": "",
        "cancel": None,
    }
    return Sample("shop/order.html", name, "/orders/x7dPq0", {**usual, **rest})


def orders() -> Iterator[Sample]:
    """Yield the order page in every state."""
    yield order("order", order_view("fulfilled"), private=PRIVATE, downloads=(TRIAL,), reissue=REISSUE)
    yield order(
        "order-elsewhere", order_view("fulfilled"), downloads=(TRIAL,), link=LINK, said="The link is on its way."
    )
    call_off = FormView(
        "cancel", "/orders/x7dPq0/cancel", {"confirm": Control("confirm", "", kind="hidden", value="yes")}
    )
    yield order("order-unpaid", order_view("initiated"), pay_url="/orders/x7dPq0/pay", cancel=call_off)
    yield order("order-transfer", order_view("initiated", payment="bank"), bank=transfer(HOME.total))
    waiting = View(
        email="mira@meadow.example", key="", buyer="Meadow & Daughters\nRue Verte 3\n75011 Paris\nFR40303265045"
    )
    yield order("order-day-15", order_view("paid", delivers_on=LATER), private=waiting)
    yield order("order-paid", order_view("paid"))
    yield order("order-failed", order_view("failed", sum=amounts(3900, None)), pay_url="/orders/x7dPq0/pay")
    yield order("order-cancelled", order_view("cancelled"))
    yield order("order-expired", order_view("expired"))
    yield order("order-refunded", order_view("refunded", refunded_on=TODAY))


def office() -> Iterator[Sample]:
    """Yield the office's orders: the latest, an answer without a find, and an empty store."""
    query = control("query", "Order number or exact address", kind="search", note=None, hint="Parts are not searched.")
    search = FormView("search", "/office/orders", {"query": query})
    usual = {"product": "Fernside Backup", "edition": "Home", "placed_on": TODAY, "total": HOME.total, "flag": ""}
    person = View(
        email="mira@meadow.example",
        name="Meadow & Daughters",
        address="Rue Verte 3\n75011 Paris",
        vat_id="",
        reason="she asked for help",
    )
    rows = (
        View(
            **usual,
            number="7KQ2-M4XB",
            country="DE",
            state="fulfilled",
            url="/orders/a",
            can={"refund", "resend"},
            person=None,
        ),
        View(
            **usual, number="C08R-11WZ", country="FR", state="initiated", url="/orders/b", can={"confirm"}, person=None
        ),
        View(
            **{**usual, "flag": "Stated France, the card is from Belgium."},
            number="PD0C-Y8VJ",
            country="FR",
            state="paid",
            url="/orders/c",
            can={"refund"},
            person=person,
        ),
        View(**usual, number="N6RH-0002", country="NO", state="failed", url="/orders/d", can=set(), person=None),
        View(**usual, number="N6RH-0003", country="NO", state="refunded", url="/orders/e", can=set(), person=None),
        View(**usual, number="N6RH-0004", country="NO", state="cancelled", url="/orders/f", can=set(), person=None),
        View(**usual, number="N6RH-0005", country="NO", state="expired", url="/orders/g", can=set(), person=None),
    )
    reasons = (
        ("help", "the person asked for help"),
        ("tax", "the tax office asks"),
        ("payment", "a payment is unclear"),
    )
    common = {"search": search, "reasons": reasons, "said": ""}
    page = "shop/office_orders.html"
    yield Sample(
        page, "office", "/office/orders", {**common, "asked": False, "orders": rows, "said": "The mail is queued."}
    )
    yield Sample(page, "office-none", "/office/orders", {**common, "asked": True, "orders": ()})
    yield Sample(page, "office-empty", "/office/orders", {**common, "asked": False, "orders": ()})


def shop() -> Iterator[Sample]:
    """Home, product, checkout and the pages of text."""
    others = (
        View(
            slug="fernside-recover",
            title="Fernside Recover",
            promise="Finds what a card or disk still holds.",
            capture=None,
            sum=HOME,
            editions=1,
        ),
        View(
            slug="fernside-diskhealth",
            title="Fernside Disk Health",
            promise="Says which disk will die next.",
            capture=None,
            sum=None,
            editions=0,
        ),
    )
    first = View(slug=PRODUCT.slug, title=PRODUCT.title, promise=PRODUCT.promise, capture=CAPTURE, sum=HOME, editions=2)
    intro = "Three small programs for people who would rather not lose anything. Made in Kiel by one person since 2011."
    kept = View(proven=6, published=6, at=datetime(2026, 11, 22, 4, 10, tzinfo=UTC))
    yield Sample("shop/home.html", "home", "/", {"intro": intro, "products": (first, *others), "kept": kept})
    yield Sample("shop/home.html", "home-empty", "/", {"intro": "", "products": (), "kept": None})
    product = {"product": PRODUCT, "country": View(code="DE", name="Germany"), "countries": COUNTRIES, "sells": True}
    yield Sample("shop/product.html", "product", "/products/fernside-backup", product)
    bare = View(
        **{
            **vars(PRODUCT),
            "lead": "",
            "badge": "",
            "capture": None,
            "trials": (),
            "news": (),
            "questions": (),
            "requirements": "",
        }
    )
    yield Sample(
        "shop/product.html", "product-bare", "/products/fernside-backup", {**product, "product": bare, "sells": False}
    )
    yield checkout("checkout", checkout_form())
    wrong = checkout_form(
        email={
            "value": "mira@gmial",
            "error": "This does not look like an e-mail address; a point is missing after the @.",
        },
        business={"checked": True},
        vat_id={
            "value": "DE12",
            "error": "A German VAT number has DE and nine digits. Leave it empty if you have none.",
        },
    )
    yield checkout(
        "checkout-errors", wrong, suggestion="mira@gmail.com", changed=View(before=HOME.total, now=STUDIO.total)
    )
    yield checkout("checkout-hint", checkout_form(email={"value": "mira@gmial.com"}), suggestion="mira@gmail.com")
    yield checkout("checkout-changed", checkout_form(), changed=View(before=HOME.total, now=STUDIO.total))
    yield checkout("checkout-abroad", business_only(), day_15=None, notice="")
    link = View(
        title="Show key and address",
        text="One more click opens order 7KQ2-M4XB in this browser.",
        button="Open the order",
        hint="This sets one cookie, which ends after an hour.",
    )
    yield Sample("shop/link.html", "link", "/orders/link/x", {"link": link, "form": LINK, "again": ""})
    yield Sample(
        "shop/link.html", "link-used", "/orders/link/x", {"link": link, "form": None, "again": "/orders/x7dPq0#link"}
    )
    further = (
        View(heading="Support", paragraphs=("We answer questions about the version you bought and the current one.",)),
    )
    yield Sample(
        "shop/terms.html", "terms", "/terms", {"revised_on": TODAY, "methods": ("card", "bank"), "further": further}
    )
    yield Sample("shop/imprint.html", "imprint", "/imprint")
    yield Sample("shop/contact.html", "contact", "/contact")
    yield Sample("shop/accessibility.html", "accessibility", "/accessibility", {"checked_on": TODAY})


def kit() -> Iterator[Sample]:
    """Errors, messages, and the policy's two pages."""
    problem = View(
        status=503,
        title="Not available right now",
        detail="The payment provider does not answer.",
        nothing_lost="Nothing was changed, nothing more was ordered and nothing was lost.",
        advice="Please try again in a minute.",
        reference="f3a91c20",
    )
    missing = View(**{**vars(problem), "status": 404, "title": "Not found", "nothing_lost": "", "reference": ""})
    yield Sample("web/problem.html", "problem", "/checkout/fernside-backup", {"problem": problem})
    yield Sample("web/problem.html", "problem-404", "/nowhere", {"problem": missing})
    message = View(
        title="The link is on its way",
        paragraphs=("If the address belongs to an order, a mail arrives in a minute.", "It opens the order once."),
        actions=(("/", "To the first page"), ("/contact", "Ask us")),
    )
    yield Sample("web/message.html", "message", "/orders/x/link", {"message": message})
    yield Sample("promises/privacy.html", "privacy", "/privacy", {"document": privacy_document()})
    counts = View(proven=6, failed=1, unpublished=3, run_at=datetime(2026, 11, 22, 4, 10, tzinfo=UTC))
    yield Sample("promises/promises.html", "promises", "/promises", {"promises": PROMISES, "counts": counts})
    never = View(proven=0, failed=0, unpublished=3, run_at=None)
    yield Sample("promises/promises.html", "promises-never", "/promises", {"promises": PROMISES[-3:], "counts": never})


def mails() -> Iterator[Sample]:
    """Every mail in every state, text and HTML."""
    base = "https://fernside.example"
    told = {
        "number": "7KQ2-M4XB",
        "product": "Fernside Backup",
        "edition": "Home",
        "url": f"{base}/orders/x7dPq0",
        "pay_url": f"{base}/orders/x7dPq0/pay",
        "sum": HOME,
        "placed_on": TODAY,
        "paid_on": TODAY,
        "expires_on": LATER,
        "delivers_on": LATER,
        "payment": "card",
    }
    view = View(**told)
    untaxed = View(**{**told, "sum": amounts(3900, None), "payment": "bank", "pay_url": ""})
    file = View(**{**vars(TRIAL), "url": f"{base}/downloads/fernside-backup-3.4.1.pyz"})
    agreed = ("Send me the key at once.", "I know that I lose my right to withdraw.")
    key = {"order": view, "key": KEY, "email": "mira@meadow.example", "downloads": (file,), "steps": STEPS}
    checkpoint = "fernside.example/audit\n4182\nPq0fVt6y…="
    contexts: dict[str, tuple[str, dict[str, Any]]] = {
        "key": ("key", {**key, "agreed": agreed, "agreed_on": TODAY}),
        "key-later": ("key", {**key, "agreed": (), "agreed_on": None}),
        "receipt": ("receipt", {"order": view, "buyer": "Meadow & Daughters\nRue Verte 3", "checkpoint": checkpoint}),
        "receipt-untaxed": ("receipt", {"order": untaxed, "buyer": "", "checkpoint": ""}),
        "initiated": ("initiated", {"order": view, "bank": None}),
        "initiated-transfer": ("initiated", {"order": untaxed, "bank": transfer(HOME.total)}),
        "link": ("link", {"order": view, "url": f"{base}/orders/link/Zk3"}),
        "reissued": ("reissued", {"order": view, "key": KEY, "maker": False}),
        "reissued-old": ("reissued", {"order": view, "key": "", "maker": True}),
        "later": ("later", {"order": view}),
        "refund": ("refund", {"order": view, "amount": HOME.total, "revoked": True}),
        "refund-undelivered": ("refund", {"order": untaxed, "amount": HOME.total, "revoked": False}),
    }
    for name, (template, context) in contexts.items():
        for kind in ("txt", "html"):
            yield Sample(f"mail/{template}.{kind}", f"mail-{name}-{kind}", "/", context)


PAGES = (*shop(), *orders(), *kit(), *office())
MAILS = tuple(mails())
