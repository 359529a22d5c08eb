"""The policy: what every part declares, compiled into one lock that the program runs under.

`compiler.compile_policy` holds the declarations of all parts (`language`) to the real tables, forms and settings and
yields a `Lock`; `check_lock` refuses a program whose policy the store has not accepted; `Archive` keeps every accepted
revision; `diff` says in plain words what changed; `document.document` yields the published policy as data. Nothing here
knows pages or SQL.
"""

from troth.policy.archive import Archive, Rules, accept_lock
from troth.policy.diff import check_lock, diff
from troth.policy.lock import LOCK_FILE, Lock, Note, PolicySettings, read_lock, write_lock

__all__ = [
    "LOCK_FILE",
    "Archive",
    "Lock",
    "Note",
    "PolicySettings",
    "Rules",
    "accept_lock",
    "check_lock",
    "diff",
    "read_lock",
    "write_lock",
]
