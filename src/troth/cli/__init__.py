"""The command line: one module per command, loaded only when it is called.

    troth [--dir DIR] [--json] COMMAND …

Exit codes: 0 ok, 1 the answer is no, 2 wrong use. The store is the folder given by `--dir`, else the current folder.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from troth import __version__
from troth.kernel.errors import TrothError

OK, NO, WRONG_USE = 0, 1, 2
COMMANDS = {
    "demo": "make and serve a complete example store on this machine",
    "init": "make a new store in a folder",
    "serve": "serve the store",
    "policy": "compile, accept, show and compare the store's policy",
    "promises": "prove every published sentence on a copy of the running program",
    "product": "offer programs from a product file",
    "release": "publish a file of a program",
    "order": "list, show, confirm, refund orders; send a key again",
    "licence": "show the licence of an order, or judge a typed key",
    "staff": "invite somebody to the office",
    "mail": "send a test mail",
    "smoke": "buy once over HTTP, up to the licence check",
}
_HIDDEN = {"jobs": "the job process; `serve` starts it"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    os.umask(0o077)  # what a store writes is its owner's alone
    arguments = _hoisted(sys.argv[1:] if argv is None else argv)
    parser = _parser(_called(arguments))
    given = parser.parse_args(arguments)
    try:
        return int(import_module(f"troth.cli.{given.command}").run(given))
    except TrothError as error:
        print(error, file=sys.stderr)
        return NO
    except FileNotFoundError as error:
        print(f"There is no file {error.filename}. Nothing was changed.", file=sys.stderr)
        return NO
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return NO


def _hoisted(arguments: Sequence[str]) -> list[str]:
    """Move `--dir` and `--json` to the front: they may stand anywhere, also behind a command's own actions."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for one in left:
        if one == "--":
            rest += [one, *left]
        elif one == "--dir":
            front += [one, *[value for value in [next(left, None)] if value is not None]]
        elif one == "--json" or one.startswith("--dir="):
            front.append(one)
        else:
            rest.append(one)
    return front + rest


def _called(arguments: Sequence[str]) -> str:
    """Return the command that stands in the arguments, so that only its module is loaded."""
    return next((one for one in arguments if one in COMMANDS or one in _HIDDEN), "")


def _parser(called: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="troth", description="A self-hosted store that keeps its word.")
    parser.add_argument("--version", action="version", version=f"troth {__version__}")
    parser.add_argument("--dir", type=Path, default=Path(), help="the store's folder (default: here)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, told in COMMANDS.items():
        _add(commands.add_parser(name, help=told, description=told), name, called)
    if called in _HIDDEN:
        _add(commands.add_parser(called), called, called)
    return parser


def _add(command: argparse.ArgumentParser, name: str, called: str) -> None:
    if name == called:
        import_module(f"troth.cli.{name}").add_arguments(command)
