"""The baseline is the surface that deployed databases have: the facts were read off one of them.

`reference_surface.json` holds the catalog of a database that the earlier plain-SQL migrations
built, limited to the objects of the outbox, ingress and tenant contract.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.migrate import upgrade

REFERENCE: dict[str, list[Any]] = json.loads(
    (Path(__file__).parent / "reference_surface.json").read_text()
)
# What the contract frees, and the one index that changed under its name: an item that an operator
# sent back to the queue may end once more (ADR 0006).
FREED = {
    "ux_pending_participant_sequence",
    "ux_pending_idempotency",
    "idx_attempts_outbox_id",
    "idx_attempts_instruction_idempotency",
}
TERMINAL = "ux_outbox_attempts_one_terminal_per_outbox"
TERMINAL_PER_REDRIVE = (
    f"CREATE UNIQUE INDEX {TERMINAL} ON public.payment_outbox_attempts USING btree"
    " (outbox_id, redrive_no) WHERE (state = ANY (ARRAY['DISPATCHED'::outbox_attempt_state,"
    " 'FAILED'::outbox_attempt_state]))"
)
TABLES = sorted({row[0] for row in REFERENCE["columns"]})
FUNCTIONS = sorted({row[0] for row in REFERENCE["functions"]})

QUERIES = {
    "columns": """
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid and c.relnamespace = 'public'::regnamespace
        left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where c.relname = any(%(tables)s) and a.attnum > 0 and not a.attisdropped
        order by c.relname, a.attnum""",
    "constraints": """
        select c.relname, k.conname, k.contype::text, k.convalidated, pg_get_constraintdef(k.oid)
        from pg_constraint as k
        join pg_class as c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace
        where c.relname = any(%(tables)s) and k.contype <> 'n'""",
    "indexes": """
        select c.relname, i.relname, pg_get_indexdef(i.oid)
        from pg_index as x
        join pg_class as i on i.oid = x.indexrelid
        join pg_class as c on c.oid = x.indrelid and c.relnamespace = 'public'::regnamespace
        where c.relname = any(%(tables)s) and x.indisvalid""",
    "triggers": """
        select c.relname, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid)
        from pg_trigger as t
        join pg_class as c on c.oid = t.tgrelid and c.relnamespace = 'public'::regnamespace
        where c.relname = any(%(tables)s) and not t.tgisinternal""",
    "functions": """
        select p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
               l.lanname, p.prosecdef, p.provolatile::text, p.proconfig
        from pg_proc as p join pg_language as l on l.oid = p.prolang
        where p.pronamespace = 'public'::regnamespace and p.proname = any(%(functions)s)""",
    "enums": """
        select t.typname, array_agg(e.enumlabel order by e.enumsortorder)::text[]
        from pg_enum as e join pg_type as t on t.oid = e.enumtypid
        where t.typnamespace = 'public'::regnamespace group by t.typname""",
}


def surface(url: str, part: str) -> list[list[Any]]:
    with psycopg.connect(url) as connection:
        # Deparsed text names the schema of what is not on the path, as it did for the reference.
        connection.execute("set search_path = pg_catalog, public")
        parameters = {"tables": TABLES, "functions": FUNCTIONS}
        return [list(row) for row in connection.execute(QUERIES[part], parameters)]


@pytest.mark.parametrize("part", sorted(QUERIES))
def test_the_baseline_is_the_deployed_surface(baseline_database_url: str, part: str) -> None:
    assert sorted(map(repr, surface(baseline_database_url, part))) == sorted(
        map(repr, REFERENCE[part])
    )


def test_the_baseline_grants_what_deployed_databases_grant(baseline_database_url: str) -> None:
    with psycopg.connect(baseline_database_url) as connection:
        granted = {
            (table, grantee, privilege)
            for table, grantee, privilege in connection.execute(
                """select c.relname, a.grantee::regrole::text, a.privilege_type
                from pg_class as c cross join lateral aclexplode(c.relacl) as a
                where c.relnamespace = 'public'::regnamespace and c.relname = any(%s)
                    and a.grantee <> c.relowner""",
                [TABLES],
            )
            if privilege != "MAINTAIN"  # part of ALL since PostgreSQL 17
        }
    expected = {
        (table, grantee, privilege)
        for table, grantee, privileges in REFERENCE["table_grants"]
        for privilege in privileges
        if privilege != "MAINTAIN"
    }
    assert granted == expected


def test_what_the_contract_promises_is_still_there_at_head(database_url: str) -> None:
    """Columns, types and signatures stay; only what the contract frees has gone."""
    head_columns = {tuple(row[:3]) for row in surface(database_url, "columns")}
    assert {tuple(row[:3]) for row in REFERENCE["columns"]} <= head_columns
    head_functions = {tuple(row[:3]) for row in surface(database_url, "functions")}
    assert {tuple(row[:3]) for row in REFERENCE["functions"]} <= head_functions
    head_indexes = {row[1]: row[2] for row in surface(database_url, "indexes")}
    changed = {
        row[1]: head_indexes.get(row[1])
        for row in REFERENCE["indexes"]
        if head_indexes.get(row[1]) != row[2]
    }
    assert changed == {**dict.fromkeys(FREED), TERMINAL: TERMINAL_PER_REDRIVE}
    # Append-only triggers fire in replica sessions too (defect 4).
    kept_triggers = {
        (table, name, "A" if name.startswith("trg_deny_") else enabled, definition)
        for table, name, enabled, definition in REFERENCE["triggers"]
    }
    assert kept_triggers <= {tuple(row) for row in surface(database_url, "triggers")}


def test_the_hot_queue_leaves_room_for_updates(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "select reloptions from pg_class where oid = 'public.payment_outbox_pending'::regclass"
        ).fetchone()
    assert row == (["fillfactor=80"],)


def test_every_session_starts_with_bounded_timeouts(empty_database_url: str) -> None:
    """INV-117, as seen by a session of each runtime role."""
    upgrade(empty_database_url)  # a clone has not the settings of its template
    roles = ["control", "executor", "ingest", "readonly", "auditor"]
    for role in roles:
        options = f"-c role=symphony_{role}"
        with psycopg.connect(empty_database_url, options=options) as connection:
            row = connection.execute(
                """select current_user::text,
                    current_setting('lock_timeout')::interval,
                    current_setting('statement_timeout')::interval,
                    current_setting('idle_in_transaction_session_timeout')::interval"""
            ).fetchone()
        assert row is not None
        user, lock, statement, idle = row
        assert user == f"symphony_{role}"
        assert 0 < lock.total_seconds() <= 2
        assert 0 < statement.total_seconds() <= 30
        assert 0 < idle.total_seconds() <= 60


def test_roles_cannot_log_in(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            """select rolname::text, rolcanlogin, rolsuper, rolcreaterole, rolbypassrls
            from pg_roles
            where rolname in ('symphony_control', 'symphony_executor', 'symphony_ingest',
                'symphony_readonly', 'symphony_auditor')"""
        ).fetchall()
    assert len(rows) == 5
    assert all(not any(row[1:]) for row in rows)
