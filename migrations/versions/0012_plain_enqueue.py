"""An enqueue in three plain statements, sweeps of claims that are rarer and alone, and completions
that ask for the retry ceiling only where something may be retried.

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
        sha256="3c2a6d2882a8ed2b22ace1bffb77aa6a646ea266c269b57362b474f0f24759a4",
    )
    op.install_function(
        "0012__enqueue_outbox_item.sql",
        sha256="d0c95598af08de2fb1a9697894740bac2337c7a753a8fd74ec1f1063e86fc582",
    )
    op.install_function(
        "0012_complete_outbox_attempts.sql",
        sha256="84665ed7276440068bbbbf9316176eb3728d2e5842ace92d9ffe7560c41fb973",
    )
