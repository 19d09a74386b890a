"""The registry of identities is filled while the old functions go on.

From the triggers on, every item that is written has its identity at once; then the queue and the
attempts from before are read in batches. The revision's transaction finds the registry full, and
leaves the triggers to calls that it finds in the middle of an older function; 0004 drops them.
"""

from alembic import op

revision = "0003"
replaces = {
    "0003_identities.sql": (
        "0003_identities_prepared.sql",
        "c08786e2fd30d2e5abed44228c7dd6235aded24620913ed222888b8b2faf9bc0",
    ),
}


def prepare() -> None:
    op.install_function(
        "0003__outbox_fingerprint.sql",
        sha256="737602a3842fd688c226d95eed48514844c31d35a99b4a8a6a913307123f0f99",
    )
    op.install_function(
        "0003_deny_outbox_identities_mutation.sql",
        sha256="59803f7f9c5de594637fbe9620df56866de7a17ab644f47025cece9683709275",
    )
    op.run_script(
        "0003_registry.sql",
        sha256="591f9ea6bb9b4ee7a3de3335e5cdb149c01ca36817650ad133ccf0fbae5b3f93",
    )
    op.run_script(
        "0003_identify.sql",
        sha256="f513b74bf1a6ad94455c5328ae3926852ac0a9c13b0d9e40165a85e3a1eee496",
    )
    op.run_script(
        "0003_identify_queued.sql",
        sha256="60414234c4069ef55b7c1623189708fc5ac62cf9cae8055b894f9a32cb24c5ff",
    )
    op.run_script(
        "0003_identify_recorded.sql",
        sha256="7fe18924049cbdfc25349ed12c66f6191232ccc5bcb8fb8623c0a35c12205e7f",
    )
    op.backfill(
        "0003_backfill_queue.sql",
        sha256="8690f98ab598203409750031952c36a847f5f69640a943d522978716f6251fcf",
    )
    op.backfill(
        "0003_backfill_attempts.sql",
        sha256="8a6431e298cb6f55150b0013553e6782817fde341a94da05ae62aeef00f412f2",
    )
    op.build_index(
        "0003_queue_key.sql",
        sha256="2fa785018988510f50d6c3178b514f2afc7a51e0461da31e78c439d6f5bbe586",
    )
