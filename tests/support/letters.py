"""Letters for tests: plain templates, and deliveries that keep or refuse what they get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any

from typing_extensions import override

from tests.support.store import Store
from troth.kernel.ids import new_id
from troth.kernel.jobs import Runner
from troth.mail import SERVICE, Delivery, Letter, Post, Renderer
from troth.mail.jobs import HANDLERS

TEMPLATES = {
    "mail/key.txt": "Your key for $product\n\nDear $name,\nthis is your key:\n\n    $key\n",
    "mail/key.html": "<!doctype html>\n<p>Dear $name, this is your key: <b>$key</b></p>\n",
    "mail/empty.txt": "\n\n",
    "mail/empty.html": "",
}
KEY = "402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD"


class PlainRenderer(Renderer):
    """Fills `$name` into the texts above."""

    @override
    def render(self, name: str, language: str, context: Mapping[str, object]) -> str:
        return Template(TEMPLATES[name]).substitute(context)


@dataclass
class Kept(Delivery):
    """Keeps what it is given; `first` is called before, and may raise."""

    first: Callable[[], None] = lambda: None
    messages: list[tuple[bytes, str, str, str]] = field(default_factory=list)

    @override
    def deliver(self, message: bytes, *, sender: str, recipient: str, mail_id: str) -> None:
        self.first()
        self.messages.append((message, sender, recipient, mail_id))


def install(store: Store, delivery: Delivery) -> Runner:
    """Let a store send mail by `delivery`; return the runner of its jobs."""
    post = Post(PlainRenderer(), delivery)
    store.database.factories[Post] = lambda _uow: post
    return Runner(store.database, HANDLERS)


def make_letter(**changes: Any) -> Letter:
    """Return a letter with a key in it, changed as asked."""
    made: dict[str, Any] = {
        "person": new_id(),
        "to": "Ada.Lovelace@example.com",
        "kind": "key",
        "template": "key",
        "context": {"product": "Fernside Backup", "name": "Ada Lovelace", "key": KEY},
        "purpose": SERVICE,
        "once": "key:" + new_id(),
    }
    return Letter(**made | changes)
