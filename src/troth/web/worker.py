"""One web worker: `python -m troth.web.worker FACTORY DIR LIMITS READY SOCKET…`, by inherited descriptors.

FACTORY names a function `(Path) -> Site`, like `troth.app:make_site`, so that the kit knows none of the
parts.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from typing_extensions import override

from troth.kernel.errors import TrothError
from troth.web import lifeline, logs
from troth.web.limits import Limiter
from troth.web.protocol import BoundedProtocol

if TYPE_CHECKING:
    from troth.web.site import Site

_CONNECTIONS: Final = 1000
_KEEP_ALIVE_SECONDS: Final = 20
_DRAIN_SECONDS: Final = 10


@dataclass(frozen=True)
class Inherited:
    """What the parent handed over."""

    factory: str
    folder: Path
    limits: int
    ready: int
    sockets: tuple[int, ...]

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Inherited:
        """Read the command line."""
        factory, folder, limits, ready, *sockets = arguments
        return cls(factory, Path(folder), int(limits), int(ready), tuple(map(int, sockets)))


def make(name: str, folder: Path) -> Site:
    """Call the factory named `module:function`."""
    module, _, function = name.partition(":")
    site: Site = getattr(import_module(module), function)(folder)
    return site


def run(given: Inherited) -> int:
    """Serve until told to end; return the exit code."""
    lifeline.hold()
    file = logs.configure(given.folder / "logs")
    try:
        site = make(given.factory, given.folder)
    except TrothError as error:
        # Messages of our own errors hold nothing personal: they are for the person who started us.
        print(error, file=sys.stderr)  # noqa: T201 - the log has no place for the several lines of a policy difference
        return 1
    site.share(Limiter(given.limits))
    site.access.sink = file.write
    # Everything imported so far lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    # uvicorn raises the signal it was ended by once more when everything is done; the default would end us here.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    try:
        _server(site, given).run([socket.socket(fileno=number) for number in given.sockets])
    finally:
        site.close()
    return 0


def _exit(_number: int, _frame: object) -> None:
    sys.exit(0)


def _server(site: Site, given: Inherited) -> _TellingServer:
    """Prepare the server; SIGTERM and SIGINT let requests finish first."""
    config = uvicorn.Config(
        site,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    return _TellingServer(config, site, given.ready)


class _TellingServer(uvicorn.Server):
    """Tells the parent when it answers, and then prepares what the first page needs."""

    def __init__(self, config: uvicorn.Config, site: Site, descriptor: int) -> None:
        super().__init__(config)
        self._site, self._descriptor = site, descriptor

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        os.write(self._descriptor, b"\n")
        os.close(self._descriptor)
        await self._site.warm()


if __name__ == "__main__":
    sys.exit(run(Inherited.parse(sys.argv[1:])))
