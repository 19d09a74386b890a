"""What happened cannot be changed: not by the owner of the tables, nor by a superuser, nor in a
replica session, where ordinary triggers sleep.
"""

from __future__ import annotations

import psycopg
import pytest

from proof.attacks.grounds import Grounds

APPEND_ONLY = "P0001"
ON_REFERENCE = {
    "payment_outbox_attempts": "attempt_id",
    "ingress_attestations": "attestation_id",
    "revoked_client_certs": "reason_code",
    "revoked_tokens": "reason_code",
}
TABLES = ON_REFERENCE | {
    "payment_outbox_identities": "outbox_id",
    "payment_outbox_late_results": "late_result_id",
    "payment_outbox_operator_actions": "action_id",
    "ledger_retention_runs": "run_id",
    "payment_outbox_outcomes": "outbox_id",
    "ledger_retired_leaves": "attempt_id",
    "ledger_seals": "seal_no",
}
REFERRED = {"ledger_retention_runs"}
CHANGES = {
    "update": "update public.{table} set {column} = {column}",
    "update-only": "update only public.{table} set {column} = null where true",
    "delete": "delete from public.{table}",
    "truncate": "truncate public.{table}",
    "truncate-cascade": "truncate public.{table} cascade",
    "merge": """merge into public.{table} as t using (values (1)) as v (x) on true
        when matched then delete""",
}
ROLES = ("postgres", "symphony_owner")
SESSIONS = ("origin", "replica", "local")


def outcomes(grounds: Grounds, change: str, role: str) -> dict[tuple[str, str], str]:
    """SQLSTATE, or `ok`, by table and kind of session; nothing of it stays."""
    found = {}
    for table, column in (TABLES if grounds.is_head else ON_REFERENCE).items():
        for session in SESSIONS:
            try:
                with grounds.connection.transaction(force_rollback=True):
                    grounds.rows(f"set local session_replication_role = {session}")
                    grounds.rows(f"set local role {role}")
                    grounds.rows(CHANGES[change].format(table=table, column=column))
                    found[table, session] = "ok"
            except psycopg.Error as error:
                found[table, session] = str(error.sqlstate)
    return found


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_nobody_changes_what_happened(head: Grounds, change: str, role: str) -> None:
    found = outcomes(head, change, role)
    # a table that another refers to is refused before its trigger is asked
    referred = {key for key in found if change == "truncate" and key[0] in REFERRED}
    assert {found.pop(key) for key in referred} <= {"0A000"}
    assert set(found.values()) == {APPEND_ONLY}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_on_the_reference_a_replica_session_or_truncate_does(
    reference: Grounds, change: str
) -> None:
    found = outcomes(reference, change, "postgres")
    if change.startswith("truncate"):
        assert set(found.values()) == {"ok"}
    else:
        assert {state for (_, session), state in found.items() if session == "replica"} <= {
            "ok", "23502",
        }  # fmt: skip
        assert {state for (_, session), state in found.items() if session != "replica"} == {
            APPEND_ONLY
        }


def test_every_table_that_says_so_is_tried(head: Grounds) -> None:
    guarded = head.rows(
        """select distinct t.tgrelid::regclass::text as name from pg_trigger as t
        where t.tgname like 'trg_deny_%'"""
    )
    assert {row.name for row in guarded} == set(TABLES)
    sleeping = head.rows(
        "select tgname from pg_trigger where tgname like 'trg_deny_%' and tgenabled <> 'A'"
    )
    assert sleeping == []
