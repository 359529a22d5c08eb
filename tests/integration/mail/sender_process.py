"""A job process that sends what is due in a store and kills itself (SIGKILL) on the way; run by test_crash.py.

python -m tests.integration.mail.sender_process FOLDER MAIL_URL POINT
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from tests.support.letters import PlainRenderer
from tests.support.store import make_store
from troth import mail
from troth.adapters.smtp import make_delivery
from troth.kernel.jobs import Runner
from troth.mail import Post, jobs
from troth.vault import policy as vault_policy


def die() -> None:
    """End like a process that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class DyingDelivery(mail.Delivery):
    """A real delivery with a death before or after it."""

    real: mail.Delivery
    point: str

    @override
    def deliver(self, message: bytes, *, sender: str, recipient: str, mail_id: str) -> None:
        if self.point == "before-delivery":
            die()
        self.real.deliver(message, sender=sender, recipient=recipient, mail_id=mail_id)
        if self.point == "delivered":
            die()


class DyingPost(Post):
    """Attached after the vault, so its turn comes when the key database is committed and the main one is not."""

    @override
    def before_commit(self) -> None:
        die()


def dying_after(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return the step with a death behind it."""

    def run(*values: Any, **named: Any) -> None:
        step(*values, **named)
        die()

    return run


def main(folder: str, mail_url: str, point: str) -> None:
    """Run the jobs that are due, up to the point."""
    if point == "half-written":
        Path.replace = lambda *_: die()  # type: ignore[method-assign, assignment]
    if point == "settled":
        jobs._settle = dying_after(jobs._settle)
    parts = (vault_policy.POLICY, mail.POLICY)
    with make_store(Path(folder), parts=parts, environ={"TROTH_MAIL_URL": mail_url}) as store:
        kind = DyingPost if point == "between-commits" else Post
        post = kind(PlainRenderer(), DyingDelivery(make_delivery(store.database.settings), point))
        store.database.factories[Post] = lambda _uow: post
        Runner(store.database, jobs.HANDLERS).run_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
