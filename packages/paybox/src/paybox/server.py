"""The HTTP/1.1 server: a thread for each connection, keep-alive, bounded body, time and number; writes no log."""

from __future__ import annotations

import http.server
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from paybox.http import Answer, Request
from paybox.marks import override
from paybox.place import Place

LARGEST_BODY = 262_144
DRAINED = 4 * LARGEST_BODY
CONNECTIONS = 256
IDLE = 30.0
GOODBYE = 5.0


class TurnedAway(Exception):
    """A request that nobody looks at; carries the HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        """Keep both."""
        super().__init__(sentence)
        self.status = status


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Carries requests to `answer` from the place given."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[Request], Answer], place: Place) -> None:
        """Bind and listen; raises `OSError` when the port is taken."""
        host = "127.0.0.1" if place.host == "localhost" else place.host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.answer, self.place = answer, place
        self.open: set[socket.socket] = set()
        super().__init__((host, place.port), Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="paybox-http", daemon=True
        )

    @property
    def url(self) -> str:
        """The address it listens at."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes) else str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            _hang_up(connection)
        deadline = time.monotonic() + GOODBYE
        while self.open and time.monotonic() < deadline:
            time.sleep(0.005)
        self._thread.join(timeout=GOODBYE)

    @override
    def verify_request(self, *_: object) -> bool:
        """Close what comes while too many connections are open."""
        return len(self.open) < CONNECTIONS

    @override
    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Note the connection, so that they can be counted and closing the server can end it."""
        self.open.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """End and forget the connection."""
        super().shutdown_request(request)
        self.open.discard(request)

    @override
    def handle_error(self, *_: object) -> None:
        """Keep quiet about connections that break, and say everything else."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "paybox"
    sys_version = ""
    timeout = IDLE
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece

    def do_GET(self) -> None:
        """Carry a request and its answer."""
        try:
            request = self._request()
            answer = self.server.answer(request)
        except TurnedAway as away:
            answer = Answer.of({"error": {"message": str(away), "type": "invalid_request_error"}}, status=away.status)
        if answer.dropped:
            self.close_connection = True
            _hang_up(self.connection)
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    @override
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Write nothing: `GET /_paybox/state` shows the requests."""

    def _request(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._check_sender(headers)
        path, _, query = self.path.partition("?")
        return Request(self.command, path, query, headers, self._body(headers))

    def _check_sender(self, headers: dict[str, str]) -> None:
        """Refuse what a page of some website makes a browser send to this machine."""
        host = headers.get("host", "")
        origin = headers.get("origin")
        if not self.server.place.is_addressed(host):
            self.close_connection = True
            raise TurnedAway(421, f"paybox is not addressed as {host[:100]!r}.")
        if origin is not None and origin.partition("://")[2] != host:
            self.close_connection = True
            raise TurnedAway(403, "paybox does nothing for pages of other origins.")

    def _body(self, headers: dict[str, str]) -> bytes:
        if "transfer-encoding" in headers:
            self.close_connection = True
            raise TurnedAway(411, "paybox needs a Content-Length.")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            raise TurnedAway(400, "The Content-Length is no number.")
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            self.rfile.read(min(int(length), DRAINED))  # so that a client still writing hears the answer
            raise TurnedAway(413, f"paybox takes bodies of up to {LARGEST_BODY} bytes.")
        return self.rfile.read(int(length))


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
