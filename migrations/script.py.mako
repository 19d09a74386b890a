"""${message}.

Why: say what the change is for.
Locks: say which tables, in which mode, for how long.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    # `make freeze` prints the lines for changed functions
    op.run_script("${up_revision}_${message.lower().replace(' ', '_')}.sql", sha256="")
