"""One call of every function that a role may execute, on the items of the grounds."""

from __future__ import annotations

from typing import Final

from proof.attacks.grounds import Grounds

__all__ = ["ON_REFERENCE", "calls"]

_OLD: Final = {
    "enqueue_payment_outbox": "('new', 'p', 'new', 'RTGS', '{}')",
    "claim_outbox_batch": "(10, 'w', 60)",
    "complete_outbox_attempt": "('<leased>', '<token>', 'w', 'DISPATCHED', 'R')",
    "repair_expired_leases": "(10, 'w')",
}
ON_REFERENCE: Final = _OLD | {"bump_participant_outbox_seq": "('p')"}
_TENANT: Final = "00000000-0000-4000-8000-000000000001"
_AT_HEAD: Final = _OLD | {
    "begin_outbox_dispatch": "('{<leased>}', '{<token>}', 'w')",
    "cancel_outbox_item": "('<queued>', 'a', 'r')",
    "claim_outbox_items": "(10, 'w', 60)",
    "claim_traced_items": "(10, 'w', 60)",
    "complete_outbox_attempts": "('w', '{<leased>}', '{<token>}', '{DISPATCHED}', '{R}')",
    "enqueue_outbox_items": "('{new,o}', '{p,q}', '{new,o}', '{RTGS,RTGS}', '{\"{}\",\"{}\"}')",
    "evidence_pack": f"('{_TENANT}', 'done')",
    "extend_outbox_leases": "('{<leased>}', '{<token>}', 'w', 60)",
    "ingest_instruction": f"('{_TENANT}', 'new', 'p', 'new', 'RTGS', '{{}}')",
    "ingest_traced_instruction": f"('{_TENANT}', 'new', 'p', 'new', 'RTGS', '{{}}')",
    "ingest_instructions": (
        f"('{{{_TENANT}}}', '{{new}}', '{{p}}', '{{new}}', '{{RTGS}}', '{{\"{{}}\"}}')"
    ),
    "find_outbox_items": "('queued')",
    "inspect_outbox_item": "('<queued>')",
    "instruction_status": "(null, 'queued')",
    "list_dead_letters": "()",
    "list_outbox_controls": "()",
    "list_outbox_items": "()",
    "number_participant_monotonically": "('p', 'a', 'r')",
    "outbox_activity": "()",
    "outbox_backlog": "()",
    "outbox_breakdown": "('TENANT')",
    "outbox_counter_drift": "()",
    "outbox_health": "()",
    "outbox_retry_ceiling": "()",
    "pause_outbox": "('QUEUE', '*', 'a', 'r')",
    "record_manual_attempt": "('<queued>', 'FAILED', null, null, 'E', null, 'a', 'r')",
    "redrive_dead_letters": "('{<failed>}', false, 'a', 'r')",
    "register_tenant": "('00000000-0000-4000-8000-000000000003', 'n', 'n', 'NGO')",
    "release_outbox_leases": "('{<leased>}', '{<token>}', 'w')",
    "resolve_outbox_item": "('<doubt>', 'FAILED', 'a', 'r')",
    "resume_outbox": "('QUEUE', '*', 'a', 'r')",
    "retention_plan": "('2020-01-01Z')",
    "retire_history": "('2020-01-01Z', 10, 'a', 'r')",
    "seal_ledger": "(10)",
    "set_outbox_control": "('RAIL', 'RTGS', true, 'FIFO_BLOCK', null, null, 'a', 'r')",
    "set_retry_policy": "('RTGS', 'FIXED', 1, 1, 1, 0, 'a', 'r')",
    "uuid_strategy": "()",
    "uuid_v7_or_random": "()",
}


def calls(grounds: Grounds) -> dict[str, str]:
    """Statements by the name of the function, which hostile settings cannot bend."""
    values = {**grounds.ids, "token": grounds.token}
    made = {}
    for name, arguments in (_AT_HEAD if grounds.is_head else ON_REFERENCE).items():
        made[name] = f"select from public.{name}{arguments}"
        for placeholder, value in values.items():
            made[name] = made[name].replace(f"<{placeholder}>", value)
    return made
