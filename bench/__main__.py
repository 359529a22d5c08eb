"""`python -m bench [NAME…]`: measure, and print the table; 1 if a limit is not kept."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("size", "start", "cached_page", "page_miss", "checkout", "sealing")


def main() -> int:
    """Run the named benches, or all."""
    kept = True
    for name in sys.argv[1:] or NAMES:
        for figure in import_module(f"bench.{name}").run():
            print(figure.line(), flush=True)
            kept = kept and figure.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
