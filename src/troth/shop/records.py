"""Products, orders and payments: tables and every query on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from troth.kernel.codec import from_json, to_json
from troth.kernel.money import Money
from troth.kernel.schema import Instant, add_new, metadata
from troth.shop.model import (
    Attempt,
    Buyer,
    Draft,
    Flag,
    Invoice,
    Method,
    Order,
    Payment,
    Product,
    Release,
    State,
    sources,
)
from troth.shop.policy import BUYER, DRAFT, INVOICE
from troth.shop.tax import Sum
from troth.vault import Sealed, sealed_column

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LONGEST_FLAG = 80
_FLAG_SEPARATOR = "; "
_LEDGER_LOCK = 0x74726F7468  # "troth": PostgreSQL numbers the ledger under this advisory lock

product = Table(
    "product",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("page", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
release = Table(
    "release",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("product", String(64), nullable=False, index=True),
    Column("version", String(32), nullable=False),
    Column("label", String(80), nullable=False),
    Column("os", String(80), nullable=False),
    Column("trial", Boolean, nullable=False),
    Column("name", String(120), nullable=False),
    Column("object", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("released_on", Date, nullable=False),
)
orders = Table(
    "orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("token_index", LargeBinary, nullable=False, unique=True),
    Column("once", LargeBinary, unique=True),
    Column("person", String(32), index=True),
    Column("state", String(12), nullable=False),
    Column("product", String(64), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("tax_country", String(2), nullable=False),
    Column("tax_rate", Integer, nullable=False),
    Column("tax_regime", String(12), nullable=False),
    Column("tax_table", String(16), nullable=False),
    Column("tax_notice", String(120), nullable=False),
    Column("country", String(2), nullable=False),
    Column("business", Boolean, nullable=False),
    Column("method", String(8), nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("asked", Boolean, nullable=False),
    Column("language", String(8), nullable=False),
    Column("evidence_country", String(2)),
    Column("flag", String(_LONGEST_FLAG), nullable=False, default=""),
    Column("created_at", Instant, nullable=False, index=True),
    Column("deliver_at", Instant),
    Column("paid_at", Instant),
    Column("fulfilled_at", Instant),
    Column("refunded_at", Instant),
    *sealed_column("draft_sealed", nullable=True),
    *sealed_column("buyer_sealed", nullable=True),
    *sealed_column("invoice_sealed", nullable=True),
)
order_event = Table(
    "order_event",
    metadata,
    Column("order", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("at", Instant, nullable=False),
    Column("detail", String(120), nullable=False),
)
payment_attempt = Table(
    "payment_attempt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("order", String(32), nullable=False, index=True),
    Column("provider", String(16), nullable=False),
    Column("reference", String(255), unique=True),
    Column("url", String(2048)),
    Column("return_index", LargeBinary, nullable=False, unique=True),
    Column("returned_at", Instant),
    Column("state", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Index("ix_payment_attempt_state_created_at", "state", "created_at"),
)
payment = Table(
    "payment",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("order", String(32), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("provider", String(16), nullable=False),
    Column("reference", String(255), nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("at", Instant, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("provider", "reference", "kind"),
)
webhook = Table(
    "webhook",
    metadata,
    Column("provider", String(16), primary_key=True),
    Column("event", String(255), primary_key=True),
    Column("type", String(80), nullable=False),
    Column("object", String(255), nullable=False),
    Column("at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# Statements every order runs are built once: SQLAlchemy takes longer to build one than SQLite to run it.
_order_by_id = select(orders).where(orders.c.id == bindparam("wanted"))
_order_by_id_locked = _order_by_id.with_for_update()
_order_by_token = select(orders).where(orders.c.token_index == bindparam("wanted"))
_order_by_once = select(orders).where(orders.c.once == bindparam("wanted"))
_product_page = select(product.c.page).where(product.c.slug == bindparam("wanted"))
_product_files = (
    select(release)
    .where(release.c.product == bindparam("wanted"))
    .order_by(release.c.released_on.desc(), release.c.name)
)
_add_order = insert(orders)
_event_number = select(func.coalesce(func.max(order_event.c.number), 0) + 1).where(
    order_event.c.order == bindparam("of_order")
)
_add_event = insert(order_event)


# -- the catalogue ---------------------------------------------------------------------------------------------------


def put_product(db: Connection, page: Product, *, position: int, updated_at: datetime) -> None:
    """Add a product or replace the one of the same name."""
    db.execute(delete(product).where(product.c.slug == page.slug))
    db.execute(insert(product).values(slug=page.slug, position=position, page=to_json(page), updated_at=updated_at))


def find_product(db: Connection, slug: str) -> Product | None:
    """Return a product, or None."""
    page = db.execute(_product_page, {"wanted": slug}).scalar_one_or_none()
    return None if page is None else from_json(page, Product)


def list_products(db: Connection) -> list[Product]:
    """Return all products in the maker's order."""
    pages = db.execute(select(product.c.page).order_by(product.c.position, product.c.slug)).scalars()
    return [from_json(page, Product) for page in pages]


