"""A pipe between the serving parent and its children: when the parent is gone, however it went, they end too."""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

VARIABLE: Final = "TROTH_LIFELINE"
_GRACE: Final = 10.0


def hold() -> None:
    """End this process by SIGTERM when the parent dies, or by force soon after; without a parent do nothing."""
    descriptor = os.environ.get(VARIABLE)
    if descriptor is not None and descriptor.isdecimal():
        threading.Thread(target=_wait, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _wait(descriptor: int) -> None:
    try:
        # The parent never writes: this returns when its end of the pipe is closed, by itself or by the kernel.
        os.read(descriptor, 1)
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_GRACE)
    os._exit(1)
