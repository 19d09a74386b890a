"""An enqueue in three plain statements, and sweeps of claims that are rarer and alone.

Functions are replaced under their signatures, so nobody who is in the middle of a call notices.

Locks: none beyond the catalog.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_function(
        "0012__due_items.sql",
        sha256="85bf9946ee268114860e8711f4f5441cc3ef080daba793bcef8f134bc3c3004f",
    )
    op.install_function(
        "0012__enqueue_outbox_item.sql",
        sha256="5f976d4a000ec865f6da8972f1467117dec55d903c91dadde8a4b66139a754d9",
    )
