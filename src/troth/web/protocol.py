"""uvicorn's HTTP protocol with bounds on a request's head: its size, and the time it may take to arrive.

uvicorn bounds neither, so that a few half-open connections could hold a worker. A head too large is
answered with 431 (RFC 6585 §5); a connection that says nothing, or drips, is closed.
"""

from __future__ import annotations

import asyncio
from typing import Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 32 * 1024
HEAD_SECONDS: Final = 10.0
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request does not begin, or does not finish its head, in time and size."""

    _in_head: bool = False
    _head_bytes: int = 0
    _timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Start the clock for the first request; uvicorn itself times the pauses between later ones."""
        super().connection_made(transport)
        self._start_clock()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """Count what arrives of a head; what came in the chunk in which it began is not worth counting."""
        was_in_head = self._in_head
        super().data_received(data)
        if not self._in_head:
            return
        if self._timer is None:
            self._start_clock()
        self._head_bytes += len(data) if was_in_head else 0
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    @override
    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """End the head: from here on the application bounds the body."""
        self._in_head = False
        self._stop_clock()
        super().on_headers_complete()

    def _start_clock(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()
