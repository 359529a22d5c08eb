"""What a visitor's browser loads for a product page."""

from __future__ import annotations

import re

from bench.measure import Figure, fetch, store_folder, troth_serving


def run() -> list[Figure]:
    """Return the bytes of the page with its style sheets as sent (brotli), and how many scripts it needs."""
    with store_folder() as folder, troth_serving(folder) as served:
        for _ in range(2):
            page, _headers = fetch(served.port, "/products/fernside-backup", "br")
        plain = fetch(served.port, "/products/fernside-backup", "identity")[0].decode()
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', plain)
        total = len(page) + sum(len(fetch(served.port, sheet, "br")[0]) for sheet in sheets)
        scripts = len(re.findall("<script", plain))
    alone = f"(page alone {len(page) / 1000:.1f} kB)"
    return [
        Figure("product page with CSS, compressed", total / 1000, 25, "kB", note=alone),
        Figure("scripts on the product page", scripts, 0, ""),
    ]
