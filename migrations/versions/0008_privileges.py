"""An owner that is nobody, roles that have functions and views, readers without tokens.

Functions run with the rights of symphony_owner, which cannot log in and owns ledgerdb's objects and
nothing else. Runtime roles lose every way to write a table and to read a lease token. Triggers of
other applications on these tables are looked at: one that could do less than before stops the step.

Locks: ACCESS EXCLUSIVE on every table of ledgerdb, taken in one statement, for changes of the
catalog only.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0008_owner.sql",
        sha256="ee569e1d3237a88530563dc4a5a37942ce935fcf3e3afe2f335d86bddafd9958",
    )
    op.run_script(
        "0008_guests.sql",
        sha256="603ac79f079e05c71226a70ce6835e13b6116fc32d5bfa91fb7d7ac4177db610",
    )
    op.run_script(
        "0008_ownership.sql",
        sha256="320c3daf5c14989efb47cdc2fcdd4d33f1eb11821750fcd2c105ce424356f689",
    )
    op.run_script(
        "0008_privileges.sql",
        sha256="400e9bbaa7c9caa372d411dc17cad547485d17917804e10814924363a3bc6eb4",
    )
