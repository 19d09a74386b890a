"""A hash chain over attempts and attestations that does not serialize writers.

Rows get positions from a sequence; `seal_ledger` hashes what is final, range after range. Rows that
exist already are sealed in the order of their ids. See docs/adr/0008-seals.md.

Locks: ACCESS EXCLUSIVE on attempts and attestations, for changes of the catalog and one pass over
each for its (empty) index.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0006_positions.sql",
        sha256="284cbbce2ccc416ea429823d6988f0a3631f32e8ec73be00413635cd93dec54f",
    )
    op.install_function(
        "0006__attempt_leaf.sql",
        sha256="b58911f2b42b7f145810a3f203bfc445eb6ecc099b8f59a683d1df02d9cea5c2",
    )
    op.install_function(
        "0006__attestation_leaf.sql",
        sha256="609fd848b28a1842904cc86eee3dc56847712528f3a490f6841d7cd9dbc1c030",
    )
    op.install_function(
        "0006_deny_seal_mutation.sql",
        sha256="18bcf7726255dbfed7371cff725fbe49bf4dac5aad57f4d0d16bf9d3997396f2",
    )
    op.run_script(
        "0006_seals.sql",
        sha256="e653cd965918f149f846ca07803fcf720f3e18ff35b3752803253cab5dee2e3d",
    )
    op.install_function(
        "0006__append_seal.sql",
        sha256="9e382a63210e82574b31cd30b5e987dfc18b9b38c0abc6dcd5ba35c3bfa0746f",
    )
    op.install_function(
        "0006_seal_ledger.sql",
        sha256="6bd06e50e0eaed0d7649330c5de8f3f2d745ec123fd287b6c58ab1853cfdd1f2",
    )
    op.install_function(
        "0006__attempts_sealed.sql",
        sha256="41f3e60f6d94737e83dc9fe4e096b1334be227ef9df88b3eaa197ae9a63eb1ac",
    )
