"""`troth mail test TO`: send one test mail right now, through the configured relay."""

from __future__ import annotations

import argparse
from email.message import EmailMessage

from troth.adapters.smtp import make_delivery
from troth.cli.output import tell
from troth.kernel import config
from troth.kernel.ids import new_id
from troth.people.address import normalise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the one action."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="test")
    action = actions.add_parser("test", help="send a test mail to TO")
    action.add_argument("to", metavar="TO")


def run(args: argparse.Namespace) -> int:
    """Deliver the mail, or say what the next server answered."""
    settings = config.load(args.dir)
    to = normalise(args.to)
    message = EmailMessage()
    message["From"], message["To"] = settings.mail.sender, to
    message["Subject"] = f"A test from {settings.store.name}"
    message.set_content("This mail shows that your store can send mail. There is nothing to do.\n")
    make_delivery(settings).deliver(message.as_bytes(), sender=settings.mail.sender, recipient=to, mail_id=new_id())
    folder = settings.mail.url.startswith("file:")
    words = (
        "Written to the outbox folder: this store delivers nowhere else."
        if folder
        else "The next server took the mail."
    )
    tell(args, {"sent": True}, words)
    return 0
