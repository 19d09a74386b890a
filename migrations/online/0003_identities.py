"""The registry of identities is filled while the old functions go on.

From the triggers on, every item that is written has its identity at once; then the queue and the
attempts from before are read in batches. The revision's transaction finds the registry full.
"""

from alembic import op

revision = "0003"
replaces = {
    "0003_identities.sql": (
        "0003_identities_prepared.sql",
        "e340be316dd1347c21782d3bce0c86a7f4a97cae0ef51b0a4fabd10fb1bf2c02",
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
        sha256="7aa12964e8c4a2a36a11ec0dd02820b4877793990b20725c7e44450ea833c1b9",
    )
    op.run_script(
        "0003_identify_recorded.sql",
        sha256="71285b3ce7140448bab305f8501a50df90540112c75a9ce70ce2b24a96dd9ac5",
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
