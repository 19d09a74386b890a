"""Attempts and attestations get their positions, and the indexes over them, before anybody seals.

A sealer that comes with the revision's transaction finds rows with a position from the moment at
which their column came, instead of from that transaction on: both are the order of the ledger.
"""

from alembic import op

revision = "0006"
replaces = {
    "0006_positions.sql": (
        "0006_positions_prepared.sql",
        "1301edf8f16b7883760b2910d06d7d5b7f7f4718956fbc98a5dbdc3789b612a9",
    ),
}


def prepare() -> None:
    op.run_script(
        "0006_ledger_positions.sql",
        sha256="4ba8a06772851f2b6e681e6225cf357847db111b8b2afe00b40f2c3753fde250",
    )
    op.run_script(
        "0006_attempts_position.sql",
        sha256="e1c2f1cf3a333d8ce194dbd44d14a389392dee9fe51e97f5b7a5b7aee99f48c7",
    )
    op.run_script(
        "0006_attestations_position.sql",
        sha256="2257288a189bebfb940d8a2bc22934bf3d73ed9fcafec939752cd428353a52f3",
    )
    op.build_index(
        "0006_attempts_by_position.sql",
        sha256="cb4e5135f764b30996b2a7dd211d2fc900355cb7b6d44315e395faccf6fafc48",
    )
    op.build_index(
        "0006_attestations_by_position.sql",
        sha256="f0992164df1bfb9103d2a5bb09c15613b7c293a01d50546c1ab871dff051729b",
    )
