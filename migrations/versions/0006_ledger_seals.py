"""A hash chain over attempts and attestations that does not serialize writers.

Locks: to be said.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_function(
        "0006__attempts_sealed.sql",
        sha256="5f0356b137c3d7c09705b0fbb32629c459af3d9b3edca4a4a347001cb6378863",
    )
