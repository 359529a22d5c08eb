"""What a visitor's browser loads for a product page."""

from __future__ import annotations

import re
import urllib.request

from bench.measure import Figure, store_folder, troth_serving


def run() -> list[Figure]:
    """Return the bytes of the page with its style sheets as sent (brotli), and how many scripts it needs."""
    with store_folder() as folder, troth_serving(folder) as served:
        base = f"http://localhost:{served.port}"
        for _ in range(2):
            page = _fetch(f"{base}/products/fernside-backup", "br")
        plain = _fetch(f"{base}/products/fernside-backup", "identity").decode()
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', plain)
        total = len(page) + sum(len(_fetch(base + sheet, "br")) for sheet in sheets)
        scripts = len(re.findall("<script", plain))
    return [
        Figure(
            "product page with CSS, compressed", total / 1000, 25, "kB", note=f"(page alone {len(page) / 1000:.1f} kB)"
        ),
        Figure("scripts on the product page", scripts, 0, ""),
    ]


def _fetch(url: str, encoding: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": encoding})) as answer:
        return bytes(answer.read())
