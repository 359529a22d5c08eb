"""The vault: nothing personal is stored or read but through here.

`seal` makes a record unreadable without its person's key, `Sealed.open` opens it inside `with purpose(...)` and leaves
an audit leaf, `shred` destroys a key, `index` finds a value without storing it. See docs/formats/sealed-record.md.
"""

from troth.vault.columns import index_column, sealed_column
from troth.vault.gate import BasisAlive, Sealed, purpose
from troth.vault.session import Rules, Subjects, Vault, VaultAccess, of

__all__ = [
    "BasisAlive",
    "Rules",
    "Sealed",
    "Subjects",
    "Vault",
    "VaultAccess",
    "index_column",
    "of",
    "purpose",
    "sealed_column",
]
