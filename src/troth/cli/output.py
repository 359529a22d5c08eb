"""How commands answer: in words, or with `--json` in JSON."""

from __future__ import annotations

import argparse
import sys

from troth.kernel.codec import to_json


def tell(args: argparse.Namespace, data: object, words: str) -> None:
    """Print `words`, or `data` as JSON if that was asked for."""
    if args.json:
        sys.stdout.write(to_json(data).decode() + "\n")
    elif words:
        sys.stdout.write(words + "\n")
    sys.stdout.flush()
