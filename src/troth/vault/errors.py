"""What the vault refuses.

TrothError
├── VaultError
│   ├── KeyFileMissing    the key file is not there or not readable
│   ├── KeyGone           the person's key was shredded
│   ├── Tampered          the bytes are not what was sealed in this place
│   └── NotPermitted      the declaration does not allow this
│       ├── NoPurpose     opened outside `with purpose(...)`
│       ├── WrongPurpose  the record was not collected for this purpose, or this role may not read it
│       └── BasisEnded    the person's basis for this purpose has ended
"""

from __future__ import annotations

from troth.kernel.errors import TrothError


class VaultError(TrothError):
    """The vault could not do this."""


class KeyFileMissing(VaultError):
    """The key file cannot be read; without it nothing personal opens."""


class KeyGone(VaultError):
    """The key of this record was destroyed; what it sealed cannot be opened any more."""


class Tampered(VaultError):
    """A sealed record does not open in this place: it was changed or moved."""


class NotPermitted(VaultError):
    """The policy does not allow this."""


class NoPurpose(NotPermitted):
    """A sealed record opens only inside `with purpose(...)`."""


class WrongPurpose(NotPermitted):
    """This record was not collected for this purpose, or this role may not read it."""


class BasisEnded(NotPermitted):
    """The person's basis for this purpose has ended."""
