"""The command line around a program's own commands: help, version, licence, clear errors and exit codes.

0 it is done and all is well · 1 the answer is no, or something needs a person · 2 the command was used wrongly
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from troth.demo.programs.common import activation
from troth.demo.programs.common.licence import Keeper, Standing
from troth.demo.programs.common.program import Program
from troth.demo.programs.common.words import Problem

Run = Callable[[argparse.Namespace, bool], int]
Declare = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True)
class Command:
    """One command: what it is called, what it does, its arguments, and `run(arguments, licensed) -> exit code`."""

    name: str
    summary: str
    declare: Declare
    run: Run


def main(program: Program, promise: str, commands: Sequence[Command], argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; a known problem is one sentence, never a traceback."""
    arguments = _parser(program, promise, commands).parse_args(argv)
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has stopped; so do we, without a second error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{_named(error)}: {error.strerror or type(error).__name__}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was finished before is kept.", file=sys.stderr)
        return 1
    return code


def _named(error: OSError) -> str:
    return str(error.filename) if error.filename is not None else "This computer says"


def _parser(program: Program, promise: str, commands: Sequence[Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program.slug,
        description=promise,
        epilog=f"Without a key this is a trial: {program.trial}. Exit codes: 0 well, 1 no, 2 wrong use.",
    )
    parser.add_argument("--version", action="version", version=f"{program.name} {program.version}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in commands:
        sub = subparsers.add_parser(command.name, help=command.summary, description=command.summary)
        command.declare(sub)
        sub.set_defaults(run=_with_licence(program, command.run))
    _add_activate(subparsers.add_parser("activate", help="enter a licence key"), program)
    _add_licence(subparsers.add_parser("licence", help="show the licence, or take it off this computer"), program)
    return parser


def _with_licence(program: Program, run: Run) -> Callable[[argparse.Namespace], int]:
    return lambda arguments: run(arguments, Keeper(program).refresh() is not Standing.TRIAL)


def _add_activate(parser: argparse.ArgumentParser, program: Program) -> None:
    parser.description = (
        "Enter a licence key. Typing errors are corrected, and the corrected key is shown to you first."
    )
    parser.add_argument("key", nargs="*", help="the 25 characters as they stand in the mail; asked for when left out")
    parser.add_argument("--yes", action="store_true", help="use a corrected key without asking")
    parser.set_defaults(
        run=lambda given: activation.activate(program, " ".join(given.key) if given.key else None, yes=given.yes)
    )


def _add_licence(parser: argparse.ArgumentParser, program: Program) -> None:
    parser.description = "Show how this program is licensed."
    parser.add_argument("--remove", action="store_true", help="take the key off this computer")
    parser.set_defaults(run=lambda given: activation.forget(program) if given.remove else activation.show(program))
