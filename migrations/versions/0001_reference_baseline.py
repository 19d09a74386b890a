"""The reference baseline: the surface that deployed databases have today.

Written anew from the contract, with the behaviour of the earlier plain-SQL migrations, their
`MAX(attempt_no)` included, so that an adopted database and a fresh one walk the same line from
here.

Locks: none that matter; it runs on a database that holds none of these objects.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0001_roles_and_types.sql",
        sha256="58228eeb4414c7ea0df4c8f1eb9f0cd0c12fec2ab66ed0c49b7e224a2ea842db",
    )
    op.install_function(
        "0001_uuid_v7_or_random.sql",
        sha256="b906191a80132492c2e351d79891c8bbb5030b998a3a9bb9cbef563ee50819a1",
    )
    op.install_function(
        "0001_uuid_strategy.sql",
        sha256="7a1fb3d6ba7e254d4f2c2150382c9fb81929ef368b22238c14b9e6b236b74bc5",
    )
    op.install_function(
        "0001_outbox_retry_ceiling.sql",
        sha256="593eea930f165bb449fa493022c3ae5bd5a984d2f27a668c4d9cf16d7e392d94",
    )
    op.run_script(
        "0001_tenants.sql",
        sha256="da523084788ccd3185a05add645ed632bd16b597949ec471526a02720f174268",
    )
    op.run_script(
        "0001_outbox.sql",
        sha256="05feb1cbb0221142385db4331a0ff9a3155d3b84dcbdf68d56587606e990edf2",
    )
    op.run_script(
        "0001_ingress.sql",
        sha256="764156e124b35d5823635a27a44add2766929e82916fa3de04c0d97362e42f19",
    )
    op.run_script(
        "0001_policy.sql",
        sha256="b5334de164a4c9e111101e13edee70de606c604164e36ea57a0df7de60e1f753",
    )
    op.install_function(
        "0001_bump_participant_outbox_seq.sql",
        sha256="0ff1ddc6af191be4000dd4cdb5fe1af680abd043d854cfe19e00b57b64452868",
    )
    op.install_function(
        "0001_enqueue_payment_outbox.sql",
        sha256="4c73d18df976877dd1f5707a9f2c36be09a116dcaddd59eeb7f1a4831f479f9b",
    )
    op.install_function(
        "0001_claim_outbox_batch.sql",
        sha256="a09e9ace2febc5b6b8bae2cda43a0e392eead485dc2c65383190ba3b32c4c65c",
    )
    op.install_function(
        "0001_complete_outbox_attempt.sql",
        sha256="854c33d0ab9e19f1637f277789e216cc5f7f89c7377e26b6ef23c312bd32337a",
    )
    op.install_function(
        "0001_repair_expired_leases.sql",
        sha256="e06cdec0a4ce73543a76672204e5d6610568e7d7a4a54ab1bdf8a2c4639538fc",
    )
    op.install_function(
        "0001_deny_outbox_attempts_mutation.sql",
        sha256="3effb275657c2c1cfa0dbb82b87c6f2e88c76acca27220cc99d0b710f0600aea",
    )
    op.install_function(
        "0001_deny_ingress_attestations_mutation.sql",
        sha256="e0a742c25eed72acdd235652917caa600eea27b9ec792d09d1629bff6a12ed02",
    )
    op.install_function(
        "0001_deny_revocation_mutation.sql",
        sha256="b74e78b01e8657156188bb8f48b9f86a6e98833ed359bf3028eea6e0037c186f",
    )
    op.install_function(
        "0001_enforce_member_tenant_match.sql",
        sha256="6ed90a404f229768fcd70bb49d2f29231b9c56249d850d8f0941148e7b01a60d",
    )
    op.run_script(
        "0001_triggers.sql",
        sha256="e637c02b109af98fd0b0db2b905a66188c1ff05d650ab5fa0c86e9a2608cf6ad",
    )
    op.run_script(
        "0001_privileges.sql",
        sha256="878d00313c97f14af0c7424ba2bef56ca5327817ee9aa67ecf06b8507e5e8701",
    )
    op.run_script(
        "0001_timeouts.sql",
        sha256="5736323cf4f4ebc9f7bfd0ff502be627f89a92df291459b283d94023c8c07f20",
    )
