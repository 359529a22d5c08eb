"""Runs the steps of the main database in the transaction of the connection it is given."""

from __future__ import annotations

from alembic import context

from troth.kernel.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
