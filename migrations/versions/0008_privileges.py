"""An owner that is nobody, roles that have functions and views, readers without tokens.

Locks: to be said.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("select 1")
