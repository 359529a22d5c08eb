"""Delivery to a mail relay over TLS: to a server that proves its name, or not at all.

`make_delivery` reads `[mail] url`: `smtp+starttls://user:password@host:587`, `smtps://user:password@host:465` or
`file:folder`. The certificate is checked against the system's authorities (or those in SSL_CERT_FILE).
RFC 5321, 3207 (STARTTLS), 8314 (implicit TLS), 6531 (SMTPUTF8).

What a server answers and what the driver raises may hold the address or the password: only typed errors without
either leave this module.
"""

from __future__ import annotations

import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from typing_extensions import override

from troth.adapters.outbox_files import FileOutbox
from troth.kernel.errors import ConfigError, TrothError
from troth.mail.errors import DeliveryDelayed, DeliveryRefused, RelayDenied, RelayDown, RelayUnsafe
from troth.mail.model import Delivery, Sender, needs_utf8

if TYPE_CHECKING:
    import smtplib

    from troth.kernel.config import Settings

_PORTS: Final = {"smtp+starttls": 587, "smtps": 465}
_ANSWER_SECONDS: Final = 20.0
# A server may think for minutes before it takes a message (RFC 5321 §4.5.3.2.6); hanging up early would double it.
_ACCEPT_SECONDS: Final = 180.0
# Replies that speak of our sign-in, not of the recipient (RFC 4954 §6).
_SIGN_IN_REPLIES: Final = frozenset({530, 534, 535, 538})
_VISIBLE = re.compile(r"[!-~]*")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


@dataclass(frozen=True)
class Relay:
    """The server that takes our mail, and how we sign in there (no user: not at all)."""

    host: str
    port: int
    implicit_tls: bool
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def make_delivery(settings: Settings) -> Delivery:
    """Return the way out that `[mail]` names; raises `ConfigError`, which repeats no part of the address."""
    Sender.of(settings.store.name, settings.mail.sender)
    url = settings.mail.url
    if url.startswith("file:"):
        # `file:outbox` lies in the store's folder; `file:/a` and `file:///a` are absolute (RFC 8089).
        return FileOutbox(settings.dir / Path(unquote(url.removeprefix("file:").removeprefix("//"))))
    relay = read_relay(url)
    if relay is None:
        raise ConfigError(
            "mail.url: allowed is smtp+starttls://user:password@host:587, smtps://user:password@host:465 "
            "or file:folder; special characters of user and password as %XX"
        )
    return SmtpRelay(relay, own_name=urlsplit(settings.store.base_url).hostname or "localhost")


def read_relay(url: str) -> Relay | None:
    """Return what a relay's address says, or None if it is none (an error raised in here would quote the secret)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme not in _PORTS or not _is_bare(parts) or not _VISIBLE.fullmatch(user + password):
        return None
    host, implicit_tls = parts.hostname or "", parts.scheme == "smtps"
    return Relay(host, port or _PORTS[parts.scheme], implicit_tls=implicit_tls, user=user, password=password)


def _is_bare(parts: SplitResult) -> bool:
    named = _HOST.fullmatch(parts.hostname or "") is not None
    return named and parts.path in {"", "/"} and not (parts.query or parts.fragment)


class SmtpRelay(Delivery):
    """Delivers to one relay, with a connection for each mail."""

    def __init__(
        self,
        relay: Relay,
        *,
        own_name: str,
        answer_seconds: float = _ANSWER_SECONDS,
        accept_seconds: float = _ACCEPT_SECONDS,
    ) -> None:
        """Keep the relay; `own_name` greets it, so that no name of this machine is looked up or told."""
        self._relay = relay
        self._own_name = own_name
        self._answer_seconds = answer_seconds
        self._accept_seconds = accept_seconds

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    @override
    def deliver(self, message: bytes, *, sender: str, recipient: str, mail_id: str) -> None:
        """Return once the relay has taken the message; raises `DeliveryDelayed` or `DeliveryRefused`."""
        problem = self._attempt(message, sender, recipient)
        if problem is not None:
            # Raised out here, so that nothing of the driver's error hangs on it.
            raise problem

    def _attempt(self, message: bytes, sender: str, recipient: str) -> TrothError | None:
        import smtplib  # noqa: PLC0415 - only the job process sends

        client: smtplib.SMTP | None = None
        try:
            client = self._connect()
            return self._enter(client) or self._hand_over(client, message, sender, recipient)
        except ssl.SSLError:
            return RelayUnsafe()
        except smtplib.SMTPDataError as error:
            return _refusal(error.smtp_code)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError) as error:
            return RelayDenied(code=error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            return RelayDenied()
        except OSError:
            # Whatever else smtplib raises is an OSError too: no answer, no greeting, a broken connection.
            return RelayDown()
        finally:
            if client is not None:
                _hang_up(client)

    def _connect(self) -> smtplib.SMTP:
        import smtplib  # noqa: PLC0415 - only the job process sends

        host, port, name, seconds = self._relay.host, self._relay.port, self._own_name, self._answer_seconds
        if self._relay.implicit_tls:
            return smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=seconds, context=self._tls)
        return smtplib.SMTP(host, port, local_hostname=name, timeout=seconds)

    def _enter(self, client: smtplib.SMTP) -> TrothError | None:
        """Greet, turn encryption on (nothing but the greeting goes before it) and sign in."""
        client.ehlo_or_helo_if_needed()
        if not self._relay.implicit_tls:
            if not client.has_extn("starttls"):
                return RelayUnsafe()
            client.starttls(context=self._tls)
            client.ehlo_or_helo_if_needed()
        if self._relay.user:
            client.login(self._relay.user, self._relay.password)
        return None

    def _hand_over(self, client: smtplib.SMTP, message: bytes, sender: str, recipient: str) -> TrothError | None:
        options = ""
        if needs_utf8(sender, recipient):
            if not client.has_extn("smtputf8"):
                return DeliveryRefused("The mail server cannot write to an address with such letters.")
            client.command_encoding = "utf-8"
            options = " SMTPUTF8 BODY=8BITMIME"
        # The commands are written here: smtplib's own would parse the addresses once more, and differently.
        code, _ = client.docmd("MAIL", f"FROM:<{sender}>{options}")
        if code != 250:  # noqa: PLR2004 - RFC 5321 §4.2.2: okay
            return _sender_refusal(code)
        code, _ = client.docmd("RCPT", f"TO:<{recipient}>")
        if code not in {250, 251}:
            return _refusal(code)
        if client.sock is not None:
            client.sock.settimeout(self._accept_seconds)
        code, _ = client.data(message)
        return None if code == 250 else _refusal(code)  # noqa: PLR2004 - as above


def _refusal(code: int) -> TrothError:
    """Return what a reply about the recipient or the message means: 5xx is for good (RFC 5321 §4.2.1)."""
    if code in _SIGN_IN_REPLIES:
        return RelayDenied(code=code)
    return DeliveryRefused(code=code) if code >= 500 else DeliveryDelayed(code=code)  # noqa: PLR2004 - as said


def _sender_refusal(code: int) -> TrothError:
    """Return what a reply about our own address means: never the recipient's fault, so the mail is kept."""
    return RelayDenied(code=code) if code >= 500 else DeliveryDelayed(code=code)  # noqa: PLR2004 - RFC 5321 §4.2.1


def _hang_up(client: smtplib.SMTP) -> None:
    """Say good-bye without waiting for the answer: the mail is taken, and that must be written down now."""
    with suppress(OSError):
        client.putcmd("QUIT")
    client.close()
