"""`troth licence show ORDER|check KEY`: the licence of an order, or the verdict on a typed key."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from troth import app, licences, shop
from troth.cli.output import tell

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork

ROLE = "maker"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|check")
    show = actions.add_parser("show", help="show the licence of an order; opens its record and leaves an audit leaf")
    show.add_argument("order", metavar="ORDER")
    check = actions.add_parser("check", help="say whether a typed key is good")
    check.add_argument("key", metavar="KEY")
    check.add_argument("--product", help="for this program only")


def run(args: argparse.Namespace) -> int:
    """Show, or judge; 1 for a key that is not good."""
    with app.opened(args.dir) as store, store.database.begin() as uow:
        if args.action == "check":
            verdict = licences.judge(uow, args.key, args.product)
            tell(args, {"valid": verdict.valid, "code": verdict.code}, f"{verdict.code}: {verdict.detail}")
            return 0 if verdict.valid else 1
        return _show(args, uow)


def _show(args: argparse.Namespace, uow: UnitOfWork) -> int:
    order = shop.get_order_by_number(uow, args.order)
    found = licences.find_licence(uow, order.line)
    if found is None:
        raise licences.LicenceUnknown
    key = licences.show_key(uow, order.line, role=ROLE).display if found.state is licences.State.ACTIVE else None
    facts = {
        "key": key,
        "line": found.line,
        "product": found.product,
        "edition": found.edition,
        "issue": found.issue,
        "epoch": found.epoch,
        "tag": found.tag,
        "state": found.state.value,
        "issued_at": found.issued_at,
    }
    tell(args, facts, f"{key or 'no key in force'}  {found.state}  {found.product}/{found.edition}")
    return 0
