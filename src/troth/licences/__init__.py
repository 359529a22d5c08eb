"""Licences: a key made from the buyer's address, kept only as a mark it can be recognised by.

`issue` makes one for an order line, `show_key` makes it again for its owner, `judge` says whether a typed key is good.
"""

from troth.licences.errors import LicenceUnknown
from troth.licences.key import LicenceKey
from troth.licences.model import Grounds, Licence, State, Verdict
from troth.licences.service import find_licence, issue, judge, revoke, show_key

__all__ = [
    "Grounds", "Licence", "LicenceKey", "LicenceUnknown", "State", "Verdict",
    "find_licence", "issue", "judge", "revoke", "show_key",
]  # fmt: skip
