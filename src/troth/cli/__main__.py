"""`python -m troth.cli` is the same as `troth`."""

import sys

from troth.cli import main

sys.exit(main())
