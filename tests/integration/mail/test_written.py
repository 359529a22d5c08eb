"""The key letter as it really is: rendered by the store's own templates, delivered, and read back by a parser."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from tests.support.letters import KEY, make_letter
from tests.support.store import Store
from troth import mail
from troth.adapters.letters import LetterPages
from troth.adapters.outbox_files import FileOutbox
from troth.kernel.jobs import Runner
from troth.mail.jobs import HANDLERS
from troth.vault import policy as vault_policy

if TYPE_CHECKING:
    from troth.policy import Lock

PARTS = (vault_policy.POLICY, mail.POLICY)
CONTEXT = {
    "order": SimpleNamespace(
        number="F-2026-7",
        product="Fernside Bäckup",
        edition="Home\nBcc: eve@example.com",
        url="http://localhost:8000/orders/token",
    ),
    "key": KEY,
    "email": "ada@example.com",
    "downloads": [],
    "steps": ["Unpack it.", "Start it."],
    "agreed": [],
    "agreed_on": date(2026, 5, 4),
}


def test_a_key_letter_has_its_subject_and_the_key_in_both_twins(sqlite_store: Store) -> None:
    outbox = sqlite_store.folder / "outbox"
    pages = LetterPages(sqlite_store.database.settings, cast("Lock", sqlite_store.rules))
    post = mail.Post(pages, FileOutbox(outbox))
    sqlite_store.database.factories[mail.Post] = lambda _uow: post
    with sqlite_store.database.begin() as uow:
        mail_id = mail.queue(uow, make_letter(context=CONTEXT, to="ada@example.com"))
    Runner(sqlite_store.database, HANDLERS).run_due()
    read = message_from_bytes((outbox / f"{mail_id}.eml").read_bytes(), policy=policy.SMTP)
    assert isinstance(read, EmailMessage)
    assert read["Subject"] == "Your key for Fernside Bäckup Home"
    assert (read["To"], read["Bcc"]) == ("ada@example.com", None)
    text, page = read.get_body(("plain",)), read.get_body(("html",))
    assert text is not None
    assert page is not None
    assert f"    {KEY}\r\n" in text.get_content()
    assert KEY in page.get_content()
    assert "<title>Fernside Software</title>" in page.get_content()