def catalogue_stamp(db: Connection) -> tuple[Any, ...]:
    """Return a value that differs whenever what is offered differs."""
    newest = db.execute(select(func.max(product.c.updated_at), func.count())).one()
    files = db.execute(select(release.c.id).order_by(release.c.id)).scalars()
    return (*newest, *files)


def add_release(db: Connection, one: Release) -> None:
    """Add a file; it replaces the one of the same product, version and name."""
    same = (release.c.product == one.product) & (release.c.version == one.version) & (release.c.name == one.name)
    db.execute(delete(release).where(same))
    db.execute(insert(release).values({column.name: getattr(one, column.name) for column in release.c}))


def list_releases(db: Connection, slug: str) -> list[Release]:
    """Return a product's files, newest first."""
    rows = db.execute(_product_files, {"wanted": slug})
    return [Release(**row._mapping) for row in rows]  # noqa: SLF001 - the documented name of a row's mapping


def find_release(db: Connection, release_id: str) -> Release | None:
    """Return a file by its id, or None."""
    row = db.execute(select(release).where(release.c.id == release_id)).one_or_none()
    return None if row is None else Release(**row._mapping)  # noqa: SLF001 - the documented name


# -- orders ----------------------------------------------------------------------------------------------------------


def add_order(db: Connection, row: dict[str, Any]) -> None:
    """Store a new order."""
    db.execute(_add_order, row)


def find_order(db: Connection, order_id: str, *, lock: bool = False) -> Order | None:
    """Return an order by its id, or None; `lock` keeps others from changing it until the end of the unit of work."""
    statement = _order_by_id_locked if lock else _order_by_id
    return _order(db.execute(statement, {"wanted": order_id}).one_or_none())


def find_order_by_token(db: Connection, token_index: bytes) -> Order | None:
    """Return the order a link opens, or None."""
    return _order(db.execute(_order_by_token, {"wanted": token_index}).one_or_none())


def find_order_by_number(db: Connection, number: str) -> Order | None:
    """Return an order by its number, or None."""
    return _order(db.execute(select(orders).where(orders.c.number == number)).one_or_none())


