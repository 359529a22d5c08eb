"""From nothing to the first answer, and what a worker weighs."""

from __future__ import annotations

import statistics
import time

from bench.measure import Figure, get, requests, store_folder, troth_serving

ROUNDS = 5


def run() -> list[Figure]:
    """Return the median time from `troth serve` to the first answer, and the heaviest process after some work."""
    times = []
    heaviest = 0
    with store_folder() as folder:
        for _ in range(ROUNDS):
            began = time.monotonic()
            with troth_serving(folder) as served:
                times.append(time.monotonic() - began)
                requests(served.port, [get(served.port, "/products/fernside-backup")] * 200)
                heaviest = max(heaviest, *served.rss())
    return [
        Figure("cold start to the first answer", statistics.median(times), 0.8, "s"),
        Figure("heaviest process", heaviest / 1e6, 120, "MB"),
    ]
