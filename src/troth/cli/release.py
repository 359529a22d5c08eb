"""`troth release add PRODUCT FILE`: publish a file of a program."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from troth import app
from troth.cli.output import tell
from troth.shop.catalogue import get_product
from troth.shop.objects import Offer, add_release, keep_file
from troth.shop.protocols import Objects


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the one action with what a download link says."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="add")
    action = actions.add_parser("add", help="publish FILE for PRODUCT")
    action.add_argument("product", metavar="PRODUCT")
    action.add_argument("file", type=Path, metavar="FILE")
    action.add_argument("--version", required=True, help="the version, as people read it")
    action.add_argument("--os", default="any system", help="for which systems")
    action.add_argument("--label", default="", help="what the link says (default: the file's name)")
    action.add_argument("--buyers-only", action="store_true", help="only for buyers; without it, everybody may have it")


def run(args: argparse.Namespace) -> int:
    """Store the file and offer it."""
    offer = Offer(
        product=args.product,
        version=args.version,
        label=args.label or args.file.name,
        os=args.os,
        trial=not args.buyers_only,
        released_on=date.today(),  # noqa: DTZ011 - the maker's own day is meant
    )
    with app.opened(args.dir) as store:
        with store.database.read() as uow:
            get_product(uow, offer.product)  # before a long upload
        release = keep_file(store.database.port(Objects), offer, args.file)  # type: ignore[type-abstract]
        with store.database.begin() as uow:
            add_release(uow, release)
    facts = {"id": release.id, "name": release.name, "size": release.size, "sha256": release.sha256}
    tell(args, facts, f"published: {release.name}, {release.size} bytes, SHA-256 {release.sha256}")
    return 0
