"""What tenants owe.

Locks: SHARE ROW EXCLUSIVE on ledgerdb's tenants and payment_outbox_identities, for the foreign keys
of a table that is empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '200ms'")  # payments do not queue behind us
    op.create_table(
        "invoices",
        sa.Column("invoice_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(18, 2), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["payment_outbox_identities.outbox_id"]),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
        sa.PrimaryKeyConstraint("invoice_id"),
    )
