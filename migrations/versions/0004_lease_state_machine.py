"""The lease state machine, right: every token issued ends as one attempts row or is a live lease.

The payload is stored once, in the identity registry; results that come too late are kept; a lease
that dies after its dispatch was declared puts the item in doubt; batches are single statements;
order, fairness, pauses and retry delays are settings; the clock is the server's wall clock.

Locks: ACCESS EXCLUSIVE on registry, queue and attempts for changes of the catalog and two partial
indexes over the attempts.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script(
        "0004_layout.sql",
        sha256="138007c067fd85de0ed82c6528fde499f4e57fbb890ebcd99c5e9a40ca904907",
    )
    op.install_function(
        "0004_deny_late_results_mutation.sql",
        sha256="8912ce5eef4422863dfe49a0e43c3df883d2777471932af36c59332517d8efdc",
    )
    op.run_script(
        "0004_late_results.sql",
        sha256="ce8d5c728232590c9db7f0f24cfd5f0067bf96b4e7e9bdfd2afcb5359d418382",
    )
    op.run_script(
        "0004_policies.sql",
        sha256="53825b329c119042c280f5dc77ebcffe8ef96aeb3b9526f61ee8dff8831c5f7e",
    )
    op.install_function(
        "0004_outbox_retry_ceiling.sql",
        sha256="f68b94d9ea0a6330500af67037fab28b9d65a7f304f1de14e8b295eaf2d93a51",
    )
    op.install_function(
        "0004__payment_fingerprint.sql",
        sha256="9b00d4e0bbf44b93e31f96c084688e92f670fa3185142b848318a67b61f4e638",
    )
    op.install_function(
        "0004__is_bound_to.sql",
        sha256="b008668e7be73e978bd4ca55b862546376acccef294a66f2fac584063b52646c",
    )
    op.install_function(
        "0004__rail_key.sql",
        sha256="59f3f58f77003ee9a94166ac33833a3072402c1b329ad586de9f1c47ee0a9c11",
    )
    op.install_function(
        "0004__retry_delay.sql",
        sha256="d39e19e13d8c3ae7334ff00cca0175b793d2eb8d409ab361b03be18ec6d4b2dc",
    )
    op.install_function(
        "0004__ordered_by_participant.sql",
        sha256="ff8720199e0f215517980f5e7f81b39c463551e84062050f9c394f600f01f5ac",
    )
    op.install_function(
        "0004__may_be_passed.sql",
        sha256="b65c413e1374d867b2d545ac1e968107232496e7c8a8d8e9243dd5ea082e282f",
    )
    op.install_function(
        "0004__outcome_of.sql",
        sha256="4dbb0746d1a136c1794154b857071b452bd000d282a616079d2f09d1a3df3ef5",
    )
    op.install_function(
        "0004__is_identifier.sql",
        sha256="6482d0bfe245dc1c1949f97fdd70bd0e1ed0a21164c1030c3b168e19247a66ba",
    )
    op.install_function(
        "0004__require_text.sql",
        sha256="1901d4a5c5b505f38c6522e6a3c9f5336ed1bf36cc84631baf392ad39c26c303",
    )
    op.install_function(
        "0004__require_texts.sql",
        sha256="826be57a9ccc684aa9b7d562bfb1142ede9dec5a0d28e8c5b9438cf0663f8939",
    )
    op.install_function(
        "0004__require_leases.sql",
        sha256="5eec89222b580e0ac5f5e096bf17181ad1b22e6c5471b16d86be19d4cff34acc",
    )
    op.install_function(
        "0004__advance_participants.sql",
        sha256="da003b9bb0bbf430d404367c1e00c8c33077b500037bddb1e1b753c4c1600574",
    )
    op.install_function(
        "0004__close_expired_leases.sql",
        sha256="eb4602d113cd55d6970ac6ca7a3fbc00ee623c6b92cb1d73a8d1d81c0a56989c",
    )
    op.install_function(
        "0004__hold_paused_items.sql",
        sha256="721f4ccfa525fc9e22172a6693fb9e1e965b7f937d1b37778ea7e13946e86df0",
    )
    op.install_function(
        "0004__hold_items_behind.sql",
        sha256="a251c23769e441bcc64029cbc8743bdba7228c4f9697e043a95a04eb60770da7",
    )
    op.install_function(
        "0004__release_stale_holds.sql",
        sha256="788fce7a80292677d50c51eec31f6fc300db1d8dd9b18c6634cd1de1d8d5cb5a",
    )
    op.install_function(
        "0004__due_items_fairly.sql",
        sha256="b472ff8c9f458dff9a26044398ab0b227094e7f30d4d2c8785100a855b211ffd",
    )
    op.install_function(
        "0004__judge_late_results.sql",
        sha256="b2aacc69c98df40de7ba2e28dfa78794661943f1e7e581cca099396d6ad62638",
    )
    op.install_function(
        "0004_adopt_queued_item.sql",
        sha256="ac306a94aef7ca6d9b8f0c7efc1f5cde242a640ed1a696e90cab4233a4b02186",
    )
    op.install_function(
        "0004_adopt_recorded_attempt.sql",
        sha256="d72644d7767e3957e11bfaa8b8060cd5d832abf0064aab2322c79eceb7a40e8d",
    )
    op.install_function(
        "0004_follow_edited_lease.sql",
        sha256="00f359c92b9b03bf35c7fd2836c9c016a72dc45dfb646773f3cac860e38ba518",
    )
    op.install_function(
        "0004_notify_outbox.sql",
        sha256="04305e9e60f1c2676f9be714d964c0e798585c3375096e2167a945b824ed70de",
    )
    op.run_script(
        "0004_triggers.sql",
        sha256="e7481e7089b49cd91e7586c3f18dc85000787e376a745af40fcbe0356f55f768",
    )
    op.install_function(
        "0004__enqueue_outbox_item.sql",
        sha256="fc9bef6a4f171d3fba9908916017e9d24855d30183c133d93afc70b5ce9399fa",
    )
    op.install_function(
        "0004__enqueue_outbox_items.sql",
        sha256="7029a77bef8451d82bd3652e53e7a76da68e8ded824d3979fc13dbadbfd18dc1",
    )
    op.install_function(
        "0004_enqueue_payment_outbox.sql",
        sha256="6b3d0a1830833f21eff07cbc5f563131318c834f13ce6885d259f937d82a255e",
    )
    op.install_function(
        "0004_enqueue_outbox_items.sql",
        sha256="3d0995e47934531222bada585f2ee7ec5c7e4722abe7fc4e4f1b491eddb25f11",
    )
    op.install_function(
        "0004_ingest_instruction.sql",
        sha256="1d09cea71d354b87ed8cdb8f62a106ebc9b69a941ef68b2596046304fd797e93",
    )
    op.install_function(
        "0004_ingest_instructions.sql",
        sha256="6fa2677b5e614e5e4a92186b58377e1237cb7527933f196515b568cf0e07fc78",
    )
    op.install_function(
        "0004_claim_outbox_items.sql",
        sha256="a486efe1a55d31cba6f838ed32bdcac11ef616fa82ee1444bb987a8d2f256607",
    )
    op.install_function(
        "0004_claim_outbox_batch.sql",
        sha256="312c189c6056bb522923d1b681be841970aa29d4b9c6cc47a2c17fc92ba86ef6",
    )
    op.install_function(
        "0004_complete_outbox_attempts.sql",
        sha256="de5df8f5834a34c2b46f15c0ff07a3ea98b1a20fe01efd67ad4e1e3f8ef5795b",
    )
    op.install_function(
        "0004_complete_outbox_attempt.sql",
        sha256="44b38fc1287b3bd7aacadf7d440e57e5345c6bde3d8a4b88e375e062dad77b1c",
    )
    op.install_function(
        "0004_repair_expired_leases.sql",
        sha256="cf7e10f7b634520d332f73dc34c0e2e1eadfa73656239ed74d66ff03b75d63e5",
    )
    op.install_function(
        "0004_release_outbox_leases.sql",
        sha256="bf036ff491f9d24cb95248e747dcc0304b987d0c3b4bde99d709382648249f9a",
    )
    op.install_function(
        "0004_extend_outbox_leases.sql",
        sha256="94c6e08c9fe4ab0b17149298d792c175df17dc2f8dd6daef27fd9e477168abc2",
    )
    op.install_function(
        "0004_begin_outbox_dispatch.sql",
        sha256="89c0cce1594d2f5f822cba2d40b565c529feb698990c2112f5e32e9e5af9497a",
    )
