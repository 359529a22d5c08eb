"""The shop's work after the commit: asking providers, delivering on day 15, forgetting what was never paid."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.kernel.errors import Unavailable
from troth.kernel.jobs import Later, Payload, enqueue
from troth.kernel.schema import from_micros
from troth.shop import payments, records, service
from troth.shop.errors import NotThere, ProviderRefused
from troth.shop.model import OPEN_DAYS, Attempt, State
from troth.shop.payments import Notice, Providers, Status

if TYPE_CHECKING:
    from datetime import datetime

    from troth.kernel.work import Database

RECONCILE_EVERY = timedelta(seconds=60)
RECONCILE_AFTER = timedelta(seconds=30)
EXPIRE_EVERY = FULFIL_EVERY = timedelta(hours=1)
EXPIRE_AT_ONCE = 200
FORGET_AFTER = timedelta(days=2)
_TURNS = (
    (timedelta(minutes=30), timedelta(minutes=1)),
    (timedelta(hours=4), timedelta(minutes=10)),
)
_RAREST = timedelta(hours=1)


def check(database: Database, payload: Payload) -> None:
    """Ask the provider about one attempt and settle it."""
    _check(database, str(payload["provider"]), str(payload["reference"]))


def notice(database: Database, payload: Payload) -> None:
    """Find out which attempt a webhook is about, and check that one."""
    name = str(payload["provider"])
    heard = Notice(str(payload["event"]), str(payload["type"]), str(payload["object"]), from_micros(int(payload["at"])))
    reference = database.port(Providers).get(name).find_reference(heard)
    if reference is not None:
        _check(database, name, reference)


def reconcile(database: Database, _payload: Payload) -> None:
    """Ask about every open attempt whose turn it is, so that a lost webhook loses no order; again in a minute."""
    with database.read() as uow:
        waiting = records.list_attempts(uow.db, before=uow.now - RECONCILE_AFTER)
        now, again = uow.now, uow.now + RECONCILE_EVERY
    for attempt in waiting:
        if not is_its_turn(attempt, now):
            continue
        if attempt.reference is None:
            _forget(database, attempt)
            continue
        try:
            _check(database, attempt.provider, attempt.reference)
        except Unavailable:
            # Nobody answers: whoever is left would only wait as long.
            break
        except NotThere:
            _forget(database, attempt)
        except Exception:  # noqa: BLE001 - one attempt that cannot be settled must not keep the others from it
            _set_apart(database, attempt)
    raise Later(again)


def is_its_turn(attempt: Attempt, now: datetime) -> bool:
    """Whether an attempt is asked about in this minute: each minute at first and when its page is over, else rarer."""
    age = now - attempt.created_at
    every = next((step for until, step in _TURNS if age < until), _RAREST)
    over = attempt.expires_at is not None and attempt.expires_at <= now
    return over or age // every != (age - RECONCILE_EVERY) // every


def _forget(database: Database, attempt: Attempt) -> None:
    """Let go of an attempt that the provider does not know although its page is long over.

    It never answered when it was asked for one, or this is another account's.
    """
    with database.begin() as uow:
        if (attempt.expires_at or attempt.created_at) < uow.now - FORGET_AFTER:
            records.change_attempt(uow.db, attempt.id, state=Status.EXPIRED.value)


def _set_apart(database: Database, attempt: Attempt) -> None:
    """Give an attempt a job of its own, which is tried again and, if nothing helps, rests for somebody to look at."""
    with database.begin() as uow:
        payload: dict[str, str | int] = {"provider": attempt.provider, "reference": str(attempt.reference)}
        enqueue(uow, "shop.check", payload, key=f"check:{attempt.id}")


def fulfil(database: Database, payload: Payload) -> None:
    """Deliver an order whose day has come; one that cannot be delivered now is tried again each hour."""
    with database.begin() as uow:
        given = service.fulfil(uow, str(payload["order"]))
        waits = not given and service.get_order(uow, str(payload["order"])).state is State.PAID
        again = uow.now + FULFIL_EVERY
    if waits:
        raise Later(again)


def expire(database: Database, _payload: Payload) -> None:
    """Forget orders nobody paid within their 30 days."""
    with database.begin() as uow:
        due = records.list_unpaid_before(uow.db, uow.now - timedelta(days=OPEN_DAYS), limit=EXPIRE_AT_ONCE)
        for order in due:
            service.expire(uow, order)
        again = uow.now if len(due) == EXPIRE_AT_ONCE else uow.now + EXPIRE_EVERY
    raise Later(again)


def refund(database: Database, payload: Payload) -> None:
    """Give an order's money back."""
    payments.refund(database, str(payload["order"]))


def repay(database: Database, payload: Payload) -> None:
    """Give a payment back that paid for nothing."""
    payments.repay(database, str(payload["order"]), int(payload["payment"]))


def close(database: Database, payload: Payload) -> None:
    """Close a page nobody is to pay on any more; if somebody was faster, that is settled instead."""
    name, reference = str(payload["provider"]), str(payload["reference"])
    with suppress(ProviderRefused):
        database.port(Providers).get(name).close_payment(reference)
    _check(database, name, reference)


def _check(database: Database, name: str, reference: str) -> None:
    provider = database.port(Providers).get(name)
    truth = provider.look_up(reference)
    with database.begin() as uow:
        attempt = records.find_attempt_by_reference(uow.db, name, reference)
        if attempt is not None:
            payments.settle(uow, attempt, truth, provider)


HANDLERS = {
    "shop.check": check,
    "shop.notice": notice,
    "shop.reconcile": reconcile,
    "shop.fulfil": fulfil,
    "shop.expire": expire,
    "shop.refund": refund,
    "shop.repay": repay,
    "shop.close": close,
}
PERIODIC = ("shop.reconcile", "shop.expire")
