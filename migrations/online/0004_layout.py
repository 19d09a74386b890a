"""Keys, indexes and payloads are made while the functions of revision 0003 go on.

The identities that calls from before revision 0003 may still owe are looked for as in 0003, by the
same triggers and batches. The new key and the new indexes are built beside the old ones; the
revision's transaction exchanges them by name.
"""

from alembic import op

revision = "0004"
replaces = {
    "0004_layout.sql": (
        "0004_layout_prepared.sql",
        "474e912eb77fc76a9a697d71075ed23dbad3340098b7ac28cc3bca17dd209b98",
    ),
}


def prepare() -> None:
    op.run_script(
        "0004_attempts_columns.sql",
        sha256="3f2f827a6ed4da8163035e648a008604aea98261e686fd7451ed6ea21c3b7565",
    )
    op.run_script(
        "0004_registry_payload.sql",
        sha256="6feccea6e645a5b5b3a81f29c0bb7402c06d9aa95279ff9db9a6dd18a33c1f72",
    )
    op.run_script(
        "0003_identify.sql",
        sha256="269b9c06dae199beb3efe798708e281e375cbc72c182a560b8e5c68da332c2b4",
    )
    op.run_script(
        "0004_identify.sql",
        sha256="04307d2c74d9df69c6bd887cea171e8994e7993ff26a916e1291aabfe7da8734",
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
        "0004_backfill_queue.sql",
        sha256="5c001bfc84c7525466fb7a65ce1ac72543b272a2414d2869850f46449699f4ab",
    )
    op.backfill(
        "0004_backfill_attempts.sql",
        sha256="01c3de5055127248ba52926b2c768ff7920d9defb36a442b5f12a464d6b09470",
    )
    op.run_script(
        "0004_enqueue_by_any_key.sql",
        sha256="24127823f38cf2f9773a668a56a7e3716fd4011c1e500b4533123912ac58c89a",
    )
    op.build_index(
        "0004_registry_key.sql",
        sha256="5d18016863bbd359942253bdce81e72361bd1fbd2b0b4dcc528fe8003ab37c2c",
    )
    op.build_index(
        "0004_attempts_terminal.sql",
        sha256="2f83aaa089f8a294d07832073d83fceb3f60aa8f2b70971cb5feb1d211c25211",
    )
    op.build_index(
        "0004_attempts_failed.sql",
        sha256="cc418c903258478f65b50fed1f91876970f616382aa82dd1cb2ad37b221c1a4f",
    )
