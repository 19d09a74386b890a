"""The hot path with less work, monotonic numbers for participants who are hot, and the trace of a
payment with its item.

Functions are replaced under their signatures, so nobody who is in the middle of a call notices.

Locks: ACCESS EXCLUSIVE on the queue, the identities and the counters, for three columns that are
empty.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0011_numbers_and_traces.sql",
        sha256="cd65de556c8aeea248fd84d8e78ee84b79665b06df05ca2553a2a69934ed88ee",
    )
    op.install_function(
        "0011__enqueue_outbox_item.sql",
        sha256="174a1bf16a1638bad7d361b88b4433cde924ebf267686a2f6d23e5be05e3bf6b",
    )
    op.install_function(
        "0011__enqueue_outbox_items.sql",
        sha256="b154b90af5b03dedf0e065b0937575f95940d7fec5343af90667da0da30ea56f",
    )
    op.install_function(
        "0011__nth_uuid.sql",
        sha256="7e5bc319fb3575ca604d55443594aa62d4bf588677bf7d5e8bd728d209cc656a",
    )
    op.install_function(
        "0011_bump_participant_outbox_seq.sql",
        sha256="9ef4a8b13fd1e935b14a9e82e87a2bd6f0288a0ed1d2f61770b19b3cf029fba7",
    )
    op.install_function(
        "0011_claim_outbox_items.sql",
        sha256="db64cd75d2b255f71bfdd8c949eac26fd3b7feace8082500bb61f3e5bcf2cb2a",
    )
    op.install_function(
        "0011_claim_traced_items.sql",
        sha256="38a81ab98c0fec8a60f83ec21f9e954d0a61de1172e940fce357342ed1fe9639",
    )
    op.install_function(
        "0011_complete_outbox_attempts.sql",
        sha256="62f82e1e837151534e48891a9f5f6afe760074ff30e2d8c13024375e8f1dcaec",
    )
    op.install_function(
        "0011_enqueue_payment_outbox.sql",
        sha256="617052a19774c1fa74d8d14f25eaef01f0ca20f0977a3d2a74c8e6e019f48f3d",
    )
    op.install_function(
        "0011_evidence_pack.sql",
        sha256="ad05f42a21b398b780e9278475deba6cbdca80cf35bf25f38273e7e2cb46b7ec",
    )
    op.install_function(
        "0011_ingest_instruction.sql",
        sha256="16b5e2339d504429eac05db510dfd70bf849bd4031b43f2dda8ad251878d31dd",
    )
    op.install_function(
        "0011_ingest_traced_instruction.sql",
        sha256="4484468365b3d037e8111736da0c7e5a226fb7aaff4f725b046a0a1237a3bc3d",
    )
    op.install_function(
        "0011_notify_outbox.sql",
        sha256="a67acee5850c45cf63ab680c565ff8371cf5a191ae9919719803bc655f9df735",
    )
    op.install_function(
        "0011_number_participant_monotonically.sql",
        sha256="61260bbd864e7e0b3577b59a39c6f325a33669425d76c79262c653705b1e7162",
    )
    op.run_script(
        "0011_owner.sql",
        sha256="00a2298e8a16435a71415ff0818f6c097b2b8f31c1d422d347798cd68a952305",
    )
