"""Runs the steps of the key database in the transaction of the connection it is given."""

from __future__ import annotations

from alembic import context

from troth.kernel.schema import vault_metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=vault_metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
