"""Fixtures that all tests may use; see tests/support/store.py."""

from tests.support.store import postgres_server, sqlite_store, store

__all__ = ["postgres_server", "sqlite_store", "store"]
