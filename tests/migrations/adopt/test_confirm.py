"""How adoption goes: reads only until it is confirmed, in short transactions, from where it was
interrupted, once.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import upgrade
from ledgerdb.migrate.adopt import Finding, NotAReference, adopt, look_at
from proof.ground import FAST
from tests.commands import run
from tests.migrations.adopt.databases import Heard, adopted, everything, facts_of, rows
from tests.migrations.databases import catalog, query, revisions, settings
from tests.reference.build import build

FUNCTIONS = (
    "bump_participant_outbox_seq",
    "claim_outbox_batch",
    "complete_outbox_attempt",
    "deny_ingress_attestations_mutation",
    "deny_outbox_attempts_mutation",
    "deny_revocation_mutation",
    "enforce_member_tenant_match",
    "enqueue_payment_outbox",
    "outbox_retry_ceiling",
    "repair_expired_leases",
    "uuid_strategy",
    "uuid_v7_or_random",
)


class Stopped(Exception):
    """The deployer is gone."""


class StopsAt(Heard):
    """Ends the adoption before one of its changes."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def changing(self, finding: Finding) -> None:
        if finding.key == self.key and self.changed.count(finding.key) == 1:
            raise Stopped
        super().changing(finding)


@pytest.mark.parametrize("state", ["0021", "0026", "0031", "0033"])
def test_further_states(empty_url: str, head_url: str, state: str) -> None:
    """Those between, without traffic."""
    build(empty_url, state)
    assert adopted(empty_url, facts_of(empty_url)).state == state
    upgrade(empty_url)
    assert everything(empty_url) == everything(head_url)
    assert settings(empty_url) == [
        ("idle_in_transaction_session_timeout=60s",),
        ("lock_timeout=2s",),
        ("statement_timeout=30s",),
    ]


def test_the_books_say_what_was_found(empty_url: str) -> None:
    build(empty_url)
    query(empty_url, "alter table public.revoked_tokens disable trigger user")
    recorded = rows(empty_url, "select * from public.schema_migrations order by 1")
    facts = facts_of(empty_url)
    signed = "trigger:revoked_tokens.trg_deny_revoked_tokens_mutation"
    adopted(empty_url, facts, signed)
    assert revisions(empty_url) == ["0001"]
    ((route, summary, files),) = rows(
        empty_url, "select route, summary, files from public.ledgerdb_migrations"
    )
    assert (route, summary.startswith("state 0034 of the earlier migrations")) == ("ADOPTED", True)
    assert f"accepted: {signed}" in summary
    assert "ddl/0001_outbox.sql" in files
    assert rows(empty_url, "select * from public.schema_migrations order by 1") == recorded
    before = catalog(empty_url)
    assert adopted(empty_url, facts).revision == "0001"  # again: harmless
    assert catalog(empty_url) == before


@pytest.mark.parametrize(
    "key",
    ["constraint:payment_outbox_pending.ux_pending_idempotency", "column:tenants.tenant_name"],
)
def test_an_interrupted_one_goes_on(empty_url: str, head_url: str, key: str) -> None:
    build(empty_url)
    facts = facts_of(empty_url)
    query(
        empty_url,
        """alter table public.payment_outbox_pending drop constraint ux_pending_idempotency;
        alter table public.tenants alter column tenant_name drop not null""",
    )
    with pytest.raises(Stopped):
        adopt(empty_url, StopsAt(key), facts=facts)
    assert revisions(empty_url) == []
    adopted(empty_url, facts)
    upgrade(empty_url)
    assert everything(empty_url) == everything(head_url)


