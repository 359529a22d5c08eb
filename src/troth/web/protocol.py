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
    _arriving: bool = False

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
            self._time_silence()
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
        self._in_head = self._arriving = True
        self._head_bytes = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """End the head: from here on the application bounds the body."""
        self._in_head = False
        self._stop_clock()
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # We speak no other protocol, but the parser takes what follows for a new request: nothing may follow.
            self.cycle.keep_alive = False

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; trailers are not read."""
        if self._in_head:
            super().on_header(name, value)

    @override
    def on_message_complete(self) -> None:
        """End a message."""
        self._arriving = False
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        """Bound the time for the rest of a body nobody reads: each byte of it would end uvicorn's own clock."""
        unread = self._arriving and not self._in_head and not self.pipeline
        super().on_response_complete()
        if unread and self._timer is None and not self.transport.is_closing():
            self._start_clock()

    def _time_silence(self) -> None:
        """Start the clock again when what came began no request (empty lines), since it ended uvicorn's own."""
        cycle = getattr(self, "cycle", None)
        answered = cycle is None or cycle.response_complete
        if answered and not self._arriving and self._timer is None and self.timeout_keep_alive_task is None:
            self._start_clock()

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
