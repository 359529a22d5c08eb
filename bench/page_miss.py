"""A product page nobody asked for before, against raw sqlite3 + Jinja2 rendering the same template."""

from __future__ import annotations

import sys

from bench.measure import Figure, free_port, get, per_request, ratio, serving, store_folder, troth_serving
from troth.shop.countries import CODES

PATH = "/products/fernside-backup"
CURRENCIES = ("EUR", "USD", "GBP", "CHF")


def run() -> list[Figure]:
    """Return the ratio; every request of ours is for another country and currency, so that none is in the cache."""
    with store_folder() as folder, troth_serving(folder) as ours:
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--factory", "bench.raw:page", "--port", str(port)]
        command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
        with serving(command, port, folder, {"RAW_STORE": str(folder)}) as peer:
            fresh = iter(
                get(ours.port, f"{PATH}?country={country}&currency={currency}")
                for currency in CURRENCIES
                for country in sorted(CODES)
            )
            per_request(ours, [next(fresh) for _ in range(40)], b"200")
            per_request(peer, [get(port, PATH)] * 40, b"200")
            batch = len(CODES) * len(CURRENCIES) // 6
            a, b, found = ratio(
                lambda: per_request(ours, [next(fresh) for _ in range(batch)], b"200"),
                lambda: per_request(peer, [get(port, PATH)] * batch, b"200"),
            )
    return [Figure("product page on a miss / raw sqlite3 + Jinja2", found, 1.5, note=f"({a:.0f} µs / {b:.0f} µs)")]
