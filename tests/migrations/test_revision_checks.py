"""Each revision carries a read-only check: it holds after it and at any later revision, it is seen
to fail, and a failure ends the run.
"""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from ledgerdb import migrate
from ledgerdb.cli import app
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.check_all import check_all
from ledgerdb.migrate.checks import check, check_of
from ledgerdb.migrate.connection import connect
from ledgerdb.url import database_url
from tests.commands import ROOT, assert_refused
from tests.migrations.databases import query, revisions
from tests.migrations.project import HEAD, REVISIONS, Project

MIGRATIONS = ROOT / "migrations"
ITEM = (
    "select * from public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', '{}');"
    "set constraints all immediate;"
)
# revision -> (what is broken, what the finding says)
BROKEN: list[tuple[str, str, str]] = [
    ("0001", "drop index public.idx_payment_outbox_pending_due_claim", "due_claim is missing"),
    (
        "0001",
        "alter table public.payment_outbox_attempts disable trigger all",
        "trg_deny_outbox_attempts_mutation is missing or disabled",
    ),
    (
        "0001",
        "drop function public.repair_expired_leases",
        "function repair_expired_leases",
    ),
    (
        "0001",
        "alter table public.revoked_tokens rename to t",
        "table revoked_tokens is missing",
    ),
    (
        "0002",
        ITEM + "alter table public.payment_outbox_pending disable trigger user;"
        "update public.payment_outbox_pending set attempt_count = 3",
        "counts 3 attempts, its highest has number 0",
    ),
    (
        "0003",
        "grant execute on function public.claim_outbox_batch to public",
        "claim_outbox_batch(integer,text,integer) may be executed by PUBLIC",
    ),
    ("0003", "alter function public.ingest_instruction reset all", "pg_temp is not last"),
    (
        "0003",
        "alter table public.payment_outbox_identities drop constraint ux_outbox_identities_key",
        "a key can be used twice",
    ),
    (
        "0004",
        ITEM + "alter table public.payment_outbox_identities disable trigger user;"
        "delete from public.payment_outbox_identities",
        "waits and has no identity",
    ),
    (
        "0004",
        ITEM + "alter table public.payment_outbox_identities disable trigger user;"
        "update public.payment_outbox_identities set payload = null",
        "its payload is nowhere",
    ),
    (
        "0004",
        (
            "alter table public.ingress_attestations enable trigger"
            " trg_deny_ingress_attestations_truncate"
        ),
        "trg_deny_ingress_attestations_truncate is missing or not always on",
    ),
    ("0004", "delete from public.outbox_retry_policies", "no retry policy"),
    (
        "0005",
        "revoke select on public.payment_outbox_queue from symphony_readonly",
        "payment_outbox_queue is missing, or symphony_readonly may not read it",
    ),
    (
        "0005",
        "revoke execute on function public.cancel_outbox_item from symphony_control",
        "cancel_outbox_item(uuid, text, text) is missing, or symphony_control may not",
    ),
    (
        "0006",
        ITEM + "select * from public.record_manual_attempt((select outbox_id from"
        " public.payment_outbox_pending), 'RETRYABLE', null, null, null, null, 'a', 'r');"
        "select setval('public.ledger_positions', 1, false);"
        "alter table public.payment_outbox_attempts disable trigger user;"
        "update public.payment_outbox_attempts set ledger_position = 9",
        "ledger_positions is at 1, behind the highest position of the attempts, 9",
    ),
    (
        "0006",
        "alter table public.ingress_attestations alter column ledger_position drop default",
        "rows of ingress_attestations get no ledger_position",
    ),
    (
        "0007",
        "drop trigger trg_deny_outcomes_mutation on public.payment_outbox_outcomes",
        "trg_deny_outcomes_mutation is missing",
    ),
    (
        "0008",
        "grant insert on public.payment_outbox_attempts to symphony_control",
        "symphony_control may insert payment_outbox_attempts",
    ),
    (
        "0008",
        "grant select on public.payment_outbox_pending to symphony_readonly",
        "symphony_readonly may read the lease tokens of payment_outbox_pending",
    ),
    ("0008", "alter table public.tenants owner to postgres", "table tenants belongs to postgres"),
    (
        "0009",
        "delete from public.ledgerdb_migrations",
        f"the ledger has no row of revision {REVISIONS[-1]}",
    ),
    (
        "0010",
        "revoke execute on function public.outbox_health() from symphony_auditor",
        "symphony_auditor may not execute outbox_health()",
    ),
    (
        "0010",
        "alter function public.outbox_health() owner to postgres",
        "function outbox_health belongs to postgres",
    ),
    (
        "0011",
        "alter function public.complete_outbox_attempts reset plan_cache_mode",
        "complete_outbox_attempts is planned anew at every call",
    ),
    (
        "0011",
        "revoke execute on function public.claim_traced_items from symphony_executor",
        "symphony_executor may not execute claim_traced_items(integer, text, integer)",
    ),
    (
        "0011",
        "alter table public.payment_outbox_pending drop column trace_context",
        "no column payment_outbox_pending.trace_context",
    ),
    (
        "0012",
        "alter function public._due_items owner to postgres",
        "function _due_items belongs to postgres",
    ),
    (
        "0012",
        "grant execute on function public._enqueue_outbox_item to public",
        "function _enqueue_outbox_item may be executed by PUBLIC",
    ),
    (
        "0012",
        "alter function public._due_items rename to _due",
        "function _due_items(integer, timestamptz) is missing",
    ),
]