def find_order_by_once(db: Connection, once: bytes) -> Order | None:
    """Return the order a form made already, or None; until the unit of work ends nobody else makes one of it."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": int.from_bytes(once[:8], signed=True)})
    return _order(db.execute(_order_by_once, {"wanted": once}).one_or_none())


def list_orders(db: Connection, *, person: str | None = None, limit: int = 50) -> list[Order]:
    """Return the newest orders, of one person or of all."""
    statement = select(orders).order_by(orders.c.created_at.desc()).limit(limit)
    if person is not None:
        statement = statement.where(orders.c.person == person)
    return [order for row in db.execute(statement) if (order := _order(row)) is not None]


def move_order(db: Connection, order_id: str, to: State, **values: Any) -> bool:  # noqa: ANN401 - column values
    """Move an order to a state if the table of transitions allows it; return whether it moved."""
    allowed = [state.value for state in sources(to)]
    moved = db.execute(
        update(orders).where(orders.c.id == order_id, orders.c.state.in_(allowed)).values(state=to.value, **values)
    )
    return moved.rowcount == 1


def change_order(db: Connection, order_id: str, **values: Any) -> None:  # noqa: ANN401 - column values
    """Change facts of an order that are not its state."""
    db.execute(update(orders).where(orders.c.id == order_id).values(**values))


def flag_order(db: Connection, order_id: str, why: Flag, at: datetime) -> None:
    """Tell the maker to look at an order; each reason stands there, and in its history, once."""
    flags = _flags(db, order_id)
    if why.value not in flags:
        _put_flags(db, order_id, [why.value, *flags])
        add_event(db, order_id, "flagged", at, why.value)


def unflag_order(db: Connection, order_id: str, *reasons: Flag) -> None:
    """Take reasons to look at an order back."""
    flags = _flags(db, order_id)
    kept = [one for one in flags if one not in reasons]
    if kept != flags:
        _put_flags(db, order_id, kept)


def _flags(db: Connection, order_id: str) -> list[str]:
    told: str = db.execute(select(orders.c.flag).where(orders.c.id == order_id)).scalar_one()
    return [one for one in told.split(_FLAG_SEPARATOR) if one]


def _put_flags(db: Connection, order_id: str, flags: list[str]) -> None:
    """Keep as many reasons as fit, the newest first."""
    while len(told := _FLAG_SEPARATOR.join(flags)) > _LONGEST_FLAG:
        flags.pop()
    change_order(db, order_id, flag=told)


def list_unpaid_before(db: Connection, instant: datetime, *, limit: int) -> list[str]:
    """Return the ids of orders that wait for payment since before an instant."""
    waiting = [state.value for state in sources(State.EXPIRED)]
    return list(
        db.execute(
            select(orders.c.id)
            .where(orders.c.state.in_(waiting), orders.c.created_at <= instant)
            .order_by(orders.c.created_at)
            .limit(limit)
        ).scalars()
    )


def add_event(db: Connection, order_id: str, kind: str, at: datetime, detail: str = "") -> None:
    """Append to an order's history."""
    number = db.execute(_event_number, {"of_order": order_id}).scalar_one()
    db.execute(_add_event, {"order": order_id, "number": number, "kind": kind, "at": at, "detail": detail})


def list_events(db: Connection, order_id: str) -> list[tuple[str, datetime, str]]:
    """Return an order's history: kind, instant, detail."""
    rows = db.execute(select(order_event).where(order_event.c.order == order_id).order_by(order_event.c.number))
    return [(row.kind, row.at, row.detail) for row in rows]


# -- payments --------------------------------------------------------------------------------------------------------


def add_attempt(db: Connection, row: dict[str, Any]) -> None:
    """Store an attempt to pay, before the provider is asked."""
    db.execute(insert(payment_attempt).values(row))


def change_attempt(db: Connection, attempt_id: str, **values: Any) -> None:  # noqa: ANN401 - column values
    """Change an attempt."""
    db.execute(update(payment_attempt).where(payment_attempt.c.id == attempt_id).values(**values))


def find_attempt_by_reference(db: Connection, provider: str, reference: str) -> Attempt | None:
    """Return the attempt the provider knows under a number, or None."""
    where = (payment_attempt.c.provider == provider) & (payment_attempt.c.reference == reference)
    return _attempt(db.execute(select(payment_attempt).where(where)).one_or_none())


def spend_return(db: Connection, return_index: bytes, now: datetime) -> str | None:
    """Use the address a buyer comes back to, once; return the order's id, or None if it is unknown or was used."""
    return db.execute(
        update(payment_attempt)
        .where(payment_attempt.c.return_index == return_index, payment_attempt.c.returned_at.is_(None))
        .values(returned_at=now)
        .returning(payment_attempt.c.order)
    ).scalar_one_or_none()


