"""Mutants that keep every promise, and why that is so.

A mutant is known by its changed lines. The reason is for the reader to judge: none of them says
that the difference does not matter, each says why there is none that a caller could see.
"""

from __future__ import annotations

from typing import Final

from proof.mutants.mutant import Mutant

__all__ = ["reason_for"]

# (function, part of the changed lines) -> why
_REASONS: Final[dict[tuple[str, str], str]] = {
    ("claim_outbox_items", "-exit when v_met = 0;\n+null;"): (
        "a round that meets nothing leases nothing, and `v_leased = v_met` ends the loop"
    ),
    ("claim_outbox_items", "+for v_round in 1 .. 21 loop"): (
        "a bound on the work of one claim: how many rounds are made is no promise, and what is left"
        " is claimed by the next"
    ),
    ("seal_ledger", "and v_horizon.noted_xid < v_xid, false"): (
        "the id of this transaction is new: no earlier call can have noted it"
    ),
    ("_lock_leases", "+order by p.outbox_id desc"): "outbox_id is the primary key: it is one row",
    ("complete_outbox_attempts", "+order by q.outbox_id desc"): (
        "outbox_id is the primary key: it is one row"
    ),
    ("extend_outbox_leases", "+next_attempt_at = p.next_attempt_at"): (
        "the trigger follow_edited_item moves the time with the end of the lease"
    ),
    ("_enqueue_outbox_items", "-order by g.instruction_id, g.idempotency_key, g.tenant_id"): (
        "the window functions have sorted the rows like this already; the clause keeps it so under"
        " other plans"
    ),
    ("_release_stale_holds", "+order by w.participant_id desc"): (
        "the walk is in this order already, and whom it names is sorted again; which 10,000 of more"
        " are looked at first is no promise"
    ),
    (
        "_due_items",
        "-abandoned := false;\n+null;",
    ): "null counts as false, and `null or true` is true",
    (
        "_due_items",
        "-ordered := false;\n+null;",
    ): "null counts as false, and `null or true` is true",
    ("_due_items_fairly", "-abandoned := false;\n+null;"): (
        "null counts as false, and `null or true` is true"
    ),
    ("_due_items_fairly", "-ordered := false;\n+null;"): (
        "null counts as false, and `null or true` is true"
    ),
    ("_due_items", "+abandoned := true;"): (
        "the claim then looks for leases to close among its items, and there are none"
    ),
    ("_lock_item_for_operator", "+if found and v_lease_ends_at <= clock_timestamp() then"): (
        "on hold with a lease is in doubt: the call is refused in the end, which undoes the closing"
    ),
    ("_change_outbox_control", "+for update skip locked;"): (
        "who changes an ordering has locked the table, so that nobody else has the row; for other"
        " settings nobody looks at what is read"
    ),
    ("_advance_participants", "-limit 1;"): "`select into` takes the first row",
    ("outbox_backlog", "p.next_attempt_at < statement_timestamp()"): (
        "it is another number only for an item that is due in the very microsecond of the question"
    ),
    ("adopt_queued_item", "+where s.next_sequence_id <= excluded.next_sequence_id;"): (
        "where the two are equal, the row is written with what it holds"
    ),
    ("complete_outbox_attempts", "+where p.outbox_id = v.outbox_id\n"): (
        "the statement requeues the row too, and PostgreSQL writes a row once in a statement: the"
        " update, which it comes to first"
    ),
    ("uuid_v7_or_random", "clock_timestamp()) * 1001)::bigint"): (
        "PostgreSQL 18 has a function for it and does not come here; tests/sql reads the time on 16"
    ),
}


def reason_for(mutant: Mutant) -> str | None:
    """Why nobody can tell it from the live function."""
    for (function, part), reason in _REASONS.items():
        if mutant.function == function and part in f"{mutant.change}\n":
            return reason
    return None
