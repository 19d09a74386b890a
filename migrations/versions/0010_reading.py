"""What people and dashboards read: the queue by tenant, participant and rail, activity, health, and
evidence with its place in the chain of hashes.

Locks: none on a table that was there before. Functions only; two bodies are replaced under their
signatures.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_function(
        "0010__seal_over.sql",
        sha256="467b36ecf0df108a8c6e540cfb93513fea1dd4eef8071f1fd0a578b7ed3ae800",
    )
    op.install_function(
        "0010_evidence_pack.sql",
        sha256="e23e4a71926eab42937832bca025fb879ec765b512094b21fb2fca00b35de7cc",
    )
    op.install_function(
        "0010_find_outbox_items.sql",
        sha256="8942bfc3a103d0e5a18c0c28e41c15aad35a84b3996aaf7150cf14a84f9fba2b",
    )
    op.install_function(
        "0010_inspect_outbox_item.sql",
        sha256="61c9776ab728e86f81facbe47d885d229bc1b51ca165aac9cdd122267954db71",
    )
    op.install_function(
        "0010_list_outbox_controls.sql",
        sha256="8ba88828b239ec2558a22ce159030f94977617fd37cbdc1b0c84471fe2b02398",
    )
    op.install_function(
        "0010_list_outbox_items.sql",
        sha256="c230367528c1cf1ae55126cd05308b186da855f55b3b4bc7bd8199c6f6d5a4c7",
    )
    op.install_function(
        "0010_outbox_activity.sql",
        sha256="b7e0832a4ff6f2e506cf25747b1be794278badf35b8470e8ec17a46d4529669a",
    )
    op.install_function(
        "0010_outbox_breakdown.sql",
        sha256="8f1606107d5ae3d5874e1963340b1c62d1485b3fb1b5532536ad20330147356c",
    )
    op.install_function(
        "0010_outbox_health.sql",
        sha256="c792adc56e72f11b19f17c8f3e2e0d022d46b8f9419d26a927386436aba4d4d2",
    )
    op.run_script(
        "0010_reading.sql",
        sha256="016b290a9fe2c24a6f52945dd9ab85cad4863351132dc503e40f445ebde66447",
    )
