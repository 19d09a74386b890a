"""`ledgerdb verify retry-semantics` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.verify.evidence import validate
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.retry_semantics import verify_retry_semantics
from tests.commands import assert_refused, run

COMMAND = ("ledgerdb", "verify", "retry-semantics")
ARTEFACT = Path("phase1", "outbox_retry_semantics.json")


def databases(server: EmbeddedServer) -> set[str]:
    with psycopg.connect(server.url()) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database")}


def test_a_run_passes_on_head(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[Any], tmp_path: Path
) -> None:
    live = server_18.url(client_head_18.info.dbname)
    before = databases(server_18)
    done = run(
        *(*COMMAND, "--quick", "--url", server_18.url(), "--live", live, "--out", tmp_path),
        variables={"SOURCE_DATE_EPOCH": "0"},
    )
    path = tmp_path / ARTEFACT
    assert done.stdout == f"outbox_retry_semantics: PASS ({path})\n", done.stderr
    assert (done.code, done.stderr) == (0, "")
    assert databases(server_18) == before
    content = json.loads(path.read_text())
    validate(content)
    assert content["status"] == "PASS"
    assert content["timestamp_utc"] == "1970-01-01T00:00:00Z"
    details = content["details"]
    assert details["findings"] == []
    assert details["conditions"]["quick"] is True
    assert [*details["checks"]] == sorted(
        [
            *("append_only", "ceiling", "collision", "cost_of_the_counter", "drift_census"),
            *("live", "queue", "races", "retry_pressure"),
        ]
    )
    fingerprint = schema_fingerprint(client_head_18)
    assert content["schema_fingerprint"] == fingerprint
    assert details["checks"]["live"]["schema_fingerprint"] == fingerprint
    assert details["checks"]["drift_census"]["items_on_queue_with_attempts"] > 0


def test_a_live_database_that_drifted_fails(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[Any], tmp_path: Path
) -> None:
    live = server_18.url(client_head_18.info.dbname)
    with psycopg.connect(live) as connection:
        connection.execute("select public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', '{}')")
        connection.execute("update public.payment_outbox_pending set attempt_count = 7")
    done = run(
        *(*COMMAND, "--quick", "--json", "--url", server_18.url(), "--live", live),
        *("--out", tmp_path),
    )
    assert (done.code, done.stderr) == (1, "")
    assert done.stdout == (tmp_path / ARTEFACT).read_text()
    content = json.loads(done.stdout)
    assert content["status"] == "FAIL"
    (finding,) = content["details"]["findings"]
    assert finding.startswith("live: ")
    assert "counter 7" in finding
    with psycopg.connect(live) as connection:
        count = connection.execute("select attempt_count from public.payment_outbox_pending")
        assert count.fetchone() == (7,)


def test_the_reference_fails(server_16: EmbeddedServer) -> None:
    """The negative control: the same run against what the reference does."""
    found = verify_retry_semantics(server_16.url(), quick=True, revision="0001")
    assert found.status == "FAIL"
    failed = {finding.partition(":")[0] for finding in found.details["findings"]}
    assert failed >= {"collision", "races", "queue", "append_only", "ceiling"}
    assert "drift_census" not in failed
    assert found.details["conditions"]["revision"] == "0001"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "nonsense"), "error: the database URL is not a PostgreSQL URL"),
        (("--url", "postgresql://u:hunter2@127.0.0.1:1/d"), "error: cannot connect: "),
        (("--live", ""), "error: the database URL is empty"),
    ],
    ids=["no url", "no server", "no live url"],
)
def test_what_cannot_be_checked(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = run(*COMMAND, *arguments, "--out", tmp_path)
    assert_refused(done, words, secret="hunter2")  # noqa: S106 - of nothing
    assert done.code == 2
    assert [*tmp_path.iterdir()] == []


def test_a_login_that_is_no_superuser(server_18: EmbeddedServer, tmp_path: Path) -> None:
    with psycopg.connect(server_18.url(), autocommit=True) as connection:
        connection.execute("create role verify_nobody login createdb")
        try:
            url = server_18.url(user="verify_nobody")
            done = run(*COMMAND, "--url", url, "--out", tmp_path)
        finally:
            connection.execute("drop role verify_nobody")
    assert_refused(done, "error: verifying needs a superuser")
    assert done.code == 2


def test_a_live_database_without_a_ledger(server_18: EmbeddedServer, tmp_path: Path) -> None:
    done = run(*COMMAND, "--live", server_18.url(), "--url", server_18.url(), "--out", tmp_path)
    assert_refused(done, "error: the verifier was refused", "payment_outbox_pending")
    assert done.code == 2


def test_wrong_usage(tmp_path: Path) -> None:
    done = run(*COMMAND, "--nothing")
    assert done.code == 2
    file = tmp_path / "file"
    file.touch()
    assert run(*COMMAND, "--out", file).code == 2