def test_every_revision_has_a_check_and_each_is_seen_to_fail() -> None:
    assert [r for r in REVISIONS if check_of(MIGRATIONS, r) is None] == []
    assert sorted({revision for revision, _, _ in BROKEN}) == REVISIONS


def test_the_checks_hold_at_every_revision_since_their_own(
    baseline_database_url: str,
) -> None:
    url = baseline_database_url
    query(url, ITEM)
    query(url, "select * from public.claim_outbox_batch(1, 'w', 1)")
    for revision in REVISIONS[1:]:
        migrate.upgrade(url, revision)  # which asks the check of this one
        found = check_all(url)
        assert [c.revision for c in found] == REVISIONS[: REVISIONS.index(revision) + 1]
        assert [c for c in found if not c.holds] == []
    rows = query(
        url,
        "select revision, verify_error from public.ledgerdb_migrations where"
        " verified_at is not null order by 1",
    )
    assert rows == [(revision, None) for revision in REVISIONS]


def test_each_check_says_what_is_broken(head_url: str, subtests: pytest.Subtests) -> None:
    with psycopg.connect(head_url) as connection:
        for revision, change, words in BROKEN:
            file = check_of(MIGRATIONS, revision)
            assert file is not None
            with subtests.test(f"{revision}: {words}"), connection.transaction(force_rollback=True):
                connection.execute(change.encode())
                found = connection.execute(file.text.encode()).fetchall()
                assert [finding for (finding,) in found if words in finding], found


def test_a_check_can_only_read(head_url: str, tmp_path: Path) -> None:
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify" / "0001_writes.sql").write_text("delete from public.tenants returning 'x'")
    file = check_of(tmp_path, "0001")
    assert file is not None
    with connect(database_url(head_url)) as connection:
        found = check(connection, "0001", file)
    assert not found.holds
    assert "read-only transaction" in found.findings[0]


def test_two_checks_of_one_revision_are_refused(tmp_path: Path) -> None:
    (tmp_path / "verify").mkdir()
    for name in ("one", "two"):
        (tmp_path / "verify" / f"0001_{name}.sql").write_text("select 1")
    with pytest.raises(MigrationError, match="2 checks of revision 0001"):
        check_of(tmp_path, "0001")


def test_a_check_that_fails_ends_the_run_and_is_noted(own_project: Project, empty_url: str) -> None:
    for number in ("0001", "0002", "0003"):
        own_project.add_revision(number, {f"ddl/{number}_t.sql": f"create table t{number} ();"})
    folder = own_project.migrations / "verify"
    folder.mkdir()
    (folder / "0001_step.sql").write_text("select 'never' as finding where false;\n")
    (folder / "0002_step.sql").write_text("select 'the 100% is :missing' as finding;\n")
    result = own_project.alembic("upgrade", "head", url=empty_url)
    assert_refused(
        result, "revision 0002 is committed", "0002_step.sql", "the 100% is :missing", lines=4
    )
    assert revisions(empty_url) == ["0002"]
    ledger = "select revision, verified_at is null, verify_error from public.ledgerdb_migrations"
    assert sorted(query(empty_url, ledger)) == [
        ("0001", False, None),
        ("0002", True, "the 100% is :missing"),
    ]

    again = own_project.alembic("upgrade", "head", url=empty_url)
    assert_refused(again, "revision 0002 is committed", "the 100% is :missing", lines=2)
    assert revisions(empty_url) == ["0002"]
    (folder / "0002_step.sql").write_text("select 'gone' as finding where false;\n")
    assert own_project.alembic("upgrade", "head", url=empty_url).code == 0
    assert revisions(empty_url) == ["0003"]


def test_the_command(head_url: str) -> None:
    invoke = CliRunner().invoke
    done = invoke(app, ["verify", "migrations", "--url", head_url])
    assert (done.exit_code, done.stdout) == (0, "".join(f"{r}: holds\n" for r in REVISIONS))
    query(head_url, "grant select on public.payment_outbox_pending to symphony_readonly")
    done = invoke(app, ["verify", "migrations", "0008", "--json", "--url", head_url])
    (found,) = json.loads(done.stdout)
    assert done.exit_code == 1
    assert found == {
        "revision": "0008",
        "file": "verify/0008_privileges.sql",
        "findings": ["symphony_readonly may read the lease tokens of payment_outbox_pending"],
    }


def test_what_cannot_be_asked_is_exit_code_2(empty_url: str) -> None:
    done = CliRunner().invoke(app, ["verify", "migrations", "--url", empty_url])
    assert done.exit_code == 2
    assert "it has no revision" in done.stderr
    assert HEAD not in done.stdout
