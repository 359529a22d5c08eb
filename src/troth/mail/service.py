"""Queueing mail: rendered, sealed and enqueued in the transaction of whatever it tells about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from troth.kernel.ids import new_id
from troth.kernel.jobs import enqueue
from troth.mail import records
from troth.mail.errors import LetterRefused
from troth.mail.model import Letter, Mail, Post, State, Written, check_letter, deliverable
from troth.mail.model.letter import clean_body, split_subject
from troth.mail.policy import LETTER
from troth.vault import of as vault_of

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork

SEND: Final = "mail.send"


def queue(uow: UnitOfWork, letter: Letter) -> str | None:
    """Queue a letter and the job that sends it; return the mail's id, or None if `once` is known already.

    Raises `LetterRefused` or `AddressRefused`; nothing is queued then.
    """
    check_letter(letter)
    if letter.purpose not in LETTER.purposes:
        raise LetterRefused("A letter's purpose is one that mail declares.")
    if records.is_known(uow.db, letter.once):
        return None
    mail_id = new_id()
    row = {
        "id": mail_id,
        "person": letter.person,
        "kind": letter.kind,
        "purpose": letter.purpose.name,
        "state": State.QUEUED,
        "tries": 0,
        "queued_at": uow.now,
        "message_id": f"<{mail_id}@{urlsplit(uow.settings.store.base_url).hostname}>",
        "once": letter.once,
        "body_sealed": vault_of(uow).seal(LETTER, letter.person, mail_id, _write(uow, letter)),
    }
    if not records.add(uow.db, row):
        return None
    enqueue(uow, SEND, {"mail": mail_id}, key=f"{SEND}:{mail_id}")
    return mail_id


def list_mail(uow: UnitOfWork, *, state: State | None = None, limit: int = 100) -> list[Mail]:
    """Return the newest mails, of one state or of all, without anything that names a person."""
    return records.list_mail(uow.db, state=state, limit=limit)


def count_queued(uow: UnitOfWork) -> int:
    """Return how many mails wait to be sent."""
    return records.count_queued(uow.db)


def _write(uow: UnitOfWork, letter: Letter) -> Written:
    render = uow.resource(Post).renderer.render
    subject, text = split_subject(render(f"mail/{letter.template}.txt", letter.language, letter.context))
    return Written(
        to=deliverable(letter.to),
        subject=subject,
        text=text,
        html=clean_body(render(f"mail/{letter.template}.html", letter.language, letter.context)),
        language=letter.language,
        headers=dict(letter.headers),
    )
