"""The registry of identities is filled while the old functions go on.

From the triggers on, every item that is written has its identity at once; then the queue and the
attempts from before are read in batches. The revision's transaction finds the registry full.
"""

from alembic import op

revision = "0003"
replaces = {
    "0003_identities.sql": (
        "0003_identities_prepared.sql",
        "155cf7f24608741e8b9e271e4cf111d3ac9135dc5553ff2c506a842289f2d076",
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
        sha256="269b9c06dae199beb3efe798708e281e375cbc72c182a560b8e5c68da332c2b4",
    )
    op.run_script(
        "0003_identify_queued.sql",
        sha256="bc93dc70b50e6adb465a596d23249df96848017982ee62e7ef1a55d2ebb9397a",
    )
    op.run_script(
        "0003_identify_recorded.sql",
        sha256="3bcb7cfff4bc9a8c536d33d913cf2a7f386578846be407bd98776d7fe8bac246",
    )
    op.backfill(
        "0003_backfill_queue.sql",
        sha256="8690f98ab598203409750031952c36a847f5f69640a943d522978716f6251fcf",
    )
    op.backfill(
        "0003_backfill_attempts.sql",
        sha256="8a6431e298cb6f55150b0013553e6782817fde341a94da05ae62aeef00f412f2",
    )
