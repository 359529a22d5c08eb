"""A cached product page against a bare ASGI application sending the same bytes; CPU of the server's process group."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.measure import Figure, fetch, free_port, get, per_request, ratio, serving, store_folder, troth_serving

PATH = "/products/fernside-backup"
REQUESTS = 4000


def run() -> list[Figure]:
    """Return the ratio; both answer the brotli bytes of the same page."""
    with store_folder() as folder, troth_serving(folder) as ours:
        recorded = _record(ours.port, folder)
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "--factory", "bench.raw:same_bytes", "--port", str(port)]
        command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
        with serving(command, port, folder, {"RAW_FILE": str(recorded)}) as peer:
            asked = "Accept-Encoding: br"
            mine = [get(ours.port, PATH, asked)] * REQUESTS
            raw = [get(port, PATH, asked)] * REQUESTS
            a, b, found = ratio(lambda: per_request(ours, mine, b"200"), lambda: per_request(peer, raw, b"200"))
    return [Figure("cached product page / raw ASGI, same bytes", found, 2.0, note=f"({a:.0f} µs / {b:.0f} µs)")]


def _record(port: int, folder: Path) -> Path:
    """Keep what the store answers, so that the peer sends exactly that."""
    for _ in range(3):  # the second and third come from the cache, compressed
        body, headers = fetch(port, PATH, "br")
    (folder / "recorded.bin").write_bytes(body)
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in {"date", "connection"}]
    (folder / "recorded.json").write_text(json.dumps({"body": str(folder / "recorded.bin"), "headers": kept}))
    return folder / "recorded.json"
