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
        sha256="b28922175ceaccba2b369af34ee4cf6f018b788ff51b04957ec6dfee8f9ed49b",
    )
    op.install_function(
        "0007_deny_retention_mutation.sql",
        sha256="3db1ccb6b565a68714c2897600d446219e7c188046d97af43dc78fce4f0dab4d",
    )
    op.run_script(
        "0007_retention_triggers.sql",
        sha256="127a07c4351ea156a80341d57068a665bd2a071d6480844b475b13e4c9833820",
    )
    op.install_function(
        "0007__retention_days_min.sql",
        sha256="e4e6c7a5476ee95b5234190d6dc2f57abb6928c85c294746b73ff71e88746175",
    )
    op.install_function(
        "0007__require_horizon.sql",
        sha256="1646c33b6885304fd42f5b5351888d0468c7a2f2064d9278814992bb44d0e3af",
    )
    op.install_function(
        "0007__attempts_digest.sql",
        sha256="35877fbd7329d01927c6b42d01e57a3ff67596e2004795177acd7268b0148474",
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
        sha256="025f19d8978567822d8513d687f8b857fe9223eedf830de838959b3fa9390066",
    )
    op.install_function(
        "0007_deny_outbox_attempts_mutation.sql",
        sha256="b9f9f7a2adf854eb5dc17bdf96ab83f40703420d5d4e199db3386af9b0ae2b26",
    )
    op.install_function(
        "0007__outcome_of.sql",
        sha256="8b28269c7e35fd2df8abeb1488c19d5cb74b41e9ab0b49bd1c17cd68e98e9651",
    )
    op.install_function(
        "0007__judge_late_results.sql",
        sha256="0fc31b97c62a4eca1d5cd63fba1f05ee2398cbd0ae7c15302c1a324b81eab46a",
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
