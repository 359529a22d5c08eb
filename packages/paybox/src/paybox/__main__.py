"""`python -m paybox` is the command `paybox`."""

from __future__ import annotations

import sys

from paybox.cli import main

if __name__ == "__main__":
    sys.exit(main())
