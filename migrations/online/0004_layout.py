"""Keys, indexes and payloads are made while the functions of revision 0003 go on.

Where 0003 took the direct route, calls from before it may still owe identities: they are looked
for as in 0003, by the same triggers and batches. The new key and the new indexes are built beside
the old ones; a script exchanges the key, the revision's transaction the indexes, by name.
"""

from alembic import op

revision = "0004"
replaces = {
    "0004_layout.sql": (
        "0004_layout_prepared.sql",
        "e1b5b109389eeee66c90da4a8f48cda5700b767ad052758bd1fae066bf7e2f14",
    ),
}


def prepare() -> None:
    op.run_script(
        "0004_attempts_columns.sql",
        sha256="3f2f827a6ed4da8163035e648a008604aea98261e686fd7451ed6ea21c3b7565",
    )
    op.run_script(
        "0004_registry_payload.sql",
        sha256="2ed997411965727afdabbd29486764c8522f87c56336344ab176862b2ea5bbf3",
    )
    op.run_script(
        "0003_identify.sql",
        sha256="f513b74bf1a6ad94455c5328ae3926852ac0a9c13b0d9e40165a85e3a1eee496",
    )
    op.run_script(
        "0004_identify.sql",
        sha256="63bbabe1c61523f530afe8a490c0eb5921caac7e4a4843c637832e96ba2ef667",
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
        "0004_backfill_queue.sql",
        sha256="5c001bfc84c7525466fb7a65ce1ac72543b272a2414d2869850f46449699f4ab",
    )
    op.backfill(
        "0004_backfill_attempts.sql",
        sha256="01c3de5055127248ba52926b2c768ff7920d9defb36a442b5f12a464d6b09470",
    )
    op.run_script(
        "0004_enqueue_by_any_key.sql",
        sha256="03fbdaa4b43e0318b5b969fa551a84fe64730d42becc96b0b6a333061996372e",
    )
    op.build_index(
        "0004_registry_key.sql",
        sha256="8ada1e98196d9870f5d91e2c1ae0619dda4c2d869a0546d31b1df44b820bdad7",
    )
    op.run_script(
        "0004_registry_key_exchanged.sql",
        sha256="3f5d9df0415501bdc3434a1eb22de69ecf41bee8c5e9c672c82ea792d85b1d2a",
    )
    op.build_index(
        "0004_attempts_terminal.sql",
        sha256="2f83aaa089f8a294d07832073d83fceb3f60aa8f2b70971cb5feb1d211c25211",
    )
    op.build_index(
        "0004_attempts_failed.sql",
        sha256="cc418c903258478f65b50fed1f91876970f616382aa82dd1cb2ad37b221c1a4f",
    )
