"""What licences refuse.

TrothError
└── NotFound ── LicenceUnknown   no licence stands for that order line
"""

from __future__ import annotations

from troth.kernel.errors import NotFound


class LicenceUnknown(NotFound):
    """There is no licence for this."""
