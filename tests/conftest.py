"""Fixtures that all tests may use; see tests/support/store.py and tests/support/selling.py."""

from tests.support.selling import postgres_template, shop, sqlite_shop, sqlite_template
from tests.support.store import postgres_server, sqlite_store, store

__all__ = [
    "postgres_server", "postgres_template", "shop", "sqlite_shop", "sqlite_store", "sqlite_template", "store",
]  # fmt: skip
