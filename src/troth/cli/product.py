"""`troth product import FILE`: offer the programs a product file describes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from troth import app, shop
from troth.cli.output import tell
from troth.shop.protocols import Objects


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the one action."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="import")
    action = actions.add_parser("import", help="offer the programs in FILE (TOML; - reads standard input)")
    action.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Import the file, all or nothing."""
    typed = str(args.file) == "-"
    products = shop.read_products(sys.stdin.buffer.read() if typed else args.file.read_bytes())
    with app.opened(args.dir) as store:
        objects = store.database.port(Objects)  # type: ignore[type-abstract]
        products = shop.keep_pictures(objects, products, None if typed else args.file.parent)
        with store.database.begin() as uow:
            shop.offer_products(uow, products)
    tell(
        args,
        [
            {"slug": one.slug, "title": one.title, "editions": [edition.id for edition in one.editions]}
            for one in products
        ],
        "\n".join(f"offered: {one.title} ({one.slug})" for one in products),
    )
    return 0
