"""The steps that bring a store's two databases to this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.kernel.schema import metadata, vault_metadata

if TYPE_CHECKING:
    from sqlalchemy import Engine


def upgrade(store: Engine, vault: Engine) -> None:
    """Bring both databases to this version; does nothing where they are."""
    metadata.create_all(store)
    vault_metadata.create_all(vault)
