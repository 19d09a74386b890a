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
        sha256="49bd2af91a76f09ff4f0e897a838197ac1c76cf04881f000345b9fa7e1ef8c6a",
    )
    op.run_script(
        "0008_ownership.sql",
        sha256="002e09d74a1ece4f5d540aab06850a50d1d73aaff122993e3f25f9eec65eee6f",
    )
    op.run_script(
        "0008_privileges.sql",
        sha256="400e9bbaa7c9caa372d411dc17cad547485d17917804e10814924363a3bc6eb4",
    )
