"""The locked counter: attempt numbers come from the pending row, not from `MAX(attempt_no)`.

One transaction reports and repairs what drifted and replaces the functions that number attempts.

Locks: SHARE ROW EXCLUSIVE on payment_outbox_pending and payment_outbox_attempts for one pass over
the pending items; calls of the functions wait for it and go on under the new bodies.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_function(
        "0002_outbox_counter_drift.sql",
        sha256="92530ef587315a88c9f101c46c6ebcc586290d1c020936b8e58cf6c7eaa7374d",
    )
    op.run_script(
        "0002_counter_drift_report.sql",
        sha256="0cfa48d9c8198319db039a7e5f298aed0f619e7ffb0a6c4af6ef105a04058889",
    )
    op.install_function(
        "0002_complete_outbox_attempt.sql",
        sha256="0ab2886a76e11dcc5ab771e032336a6cf92621782c841714c45547cf641d3a16",
    )
    op.install_function(
        "0002_repair_expired_leases.sql",
        sha256="fd63ca1756dc3b51d90ae0f384af20c973c5bd9d9dbc375e9506c73c3ef4a569",
    )
