"""A process that seals for a new person and kills itself between the two commits; run by test_crash.py.

python -m tests.integration.vault.dying_store FOLDER PERSON
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.integration.vault.declared import DELIVER, PARTS, seal_buyer
from tests.support.store import make_store
from troth.vault import purpose


class LastBreath:
    """A resource that settles after the vault: the key database is committed, the main one is not."""

    def before_commit(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        """Is never reached."""


def main(folder: str, person: str) -> None:
    """Seal, open, and die."""
    with make_store(Path(folder), parts=PARTS) as store:
        store.database.factories[LastBreath] = lambda _uow: LastBreath()
        with store.database.begin() as uow:
            sealed = seal_buyer(uow, person)
            with purpose(uow, DELIVER, role="job"):
                sealed.open()
            uow.resource(LastBreath)


if __name__ == "__main__":
    main(*sys.argv[1:])
