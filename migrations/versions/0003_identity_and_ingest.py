"""Identity for life, ingest in one statement, and functions that only their roles can call.

A permanent registry binds (tenant, instruction, idempotency key) to one payment; ingest writes the
attestation and the item together; notifications no longer serialize commits; every function names
its schema, puts pg_temp last and is taken away from PUBLIC.

Locks: SHARE ROW EXCLUSIVE on payment_outbox_pending and payment_outbox_attempts while their keys
are copied into the registry, then ACCESS EXCLUSIVE on payment_outbox_pending for the exchange of
its key.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_function(
        "0003_uuid_v7_or_random.sql",
        sha256="2c5ec4c6cb02692342796bfa4b3eb205752e85486d471523a3a1f51fabf3981e",
    )
    op.install_function(
        "0003_uuid_strategy.sql",
        sha256="9bfba62c16a8ce00cf9053f84192af0865346e791f4369e83ea3faff8ccd570e",
    )
    op.install_function(
        "0003_outbox_retry_ceiling.sql",
        sha256="e2bbe751c5cf6847575029fbed7ed92a30253836e6fc7fdd60722b08224e767b",
    )
    op.install_function(
        "0003__require_text.sql",
        sha256="de1786b58257ab02f9a43fabc74a6ab5ec1b5a68a3f4a9927dde176405048457",
    )
    op.install_function(
        "0003__outbox_fingerprint.sql",
        sha256="737602a3842fd688c226d95eed48514844c31d35a99b4a8a6a913307123f0f99",
    )
    op.install_function(
        "0003_deny_outbox_identities_mutation.sql",
        sha256="59803f7f9c5de594637fbe9620df56866de7a17ab644f47025cece9683709275",
    )
    op.run_script(
        "0003_identities.sql",
        sha256="ea9a3c1b6e2fbfd7b753364338230421cc8530e1e933c7b8f6a2ae7998f6e1b0",
    )
    op.install_function(
        "0003_bump_participant_outbox_seq.sql",
        sha256="730627709d7b4cf987718664b34067986ba975cd74e53da8ebdfcb860adf4ffd",
    )
    op.install_function(
        "0003__enqueue_outbox_item.sql",
        sha256="718eeaa944b67dd588a01306f647517e9f5a08006f117ddff76dcc441571b676",
    )
    op.install_function(
        "0003_enqueue_payment_outbox.sql",
        sha256="15c4c4d2d9a695fd75459c02524453678dc1731f536b1398485fc74b18038e89",
    )
    op.install_function(
        "0003_ingest_instruction.sql",
        sha256="bad3b4f4de0852104148b892e8c7a68d248036ab1d0edec77da7b3efad5ef613",
    )
    op.install_function(
        "0003_notify_outbox.sql",
        sha256="7941bca429969d75329e34d0273c62b8348c331abe164b7b0eead4c07275dd79",
    )
    op.run_script(
        "0003_notify.sql",
        sha256="a78f6ce66a6cbe4c59281d4cf12c11f9214812f602c0bf1955fb1af0dd7c6536",
    )
    op.install_function(
        "0003_register_tenant.sql",
        sha256="ecc266283eb40552789510a450f8e1f4d48fa9b065b60e8655be901e282c40d1",
    )
    op.install_function(
        "0003_claim_outbox_batch.sql",
        sha256="286c75ea5760a7ef0937d5ea104fa0d9f300bf1b53b0f038e4c30b3aa791e6ce",
    )
    op.install_function(
        "0003_release_outbox_leases.sql",
        sha256="42991999064749c31e0a0ac595bf48119ab137a0b9f1c8ce81d08309404a7279",
    )
    op.install_function(
        "0003_instruction_status.sql",
        sha256="45a123b2bdf466dc2b255fb2357b7b7e5f50e04ed8b02721869ac29f155ac00f",
    )
    op.install_function(
        "0003_evidence_pack.sql",
        sha256="6f6db40e9abd11bd3e723c255e3983ed53785b84b81eb79d89f4099cf12e8672",
    )
    op.install_function(
        "0003_outbox_backlog.sql",
        sha256="c8513022753113c9611a292a3565b85edf6ecba0b09f261286d950bedbce33e9",
    )
    op.install_function(
        "0003_deny_outbox_attempts_mutation.sql",
        sha256="ca85a69cb5c7d182b6829db96668ba279dc44446122fbcc670a487934db9c82c",
    )
    op.install_function(
        "0003_deny_ingress_attestations_mutation.sql",
        sha256="aa7101cb741687afdd4f4d7aaa1123aa36cbcae371cae9e1fd824f68ecbae319",
    )
    op.install_function(
        "0003_deny_revocation_mutation.sql",
        sha256="a9e60fd9e0d10cd3339e2aa203f3efa59a4e4addd64b33b4e931ef95c3a6e1c0",
    )
    op.install_function(
        "0003_enforce_member_tenant_match.sql",
        sha256="a49eab0a083734795832cd628be31336d1d57df181900cd9070d824e59c7643b",
    )
