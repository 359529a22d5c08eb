"""Serves the sample store as `troth serve` does: `python -m tests.integration.web.parent DIR WORKERS [COMMAND…]`."""

from __future__ import annotations

import sys
from pathlib import Path

from troth.kernel.errors import TrothError
from troth.web.serving import Plan, serve


def main(folder: str, workers: str, *jobs: str) -> int:
    plan = Plan(
        folder=Path(folder),
        factory="tests.integration.web.sample:make_site",
        addresses=(("127.0.0.1", 0), ("::1", 0)),
        workers=int(workers),
        jobs=jobs,
        environ={"PYTHONPATH": str(Path(__file__).parents[3])},
        on_ready=lambda port: print(f"ready {port}", flush=True),
    )
    try:
        return serve(plan)
    except TrothError as error:
        print(error, flush=True)
        return 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
