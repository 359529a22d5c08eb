"""The first tables of the main database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from troth.vault.columns import index_check, sealed_check

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_leaf",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("row", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.String(32)),
        sa.Column("readable_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("number", name="pk_audit_leaf"),
        *sealed_check("readable_sealed"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_leaf_person", "audit_leaf", ["person"], unique=False)
    op.create_table(
        "basis",
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("person", "purpose", name="pk_basis"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("once", sa.String(128)),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("failure", sa.String(128)),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("once", name="uq_job_once"),
    )
    op.create_index("ix_job_state_due_at", "job", ["state", "due_at"], unique=False)
    op.create_table(
        "licence",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("key_index", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.String(32)),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("origin_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_licence"),
        sa.UniqueConstraint("key_index", name="uq_licence_key_index"),
        *sealed_check("origin_sealed"),
    )
    op.create_index("ix_licence_line", "licence", ["line"], unique=False)
    op.create_index("ix_licence_person", "licence", ["person"], unique=False)
    op.create_table(
        "mail",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("message_id", sa.String(320), nullable=False),
        sa.Column("once", sa.String(128), nullable=False),
        sa.Column("failure", sa.String(64)),
        sa.Column("body_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
        sa.UniqueConstraint("once", name="uq_mail_once"),
        *sealed_check("body_sealed"),
        sa.CheckConstraint("(state = 'queued') = (body_sealed IS NOT NULL)", name="only_queued_has_a_body"),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed', 'dropped')", name="state"),
    )
    op.create_index("ix_mail_person", "mail", ["person"], unique=False)
    op.create_index("ix_mail_state_queued_at", "mail", ["state", "queued_at"], unique=False)
    op.create_table(
        "mail_link",
        sa.Column("token_index", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("thing", sa.String(32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token_index", name="pk_mail_link"),
    )
    op.create_index("ix_mail_link_expires_at", "mail_link", ["expires_at"], unique=False)
    op.create_table(
        "order_event",
        sa.Column("order", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("order", "number", name="pk_order_event"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("token_index", sa.LargeBinary(), nullable=False),
        sa.Column("once", sa.LargeBinary()),
        sa.Column("person", sa.String(32)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("tax_country", sa.String(2), nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False),
        sa.Column("tax_regime", sa.String(12), nullable=False),
        sa.Column("tax_table", sa.String(16), nullable=False),
        sa.Column("tax_notice", sa.String(120), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("evidence_country", sa.String(2)),
        sa.Column("flag", sa.String(80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deliver_at", sa.BigInteger()),
        sa.Column("paid_at", sa.BigInteger()),
        sa.Column("fulfilled_at", sa.BigInteger()),
        sa.Column("refunded_at", sa.BigInteger()),
        sa.Column("draft_sealed", sa.LargeBinary()),
        sa.Column("buyer_sealed", sa.LargeBinary()),
        sa.Column("invoice_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
        sa.UniqueConstraint("once", name="uq_orders_once"),
        sa.UniqueConstraint("token_index", name="uq_orders_token_index"),
        *sealed_check("draft_sealed"),
        *sealed_check("buyer_sealed"),
        *sealed_check("invoice_sealed"),
    )
    op.create_index("ix_orders_created_at", "orders", ["created_at"], unique=False)
    op.create_index("ix_orders_person", "orders", ["person"], unique=False)
    op.create_table(
        "payment",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("order", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_payment"),
        sa.UniqueConstraint("id", name="uq_payment_id"),
        sa.UniqueConstraint("provider", "reference", "kind", name="uq_payment_provider_reference_kind"),
    )
    op.create_index("ix_payment_order", "payment", ["order"], unique=False)
    op.create_table(
        "payment_attempt",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("order", sa.String(32), nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(255)),
        sa.Column("url", sa.String(2048)),
        sa.Column("return_index", sa.LargeBinary(), nullable=False),
        sa.Column("returned_at", sa.BigInteger()),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_payment_attempt"),
        sa.UniqueConstraint("reference", name="uq_payment_attempt_reference"),
        sa.UniqueConstraint("return_index", name="uq_payment_attempt_return_index"),
    )
    op.create_index("ix_payment_attempt_order", "payment_attempt", ["order"], unique=False)
    op.create_index("ix_payment_attempt_state_created_at", "payment_attempt", ["state", "created_at"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("address_index", name="uq_person_address_index"),
        *index_check("address_index"),
        *sealed_check("address_sealed"),
    )
    op.create_table(
        "policy_stamp",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_policy_stamp"),
    )
    op.create_table(
        "product",
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("page", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_product"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("policy_revision", sa.Integer(), nullable=False),
        sa.Column("receipt_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
        *sealed_check("receipt_sealed"),
    )
    op.create_index("ix_receipt_person", "receipt", ["person"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("os", sa.String(80), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("object", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
    )
    op.create_index("ix_release_product", "release", ["product"], unique=False)
    op.create_table(
        "session",
        sa.Column("token_index", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_index", name="pk_session"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"], unique=False)
    op.create_table(
        "session_grant",
        sa.Column("token_index", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("thing", sa.String(32), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_index", "kind", "thing", name="pk_session_grant"),
    )
    op.create_index("ix_session_grant_expires_at", "session_grant", ["expires_at"], unique=False)
    op.create_index("ix_session_grant_kind_thing", "session_grant", ["kind", "thing"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("event", sa.String(255), nullable=False),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("object", sa.String(255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event", name="pk_webhook"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("webhook")
    op.drop_table("session_grant")
    op.drop_table("session")
    op.drop_table("release")
    op.drop_table("receipt")
    op.drop_table("product")
    op.drop_table("policy_stamp")
    op.drop_table("person")
    op.drop_table("payment_attempt")
    op.drop_table("payment")
    op.drop_table("orders")
    op.drop_table("order_event")
    op.drop_table("mail_link")
    op.drop_table("mail")
    op.drop_table("licence")
    op.drop_table("job")
    op.drop_table("basis")
    op.drop_table("audit_leaf")
