"""History retires: old attempts of ended items, never live items or identities.

An outcome row stays for life in place of the attempts, so that replays are answered as before; the
append-only trigger lets the deletion pass in the transaction of the run that wrote the outcome.

Locks: none but those of replacing functions; the tables are new.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0007_retention.sql",
        sha256="7fa2cb51e4e6e8f2185400e9c1331e78ca19088209e1a6af73215fa99f7e332c",
    )
    op.install_function(
        "0007_deny_retention_mutation.sql",
        sha256="d652ef15f78a8cad46c1a3e4e2d9cb45ef104b32697c8707b3d0f131a598cf63",
    )
    op.run_script(
        "0007_retention_triggers.sql",
        sha256="7fe51b3f13501a7af196060190d6ac68fe13cdb47f27b25f7b8acd21373021f7",
    )
    op.install_function(
        "0007__retention_days_min.sql",
        sha256="3491762068fedd23edb2feeada483b42efefc596ebdeb3b1578d658f871e88f3",
    )
    op.install_function(
        "0007__require_horizon.sql",
        sha256="1646c33b6885304fd42f5b5351888d0468c7a2f2064d9278814992bb44d0e3af",
    )
    op.install_function(
        "0007__attempts_digest.sql",
        sha256="6bac23becc0153b0e3deecdf55bd70edccbd327658b8f4fcdfd2a2cd22577e6f",
    )
    op.install_function(
        "0007__retention_verdicts.sql",
        sha256="89bbc023ee99a29d2a2676c3f18b58b18210ba1ef18228cda9a6e8054e16d19f",
    )
    op.install_function(
        "0007_retention_plan.sql",
        sha256="a7514fbe15e780449cde663a179f00eac31b65d1102a9db4aab93cebfbdf0122",
    )
    op.install_function(
        "0007_retire_history.sql",
        sha256="3b93996d1866b551213fd2f49b336ab41e42ac4e57055d2be8e6915c5d94ee40",
    )
    op.install_function(
        "0007_deny_outbox_attempts_mutation.sql",
        sha256="86138bb2e69f4876aa3258af71acb69f6abb6320d1f75fd93bde93cf49d0b88f",
    )
    op.install_function(
        "0007__outcome_of.sql",
        sha256="8b28269c7e35fd2df8abeb1488c19d5cb74b41e9ab0b49bd1c17cd68e98e9651",
    )
    op.install_function(
        "0007__judge_late_results.sql",
        sha256="3178d1a98dc6eb8abf696df3245a79ba36a2653b8a0b1dda5c7b1f49bac54896",
    )
    op.install_function(
        "0007_instruction_status.sql",
        sha256="b0ce8627c33d0c2843b73d3c82c0dc5ec0a59a3d4f975391054db85740d722ad",
    )
    op.install_function(
        "0007_evidence_pack.sql",
        sha256="55b30db48db3e0dda64a3b74ca9fa24a96cbc4f9c01c23f4d239a915501f7845",
    )
    op.install_function(
        "0007_inspect_outbox_item.sql",
        sha256="d065ad65f99fb2297db4f1999750d38b2961779087057c5bbc3176edff05679c",
    )
