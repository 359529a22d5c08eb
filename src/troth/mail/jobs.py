"""Sending mail, in the job process: open in one unit of work, deliver outside of any, settle in a second.

    queued ── delivered ─────────────────────────────────→ sent
       │ ├── refused for good (SMTP 5xx), or GIVE_UP over ──→ failed
       │ └── key shredded, or basis ended ─────────────────→ dropped
       └── not taken now: stays queued, called again after a growing pause

A process that dies anywhere is called again when its lease ends. A sink that knows the mail's id then takes
it once; over SMTP the mail can leave a second time only if the process died between the server's final 250
and the commit that follows it at once. The first unit of work proves right before that the store can be
written, and the repeated message has equal bytes and the same Message-ID, by which many receivers recognise
it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from troth.kernel.jobs import Handler, Later, Payload
from troth.kernel.work import StoreBusy
from troth.mail import records
from troth.mail.errors import DeliveryDelayed, DeliveryRefused
from troth.mail.model import Delivery, Post, Sender, State, Written, compose
from troth.mail.policy import PURPOSES
from troth.mail.service import SEND
from troth.vault import purpose
from troth.vault.errors import BasisEnded, KeyGone

if TYPE_CHECKING:
    from troth.kernel.work import Database, UnitOfWork

GIVE_UP: Final = timedelta(days=4)
"""How long a mail is tried (RFC 5321 §4.5.4.1: at least four to five days)."""
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_SETTLE_ATTEMPTS = 5
_log = logging.getLogger("troth.mail")


@dataclass(frozen=True)
class _Parcel:
    """An opened mail on its way out."""

    written: Written
    sender: Sender
    delivery: Delivery
    waiting: records.Queued

    def hand_over(self) -> None:
        """Deliver the message; raises what the delivery raises."""
        mail = self.waiting.mail
        message = compose(self.written, sender=self.sender, message_id=mail.message_id, at=mail.queued_at)
        self.delivery.deliver(message, sender=self.sender.address, recipient=self.written.to, mail_id=mail.id)


def send(database: Database, payload: Payload) -> None:
    """Send the mail that `payload["mail"]` names, unless it is settled.

    Raises `Later` while it cannot be delivered.
    """
    mail_id = str(payload["mail"])
    with database.begin() as uow:
        parcel = _open(uow, mail_id)
    if parcel is None:
        return
    try:
        parcel.hand_over()
    except DeliveryRefused as refusal:
        _settle(database, mail_id, State.FAILED, _name(refusal))
    except DeliveryDelayed as delay:
        _wait(database, parcel, _name(delay))
    else:
        _settle(database, mail_id, State.SENT)


HANDLERS: Mapping[str, Handler] = {SEND: send}


def _open(uow: UnitOfWork, mail_id: str) -> _Parcel | None:
    waiting = records.find_queued(uow.db, mail_id)
    if waiting is None:
        return None
    try:
        with purpose(uow, PURPOSES[waiting.mail.purpose], role="job"):
            written = waiting.body.open()
    except (KeyGone, BasisEnded) as end:
        records.settle(uow.db, mail_id, State.DROPPED, failure=type(end).__name__)
        return None
    records.count_try(uow.db, mail_id)
    sender = Sender.of(uow.settings.store.name, uow.settings.mail.sender)
    return _Parcel(written, sender, uow.resource(Post).delivery, waiting)


def _settle(database: Database, mail_id: str, state: State, failure: str | None = None) -> None:
    """Write the outcome down; a busy store is asked again, because the mail may have left already."""
    for attempt in range(1, _SETTLE_ATTEMPTS + 1):
        try:
            with database.begin() as uow:
                sent_at = uow.now if state is State.SENT else None
                records.settle(uow.db, mail_id, state, sent_at=sent_at, failure=failure)
        except StoreBusy:
            if attempt == _SETTLE_ATTEMPTS:
                raise
        else:
            break
    if failure:
        _log.warning("mail failed", extra={"mail": mail_id, "failure": failure})


def _wait(database: Database, parcel: _Parcel, failure: str) -> None:
    mail = parcel.waiting.mail
    now = database.clock.now()
    if now - mail.queued_at >= GIVE_UP:
        _settle(database, mail.id, State.FAILED, failure)
        return
    with database.begin() as uow:
        records.note_failure(uow.db, mail.id, failure)
    _log.warning("mail delayed", extra={"mail": mail.id, "failure": failure, "tries": mail.tries + 1})
    raise Later(_next_try(now, mail.tries))


def _next_try(now: datetime, tries: int) -> datetime:
    return now + min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(tries, 10)))


def _name(error: DeliveryDelayed | DeliveryRefused) -> str:
    return f"{type(error).__name__} {error.code or ''}".rstrip()
