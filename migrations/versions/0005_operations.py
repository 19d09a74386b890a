"""What operators may do, each through one function that leaves a record of who and why.

Pause and resume, order, retry policies, attempts made by hand, cancellation, the end of a doubt,
dead letters and their redrive. Readers get views without lease tokens; status, evidence, backlog
and drift know doubt, holds and redrives.

Locks: ACCESS SHARE on the tables that the views read, for changes of the catalog; the table is new.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_function(
        "0005_deny_operator_actions_mutation.sql",
        sha256="d09581cc8d1bc0814f4e7d1f8f1b4baf6b5c44a0ef6323b849b363991e8102a1",
    )
    op.run_script(
        "0005_operator_actions.sql",
        sha256="59e6590048c555d1d4ff92ee627988d988a7f4d7d547fe0bc087af4532e254e4",
    )
    op.run_script(
        "0005_views.sql",
        sha256="62eed3fd9ef259e78a994579f9ac52989188a32f8f3e17c9d827dbe1754e021b",
    )
    op.install_function(
        "0005__require_operator.sql",
        sha256="79826478ee037a95312164f5cd2e6a6d83d3dedfd72df485a9ede6d71d358ce4",
    )
    op.install_function(
        "0005__require_scope.sql",
        sha256="e06d5d1c5c854b78b4e55ef6254b0a9beb0fc00a330caa6eb1f3eaebac380891",
    )
    op.install_function(
        "0005__change_outbox_control.sql",
        sha256="8452dd9ad94027f42bd86209e34d6527176f3b55308f1b8b6df1d023d1606386",
    )
    op.install_function(
        "0005__release_paused_items.sql",
        sha256="a96271e26ecabb05a0e73bef5c081e2291ebbd93b8fbf6868ef62ee3e9af9892",
    )
    op.install_function(
        "0005_set_outbox_control.sql",
        sha256="26febfb3b23511f402e0513446ceb3b6d08199b172239a78089a1b01134ec72c",
    )
    op.install_function(
        "0005_pause_outbox.sql",
        sha256="1e9c5c6af0d2ce8055dada6353c7ddcc657bd622ab4729a1ef6a85086e523ea7",
    )
    op.install_function(
        "0005_resume_outbox.sql",
        sha256="5bc54e09b73219c11cb90c2609bf2090240e7ed6f50e440fab6d3941f5d56714",
    )
    op.install_function(
        "0005_set_retry_policy.sql",
        sha256="189100a25a85764f3f23b48a8c02a88727248a15860e5864b25fd315b0d4e8b9",
    )
    op.install_function(
        "0005__lock_item_for_operator.sql",
        sha256="cc3536deb51d158796e3ffb901153cdad0ce749e6866b63f1c2e09b0f79fa15f",
    )
    op.install_function(
        "0005__record_by_operator.sql",
        sha256="7cad11b73211bd518d2d3b8f07f92adece149379bef4f24eff92c0b69c1e32ae",
    )
    op.install_function(
        "0005_record_manual_attempt.sql",
        sha256="049f8692f7f7e73c724d8eb6d1bbe462523e7fdc2b6c218ff3c0e213998c4827",
    )
    op.install_function(
        "0005_cancel_outbox_item.sql",
        sha256="95304ef04e5a6ce80aead19d0a978abc93574c0623742f9c5468dd302b1ccbfd",
    )
    op.install_function(
        "0005_resolve_outbox_item.sql",
        sha256="9b5dd70409e0377b4b16f8fda05c4a60b2414d1d58bf3db0d8146aa21bf86094",
    )
    op.install_function(
        "0005_list_dead_letters.sql",
        sha256="621182b6f24ae86f89dcea2e88df476a2d386834a1492542304f2ea96d0bc042",
    )
    op.install_function(
        "0005__judge_redrive.sql",
        sha256="8525f8f70f83d630244c528ceb04291e50e7216555a684d6d25806e1d886d6aa",
    )
    op.install_function(
        "0005_redrive_dead_letters.sql",
        sha256="1a67d2e3629690d2b4138b266732fadb2e8029b2b6fae5b505c77b31b87b0aca",
    )
    op.install_function(
        "0005_inspect_outbox_item.sql",
        sha256="30fbf4cf1e93b6401799f85b0b4c5ce3ea111022111ab1450b55d4483f6f21f3",
    )
    op.install_function(
        "0005_evidence_pack.sql",
        sha256="b88ef43c9507e5916177dcf5bfb65e19ed8906fd4ca0713d041971601dff4bff",
    )
    op.install_function(
        "0005_instruction_status.sql",
        sha256="bb21675650fbbc6f183c8fec9301def5c8ac6ca4de2b45a4489e7c772e6058fa",
    )
    op.run_script(
        "0005_replaced.sql",
        sha256="3fbdeb120a5047627350e84f68d5c20c99e719931cad7dccef33a78bf8e07936",
    )
    op.install_function(
        "0005_outbox_backlog.sql",
        sha256="ce4fb01c177e2f35eff96fd736715b1695566e3e34e72190dbf6d6a4c0f2fc3d",
    )
    op.install_function(
        "0005_outbox_counter_drift.sql",
        sha256="e38a0ca99243a12ed83356eb5643f94efde4233748fb8a8421e61c709f796bed",
    )
