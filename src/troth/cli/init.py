"""`troth init DIR`: a new store, with a configuration that says what is still to be filled in."""

from __future__ import annotations

import argparse
from pathlib import Path

from troth.kernel.clock import SystemClock
from troth.making import make_store

CONFIGURATION = """\
# The store's configuration; every value is explained in docs/guides/maker.md.

[store]
name = "{name}"
base_url = "http://localhost:8000"   # https://shop.example.com once it is public

[seller]
legal_name = "{name}"
address = ""
country = "DE"
contact = ""
# Without a tax rule nothing is sold: exempt | domestic | oss | non-union | none
# tax = "oss"

[vault]
# The key file lies outside the store's folder: a copy of the folder alone shows nothing personal.
key = "../{folder}-keys/store.key"

[mail]
url = "file:outbox"                  # smtp+starttls://user:password@mail.example.com once it is public
from = "shop@localhost.localdomain"

# [payments.stripe]
# key = "sk_test_…"
# webhook_secret = "whsec_…"

# [payments.bank]
# iban = ""
# bic = ""
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folder."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the store is to be made")
    parser.add_argument("--name", default="My Store", help="what it is called")
    parser.add_argument("--configuration", type=Path, metavar="FILE", help="begin with this troth.toml")


def run(args: argparse.Namespace) -> int:
    """Make the store and say what comes next."""
    folder = args.folder.resolve()
    content = CONFIGURATION.format(name=args.name.replace('"', ""), folder=folder.name)
    if args.configuration is not None:
        content = args.configuration.read_text(encoding="utf-8")
    make_store(folder, content, clock=SystemClock())
    print(f"A store was made in {folder}.")
    print(f"Its keys are in {folder.parent / (folder.name + '-keys')}: keep them apart from the store, and keep them.")
    print("Next: fill in troth.toml, then `troth product import FILE`, then `troth serve`.")
    return 0
