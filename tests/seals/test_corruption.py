"""Whatever the owner of the tables breaks, the witness names."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ledgerdb.verify import ledger_chain as chain
from ledgerdb.verify.ledger import Watermark
from ledgerdb.verify.ledger_items import INVARIANTS, PAYLOADS
from ledgerdb.verify.ledger_report import FINDINGS_MAX
from tests.seals.sealed import Sealed

ATTEMPTS = "payment_outbox_attempts"
ATTESTATIONS = "ingress_attestations"
PENDING = "payment_outbox_pending"
SEALS = "ledger_seals"
IDENTITIES = "payment_outbox_identities"
COPY = """
insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id, sequence_id,
    idempotency_key, rail_type, attempt_no, state, redrive_no, lease_token, ledger_position)
select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
    {attempt_no}, '{state}', redrive_no, {lease}, {position}
from public.payment_outbox_attempts where {where}
"""
DISPATCHED = "state = 'DISPATCHED' and instruction_id = 'one'"
EDIT = """
update public.payment_outbox_attempts set rail_reference = 'mine' where ledger_position = 2
"""
NEXT = "nextval('public.ledger_positions')"


def rule(start: str) -> str:
    """The invariant that begins so."""
    (name,) = (name for name in INVARIANTS if name.startswith(start))
    return name


CORRUPTIONS = {
    "an attempt is edited": (
        ATTEMPTS,
        EDIT,
        {chain.DIGESTS},
    ),
    "a time of an attempt moves by a microsecond": (
        ATTEMPTS,
        """update public.payment_outbox_attempts
        set completed_at = completed_at + interval '1 microsecond' where ledger_position = 2""",
        {chain.DIGESTS},
    ),
    "an attempt is deleted": (
        ATTEMPTS,
        "delete from public.payment_outbox_attempts where ledger_position = 2",
        {chain.ROW_COUNTS, rule("attempts are numbered")},
    ),
    "an attempt is inserted under a seal": (
        ATTEMPTS,
        "update public.payment_outbox_attempts set ledger_position = 100 where ledger_position = 3;"
        "select setval('public.ledger_positions', 100);"
        + COPY.format(attempt_no=3, state="RETRYABLE", lease="null", position=3, where=DISPATCHED),
        {chain.DIGESTS, rule("nothing follows")},
    ),
    "two attempts are swapped": (
        ATTEMPTS,
        """update public.payment_outbox_attempts set ledger_position = -ledger_position
        where ledger_position in (1, 2);
        update public.payment_outbox_attempts set ledger_position = 3 + ledger_position
        where ledger_position in (-1, -2)""",
        {chain.DIGESTS},
    ),
    "an attestation is edited": (
        ATTESTATIONS,
        "update public.ingress_attestations set payload_hash = 'x' where instruction_id = 'two'",
        {chain.DIGESTS},
    ),
    "an attestation is deleted": (
        ATTESTATIONS,
        "delete from public.ingress_attestations where instruction_id = 'two'",
        {chain.ROW_COUNTS},
    ),
    "a row takes a position that was not given": (
        ATTESTATIONS,
        """insert into public.ingress_attestations
            (instruction_id, tenant_id, payload_hash, ledger_position)
        select 'x', tenant_id, 'h', 1000000 from public.tenants""",
        {rule("positions come")},
    ),
    "a seal is edited": (
        SEALS,
        "update public.ledger_seals set digest = sha256('') where seal_no = 2",
        {chain.OWN_HASH, chain.DIGESTS},
    ),
    "the time of a seal is edited": (
        SEALS,
        "update public.ledger_seals set sealed_at = now() + interval '1 day' where seal_no = 2",
        {chain.OWN_HASH},
    ),
    "a seal is deleted": (
        SEALS,
        "delete from public.ledger_seals where seal_no = 1",
        {chain.NUMBERS, chain.PREVIOUS, chain.RANGES},
    ),
    "the range of a seal is cut": (
        SEALS,
        """update public.ledger_seals set through_position = through_position - 1
        where seal_no = 1""",
        {chain.OWN_HASH, chain.ROW_COUNTS, chain.RANGES},
    ),
    "a counter drifts": (
        PENDING,
        """update public.payment_outbox_pending set attempt_count = attempt_count + 1
        where instruction_id = 'waiting'""",
        {rule("the counter")},
    ),
    "an attempt leaves a hole in the numbers": (
        ATTEMPTS,
        COPY.format(attempt_no=9, state="FAILED", lease="null", position=NEXT, where=DISPATCHED),
        {rule("attempts are numbered"), rule("nothing follows"), rule("an item ends once")},
    ),
    "an item ends twice": (
        ATTEMPTS,
        COPY.format(
            attempt_no=3, state="DISPATCHED", lease="null", position=NEXT, where=DISPATCHED
        ),
        {rule("nothing follows"), rule("an item ends once")},
    ),
    "a token is used twice": (
        ATTEMPTS,
        COPY.format(
            attempt_no=2,
            state="RETRYABLE",
            lease="lease_token",
            position=NEXT,
            where="instruction_id = 'waiting'",
        ),
        {rule("a lease token"), rule("the counter")},
    ),
    "an item is taken from the queue": (
        PENDING,
        "delete from public.payment_outbox_pending where instruction_id = 'leased'",
        {rule("no item is lost"), rule("a participant's numbers")},
    ),
    "an ended item is put back on the queue": (
        PENDING,
        """insert into public.payment_outbox_pending (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, attempt_count)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, 2
        from public.payment_outbox_attempts
        where state = 'DISPATCHED' and instruction_id = 'one'""",
        {rule("an item on the queue")},
    ),
    "an identity is bound to another key": (
        IDENTITIES,
        """update public.payment_outbox_identities set idempotency_key = 'other'
        where instruction_id = 'one'""",
        {rule("an item has one identity")},
    ),
    "a payload is edited": (
        IDENTITIES,
        """update public.payment_outbox_identities set payload = '{"amount": 150}'
        where instruction_id = 'waiting'""",
        {PAYLOADS},
    ),
    "a sequence number is burned": (
        PENDING,
        "update public.participant_outbox_sequences set next_sequence_id = next_sequence_id + 1",
        {rule("a participant's numbers")},
    ),
    "a sequence is set back": (
        PENDING,
        "update public.participant_outbox_sequences set next_sequence_id = 1",
        {rule("a participant's next")},
    ),
    "a sequence number is used twice": (
        PENDING,
        """update public.payment_outbox_pending set sequence_id = 1
        where instruction_id = 'waiting'""",
        {rule("a participant's sequence")},
    ),
    "positions are set back": (
        PENDING,
        "select setval('public.ledger_positions', 1)",
        {rule("positions come")},
    ),
    "positions are cached": (
        PENDING,
        "alter sequence public.ledger_positions cache 20",
        {rule("positions come")},
    ),
    "a trigger is switched off": (
        PENDING,
        "alter table public.ledger_seals disable trigger trg_deny_seals_mutation",
        {rule("the ledger's tables")},
    ),
}
NO_INDEX = "drop index public.ux_outbox_attempts_one_terminal_per_outbox"


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_named(sealed: Sealed, name: str) -> None:
    sealed.assert_sound()
    table, statement, expected = CORRUPTIONS[name]
    sealed.tamper(table, NO_INDEX, statement)
    report = sealed.check()
    # What one row breaks in the chain of numbers may break others with it.
    found = {finding.invariant for finding in report.findings}
    assert expected <= found, found
    assert not report.ok
    assert report.counts.keys() == found
    assert all(finding.object and finding.consequence for finding in report.findings)


def test_more_leases_than_the_ceiling(sealed: Sealed) -> None:
    assert rule("an item has no more") not in sealed.broken()
    report = sealed.check(ceiling=1)
    assert {finding.invariant for finding in report.findings} == {rule("an item has no more")}


def test_a_chain_that_was_written_anew_is_caught_by_the_watermark(sealed: Sealed) -> None:
    """Consistent in itself: nothing else can show it."""
    watermark = sealed.assert_sound().watermark
    assert watermark is not None
    sealed.tamper(
        ATTEMPTS,
        EDIT,
    )
    sealed.tamper(SEALS, "delete from public.ledger_seals")
    sealed.connection.execute(
        "update public.ledger_seal_horizon set final_position = 0, noted_xid = null,"
        " noted_position = null"
    )
    sealed.seal_all(limit=3)
    assert sealed.broken() == set()
    assert sealed.broken(since=watermark) == {chain.WATERMARK}


def test_a_chain_that_was_cut_is_caught_by_the_watermark(sealed: Sealed) -> None:
    watermark = sealed.assert_sound().watermark
    assert watermark is not None
    sealed.tamper(SEALS, f"delete from public.ledger_seals where seal_no = {watermark.seal_no}")
    assert sealed.broken() == set()
    report = sealed.check(since=watermark)
    assert chain.WATERMARK in report.counts
    assert report.watermark == watermark


def test_findings_are_bounded_and_counted(empty: Sealed) -> None:
    empty.attest(*(f"i{number}" for number in range(FINDINGS_MAX + 5)))
    empty.seal_all(limit=1)
    empty.tamper(ATTESTATIONS, "update public.ingress_attestations set payload_hash = 'x'")
    report = empty.check()
    assert len(report.findings) == FINDINGS_MAX
    assert report.counts == {chain.DIGESTS: FINDINGS_MAX + 5}


def test_a_watermark_survives_json(sealed: Sealed) -> None:
    watermark = sealed.check().watermark
    assert watermark is not None
    assert Watermark.from_details(watermark.to_details()) == watermark
    assert sealed.check(since=watermark).to_details()["mode"] == "incremental"


def test_a_forged_retired_hash_is_named(sealed: Sealed) -> None:
    sealed.connection.execute(
        "insert into public.ledger_retired_leaves values (%s, %s, 1, 2, sha256(''))",
        [uuid4(), uuid4()],
    )
    assert sealed.broken() >= {chain.ONCE, chain.ROW_COUNTS, rule("a retired item")}
