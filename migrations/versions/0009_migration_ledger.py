"""The migrations keep books: a ledger of checksums, and a journal of what runs under traffic.

The runner creates both tables beside its version table; here they get their owner and readers.

Locks: ACCESS EXCLUSIVE on the two tables, which nobody but a migration uses.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0009_bookkeeping.sql",
        sha256="88c405daa28c423d9071418cef86e8c00e78e5ed98456697f61405d81686b563",
    )
