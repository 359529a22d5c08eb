"""The threads in which the synchronous core runs: few, as many as database connections, with a short queue.

What the queue cannot hold is refused at once, so that slow work never delays what needs no thread at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from troth.web.errors import Crowded

R = TypeVar("R")


class Pool:
    """A bounded thread pool with a bounded queue."""

    def __init__(self, threads: int = 8, queue: int = 64) -> None:
        """Start no thread yet; `queue` is how many may wait beside those that run."""
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="work")
        self._most = threads + queue
        self._inside = 0

    async def run(self, work: Callable[[], R]) -> R:
        """Run `work` in a thread and return what it returns; raises `Crowded` when too many wait."""
        if self._inside >= self._most:
            raise Crowded
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Wait for what runs and end the threads."""
        self._executor.shutdown()
