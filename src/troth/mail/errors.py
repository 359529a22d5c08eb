"""What can go wrong between a letter and the next mail server.

    TrothError
    ├── Refused
    │   └── LetterRefused       the letter itself cannot be sent by anybody
    ├── Unavailable
    │   └── DeliveryDelayed     not taken now; the mail is kept and tried again
    │       ├── RelayDown       the mail server does not answer
    │       ├── RelayUnsafe     the mail server does not encrypt, or does not prove who it is
    │       └── RelayDenied     the mail server does not accept this store (sign-in, sender)
    └── DeliveryRefused         refused for good (SMTP 5xx); never tried again

No message repeats an address, a server's words or a secret.
"""

from __future__ import annotations

from troth.kernel.errors import Refused, TrothError, Unavailable


class LetterRefused(Refused):
    """This letter cannot be sent: something in it is too long or has no place in a mail."""


class DeliveryDelayed(Unavailable):
    """The mail was not taken just now. It is kept and will be tried again."""

    def __init__(self, detail: str | None = None, *, code: int | None = None) -> None:
        """Keep the SMTP reply code, if there was a reply."""
        super().__init__(detail)
        self.code = code


class RelayDown(DeliveryDelayed):
    """The mail server does not answer. The mail is kept; please check the host and port in [mail] url."""


class RelayUnsafe(DeliveryDelayed):
    """The mail server offers no encryption or does not prove who it is. The mail is kept and not sent."""


class RelayDenied(DeliveryDelayed):
    """The mail server does not accept this store. The mail is kept; please check [mail] url and from."""


class DeliveryRefused(TrothError):
    """The mail was refused for good. Please check the address, then send it again from its order."""

    def __init__(self, detail: str | None = None, *, code: int | None = None) -> None:
        """Keep the SMTP reply code, if there was a reply."""
        super().__init__(detail)
        self.code = code
