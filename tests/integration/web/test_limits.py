"""The counters between real processes."""

from __future__ import annotations

import subprocess
import sys
import time

from troth.web.limits import Limiter

TAKE = """
import sys, time
from troth.web.limits import Limit, Limiter
limiter = Limiter(int(sys.argv[1]))
limit, until, passed = Limit("x", 50, per=10), float(sys.argv[2]), []
while time.monotonic() < until:
    if limiter.take(limit, "a").allowed:
        passed.append(time.monotonic_ns())
print(*passed)
"""
COUNT, STEP = 50, 10_000_000_000 // 50


def test_two_processes_never_let_more_through_than_one_would() -> None:
    limiter = Limiter.create()
    command = [sys.executable, "-c", TAKE, str(limiter.descriptor), str(time.monotonic() + 3)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=(limiter.descriptor,)) for _ in range(2)
    ]
    passed = [[int(one) for one in process.communicate(timeout=60)[0].split()] for process in both]
    limiter.close()
    merged = sorted(passed[0] + passed[1])
    assert len(merged) >= COUNT
    assert all(passed), "one process was never let through, so nothing was tested"
    for first in range(len(merged)):
        for last in range(first, len(merged)):
            # An instant is read before the one noted here, so a window may look one step shorter than it was.
            assert last - first + 1 <= COUNT + (merged[last] - merged[first]) // STEP + 1
