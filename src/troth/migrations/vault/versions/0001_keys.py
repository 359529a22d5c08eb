"""The first tables of the key database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "person_key",
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("retention", sa.String(32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "retention", name="pk_person_key"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("person_key")