def test_it_stands_in_nobodys_way(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build(empty_url)
    facts = facts_of(empty_url)
    query(empty_url, "alter table public.payment_outbox_pending reset (fillfactor)")
    monkeypatch.setenv("LEDGERDB_LOCK_TIMEOUT_MS", "20")
    monkeypatch.setenv("LEDGERDB_LOCK_BUDGET_SECONDS", "0.5")
    heard = Heard()
    with psycopg.connect(empty_url, application_name="reports") as blocker:
        pid = blocker.info.backend_pid
        blocker.execute("select count(*) from public.payment_outbox_pending")
        with pytest.raises(MigrationError) as caught:
            adopt(empty_url, heard, facts=facts)
    assert "table:payment_outbox_pending: its locks could not be had within 0.5 s" in str(
        caught.value
    )
    assert f"pid {pid} of reports" in str(caught.value)
    assert heard.blocked_by
    assert revisions(empty_url) == []
    adopted(empty_url, facts)
    assert revisions(empty_url) == ["0001"]


def test_an_inspection_only_reads() -> None:
    """In the words of the server's log, and under the locks of a reader."""
    with EmbeddedServer(settings={**FAST, "log_statement": "all"}) as server:
        query(server.url(), "create database reference")
        url = server.url("reference")
        build(url)
        facts = facts_of(url)
        before = catalog(url)
        said = server.log_path.stat().st_size
        # whoever asks for more than ACCESS SHARE waits for this one, and fails
        with psycopg.connect(url) as writer:
            writer.execute("lock table public.payment_outbox_attempts in exclusive mode")
            look_at(url, facts=facts)
        with server.log_path.open("rb") as log:
            log.seek(said)
            statements = re.findall(
                r"(?:statement|execute <unnamed>):\s+(\w+)", log.read().decode().lower()
            )
        assert catalog(url) == before
    assert len(statements) > 20
    assert set(statements) <= {
        *("select", "with", "show", "set", "begin", "commit", "rollback", "savepoint", "release"),
        "lock",  # the writer's
    }


def test_a_database_of_somebody_else_is_refused(empty_url: str) -> None:
    with pytest.raises(NotAReference, match="there is nothing to adopt"):
        look_at(empty_url)
    query(empty_url, "create table public.schema_migrations (version text, checksum text)")
    found = {f.key: f for f in look_at(empty_url).findings}
    assert "before 0019" in found["migration:none"].consequence
    assert "missing" in found["table:tenants"].consequence


GUARDED = ("revoked_client_certs", "revoked_tokens")


def test_the_command(empty_url: str, tmp_path: Path) -> None:
    def adopt_with(*arguments: str, url: str = empty_url) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["adopt", "--url", url, *arguments])
        return done.exit_code, done.stdout, done.stderr

    build(empty_url)
    for table in GUARDED:
        query(empty_url, f"alter table public.{table} disable trigger trg_deny_{table}_mutation")
    code, told, progress = adopt_with()
    assert (code, progress) == (1, "")
    assert "Needs acceptance: --accept KIND:NAME, once for each (2)" in told
    # the bodies of this database are ours, and none of them is the known one
    assert told.count("cannot be compared with the known body") == len(FUNCTIONS)
    accept = [f"--accept=trigger:{table}.trg_deny_{table}_mutation" for table in GUARDED]
    code, told, _ = adopt_with("--confirm", *accept[1:], "--accept=table:nothing")
    assert (code, "--accept table:nothing: there is no such difference" in told) == (1, True)
    assert revisions(empty_url) == []

    report = tmp_path / "found.json"
    code, told, _ = adopt_with("--json", "--report", str(report), *accept)
    assert (code, json.loads(told)) == (0, json.loads(report.read_text()))
    assert json.loads(told)["counts"]["accepted"] == 2

    confirmed = run("ledgerdb", "adopt", "--confirm", *accept, url=empty_url)
    assert confirmed.code == 0
    assert confirmed.stdout.endswith("adopted at revision 0001; go on with: ledgerdb upgrade\n")
    assert "setting:timeouts" in confirmed.stderr
    code, told, _ = adopt_with("--confirm")
    assert (code, "is at revision 0001: there is nothing to adopt" in told) == (0, True)
    code, told, error = adopt_with(url="postgresql://x@127.0.0.1:1/x")
    assert (code, told, "cannot connect" in error) == (2, "", True)