def list_attempts(
    db: Connection, *, order: str | None = None, state: str = "open", before: datetime | None = None
) -> list[Attempt]:
    """Return all attempts in a state, oldest first, of one order or made before an instant."""
    statement = select(payment_attempt).where(payment_attempt.c.state == state).order_by(payment_attempt.c.created_at)
    if order is not None:
        statement = statement.where(payment_attempt.c.order == order)
    if before is not None:
        statement = statement.where(payment_attempt.c.created_at <= before)
    return [attempt for row in db.execute(statement) if (attempt := _attempt(row)) is not None]


def last_payment(db: Connection) -> Payment | None:
    """Return the ledger's last row; until the unit of work ends nobody else adds one."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LEDGER_LOCK})
    return _payment(db.execute(select(payment).order_by(payment.c.number.desc()).limit(1)).one_or_none())


def add_payment(db: Connection, one: Payment) -> None:
    """Append a row to the ledger."""
    db.execute(insert(payment).values({column.name: getattr(one, column.name) for column in payment.c}))


def find_payment(db: Connection, provider: str, reference: str, kind: str) -> Payment | None:
    """Return a ledger row by the provider's number, or None."""
    where = (payment.c.provider == provider) & (payment.c.reference == reference) & (payment.c.kind == kind)
    return _payment(db.execute(select(payment).where(where)).one_or_none())


def list_payments(db: Connection, *, order: str | None = None) -> list[Payment]:
    """Return the ledger in order, of one order or whole."""
    statement = select(payment).order_by(payment.c.number)
    if order is not None:
        statement = statement.where(payment.c.order == order)
    return [row for one in db.execute(statement) if (row := _payment(one)) is not None]


def add_webhook(db: Connection, row: dict[str, Any]) -> bool:
    """Store that a message came; return False if it was known."""
    return add_new(db, webhook, row)


# -- rows to values --------------------------------------------------------------------------------------------------


def _order(row: Any) -> Order | None:  # noqa: ANN401 - a database row
    if row is None:
        return None
    return Order(
        id=row.id, number=row.number, person=row.person, state=State(row.state), product=row.product,
        edition=row.edition, sum=_sum(row), tax_country=row.tax_country, tax_rate=row.tax_rate,
        tax_notice=row.tax_notice, country=row.country, business=row.business, method=Method(row.method),
        language=row.language, flag=row.flag, created_at=row.created_at, deliver_at=row.deliver_at,
        paid_at=row.paid_at, fulfilled_at=row.fulfilled_at, refunded_at=row.refunded_at, waits=row.waits,
        asked=row.asked,
        draft=None if row.draft_sealed is None else Sealed[Draft](DRAFT, row.person, row.id, bytes(row.draft_sealed)),
        buyer=None if row.buyer_sealed is None else Sealed[Buyer](BUYER, row.person, row.id, bytes(row.buyer_sealed)),
        invoice=None
        if row.invoice_sealed is None
        else Sealed[Invoice](INVOICE, row.person, row.id, bytes(row.invoice_sealed)),
    )  # fmt: skip


def _sum(row: Any) -> Sum:  # noqa: ANN401 - a database row
    return Sum(Money(row.net, row.currency), Money(row.tax, row.currency), Money(row.total, row.currency))


def _attempt(row: Any) -> Attempt | None:  # noqa: ANN401 - a database row
    if row is None:
        return None
    return Attempt(row.id, row.order, row.provider, row.reference, row.url, row.state, row.created_at, row.expires_at)


def _payment(row: Any) -> Payment | None:  # noqa: ANN401 - a database row
    if row is None:
        return None
    return Payment(
        row.number, row.id, row.order, row.kind, row.provider, row.reference, row.minor, row.currency, row.at,
        bytes(row.hash),
    )  # fmt: skip
