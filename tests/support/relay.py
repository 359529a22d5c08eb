"""A real mail server (aiosmtpd) on loopback with a certificate of a made-up authority, and replies that a test sets."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "shop", "s3cret-of-the-relay"


class Authority:
    """Issues certificates; `trusted` is the file a client needs to believe them."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        mine = self._build(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.trusted = folder / f"{name}.pem"
        self.trusted.write_bytes(mine.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def context(self, *hosts: str) -> ssl.SSLContext:
        """Return a server's side of TLS with a certificate for these names or addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [
            x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts
        ]
        certificate = self._build(x509.Name([]), key.public_key()).add_extension(
            x509.SubjectAlternativeName(names), critical=True
        )
        chain = self._folder / f"server-{hosts[0]}.pem"
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    def _build(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )


@dataclass
class Received:
    """A message the server took."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    greeting: str
    options: list[str]


@dataclass
class Relay:
    """What a test tells the server to answer ("" or "250 …": take it), and what came in."""

    port: int = 0
    on_mail: str = ""
    on_rcpt: str = ""
    on_data: str = ""
    pause: float = 0.0
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    sign_ins: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _s: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        if self.on_mail:
            return self.on_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _o: list[str]) -> str:  # noqa: N802 - as above
        self.commands.append("RCPT")
        if self.on_rcpt:
            return self.on_rcpt.replace("$address", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.commands.append("DATA")
        await asyncio.sleep(self.pause)
        if self.on_data == "hang up":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "250 OK"
        if self.on_data:
            return self.on_data
        assert isinstance(envelope.content, bytes)
        self.received.append(
            Received(
                sender=envelope.mail_from or "",
                recipients=envelope.rcpt_tos,
                content=envelope.content,
                encrypted=session.ssl is not None or _is_tls(server),
                greeting=session.host_name or "",
                options=envelope.mail_options,
            )
        )
        return "250 OK"

    def sign_in(self, _s: SMTP, _session: Session, _e: Envelope, _mechanism: str, data: Any) -> AuthResult:
        """Check user and password."""
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.sign_ins.append(right)
        return AuthResult(success=right, handled=False)


def _is_tls(server: SMTP) -> bool:
    return server.transport is not None and server.transport.get_extra_info("sslcontext") is not None


@contextmanager
def running_relay(
    tls: ssl.SSLContext | None, *, implicit: bool = False, sign_in: bool = False, utf8: bool = True
) -> Iterator[Relay]:
    """Serve on a free port of 127.0.0.1 until the block ends; without `tls` it offers no encryption."""
    relay = Relay()

    def connection() -> SMTP:
        return SMTP(
            relay,
            hostname="relay.example",
            tls_context=None if implicit else tls,
            enable_SMTPUTF8=utf8,
            authenticator=relay.sign_in if sign_in else None,
            auth_required=sign_in,
            auth_require_tls=not implicit,
            loop=loop,
        )

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def serve() -> asyncio.Server:
        return await loop.create_server(connection, "127.0.0.1", 0, ssl=tls if implicit else None)

    async def stop() -> None:
        server.close()
        await server.wait_closed()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result()
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
