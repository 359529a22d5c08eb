"""`troth order list|show|confirm|refund|repay|resend|reissue`: the orders, by number or exact address.

Lists name nobody; `show` opens the buyer's record and leaves an audit leaf. Confirming records a bank transfer that
arrived.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from troth import app, shop
from troth.cli.output import tell
from troth.shop import records, service
from troth.shop.model import Method

if TYPE_CHECKING:
    from troth.kernel.work import UnitOfWork
    from troth.shop import Order

ROLE = "maker"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the seven actions."""
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="list|show|confirm|refund|repay|resend|reissue"
    )
    listing = actions.add_parser("list", help="list the newest orders, or those of an exact address")
    listing.add_argument("query", nargs="?", default="", metavar="ADDRESS")
    for name, told in (
        ("show", "show an order with its buyer"),
        ("confirm", "record that a bank transfer has arrived"),
        ("refund", "give the money back and withdraw the key"),
        ("repay", "give back what was paid twice, too late or in another sum; the order stays as it is"),
        ("resend", "send the key again to the address on file"),
        ("reissue", "make the key anew for the right address; the old key stops working, both addresses are told"),
    ):
        action = actions.add_parser(name, help=told)
        action.add_argument("number", metavar="NUMBER")
        if name == "reissue":
            action.add_argument("email", metavar="E-MAIL")
        if name == "confirm":
            action.add_argument("--country", help="the country of the account it came from, as on the IBAN")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; 1 if there is no such order or it is not in a state that allows this."""
    with app.opened(args.dir) as store, store.database.begin() as uow:
        if args.action == "list":
            return _list(args, uow)
        order = shop.get_order_by_number(uow, args.number)
        if args.action == "show":
            return _show(args, uow, order)
        said = _act(args, uow, order)
    tell(args, {"order": order.number, "done": args.action}, said)
    return 0


def _act(args: argparse.Namespace, uow: UnitOfWork, order: Order) -> str:
    if args.action == "confirm":
        shop.confirm_transfer(uow, order, country=args.country)
        return f"Recorded: the money for {order.number} is here. The buyer gets the mail."
    if args.action == "refund":
        shop.ask_refund(uow, order)
        if order.method is Method.BANK:
            return f"Recorded. This program sends no bank transfer: transfer {order.sum.total} back yourself, now."
        return f"The money for {order.number} goes back as soon as the job process runs; the key then stops working."
    if args.action == "repay":
        shop.ask_repayment(uow, order)
        return f"What was paid too much for {order.number} goes back as soon as the job process runs."
    if args.action == "reissue":
        service.reissue(uow, order, args.email, role=ROLE)
        return f"The key for {order.number} was made anew for the right address. Both addresses are told."
    shop.resend(uow, order, role=ROLE)
    return f"The key for {order.number} is sent again to the address on file."


def _list(args: argparse.Namespace, uow: UnitOfWork) -> int:
    found = shop.find_orders(uow, args.query, role=ROLE) if args.query else records.list_orders(uow.db)
    lines = [
        f"{one.number}  {one.created_at:%Y-%m-%d}  {one.state:<9}  {one.sum.total}  {one.product}/{one.edition}"
        + (f"  ! {one.flag}" if one.flag else "")
        for one in found
    ]
    tell(args, [_facts(one) for one in found], "\n".join(lines) or "No order yet.")
    return 0


def _show(args: argparse.Namespace, uow: UnitOfWork, order: Order) -> int:
    buyer = service.open_buyer(uow, order, role=ROLE)
    events = [{"kind": kind, "at": at, "detail": detail} for kind, at, detail in records.list_events(uow.db, order.id)]
    payments = [
        {"number": one.number, "kind": one.kind, "provider": one.provider, "minor": one.minor, "currency": one.currency}
        for one in records.list_payments(uow.db, order=order.id)
    ]
    email = None if buyer is None else buyer.email
    facts = _facts(order) | {"email": email, "events": events, "payments": payments}
    history = "\n".join(f"  {one['at']:%Y-%m-%d %H:%M}  {one['kind']}  {one['detail']}".rstrip() for one in events)
    words = f"{order.number}  {order.state}  {order.sum.total}\n  {email or 'erased or forgotten'}\n{history}"
    tell(args, facts, words)
    return 0


def _facts(order: Order) -> dict[str, Any]:
    return {
        "order": order.number,
        "line": order.line,
        "state": order.state.value,
        "product": order.product,
        "edition": order.edition,
        "total": order.sum.total.plain,
        "tax": order.sum.tax.plain,
        "currency": order.sum.total.currency,
        "country": order.country,
        "flag": order.flag,
        "placed_at": order.created_at,
    }
