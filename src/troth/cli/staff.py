"""`troth staff invite E-MAIL`: print the single-use link that opens the office in one browser on this machine."""

from __future__ import annotations

import argparse

from troth import app, people
from troth.cli.output import tell
from troth.people.model import INVITATION_LIFE

KIND, THING = "office", "orders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the one action."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="invite")
    action = actions.add_parser("invite", help="print a link to the office; single use, 10 minutes, this machine only")
    action.add_argument("email", metavar="E-MAIL", help="whom it is for; checked, not kept until staff can sign in")


def run(args: argparse.Namespace) -> int:
    """Make the link and print it."""
    people.normalise(args.email)
    with app.opened(args.dir) as store, store.database.begin() as uow:
        token = people.make_link(uow, KIND, THING, life=INVITATION_LIFE)
        address = f"{uow.settings.store.base_url}/office/enter/{token}"
    tell(args, {"url": address}, f"Open within 10 minutes, on this machine, once:\n{address}")
    return 0
