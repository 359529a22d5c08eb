"""The shop's work after the commit: asking providers, delivering on day 15, forgetting what was never paid."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.kernel.jobs import Later, Payload
from troth.kernel.schema import from_micros
from troth.shop import payments, records, service
from troth.shop.model import OPEN_DAYS
from troth.shop.payments import Notice, Providers

if TYPE_CHECKING:
    from troth.kernel.work import Database

RECONCILE_EVERY = timedelta(seconds=60)
RECONCILE_AFTER = timedelta(seconds=30)
EXPIRE_EVERY = timedelta(hours=1)


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
    """Ask about every open attempt, so that a lost webhook delays an order by a minute and loses none."""
    with database.read() as uow:
        waiting = records.list_attempts(uow.db, before=uow.now - RECONCILE_AFTER)
        again = uow.now + RECONCILE_EVERY
    for attempt in waiting:
        if attempt.reference is not None:
            _check(database, attempt.provider, attempt.reference)
    raise Later(again)


def fulfil(database: Database, payload: Payload) -> None:
    """Deliver an order whose day has come."""
    with database.begin() as uow:
        service.fulfil(uow, str(payload["order"]))


def expire(database: Database, _payload: Payload) -> None:
    """Forget orders nobody paid within their 30 days."""
    with database.begin() as uow:
        for order in records.list_unpaid_before(uow.db, uow.now - timedelta(days=OPEN_DAYS)):
            service.expire(uow, order)
        again = uow.now + EXPIRE_EVERY
    raise Later(again)


def refund(database: Database, payload: Payload) -> None:
    """Give an order's money back."""
    payments.refund(database, str(payload["order"]))


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
}
PERIODIC = ("shop.reconcile", "shop.expire")
