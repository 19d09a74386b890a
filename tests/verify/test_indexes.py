"""Each way in which a hot-path index can be lost, spoilt or faked is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.verify.evidence import Status, read
from ledgerdb.verify.indexes import ARTEFACT, CHECK_ID, verify_indexes, witness
from ledgerdb.verify.indexes_expected import INDEXES
from tests.commands import assert_refused
from tests.verify.conftest import findings, verify
from tests.verify.index_damage import ATTEMPTS, DAMAGE, DUE, NUMBER, QUEUE

COMMAND = ("indexes",)


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(what: str, damaged: psycopg.Connection[Any]) -> None:
    index, statements, said = DAMAGE[what]
    found = findings(witness, damaged, *statements)
    assert [line for line in found if line.startswith(f"{index}: ") and said in line], found
    others = {line.partition(":")[0] for line in found} - {index}
    assert others == ({"idx_ingress_attestations_correlation_id"} if "names" in what else set())


@pytest.mark.parametrize("index", INDEXES)
def test_each_index_is_missed(index: str, damaged: psycopg.Connection[Any]) -> None:
    drop = f"drop index public.{index}"
    if index == NUMBER:
        drop = f"alter table {ATTEMPTS} drop constraint {NUMBER}"
    assert findings(witness, damaged, drop) == [f"{index}: missing"]


def test_what_does_no_harm_is_no_finding(damaged: psycopg.Connection[Any]) -> None:
    assert (
        findings(
            witness,
            damaged,
            f"create index more on {QUEUE} (next_attempt_at)",
            "create schema other",
            f"create table other.payment_outbox_pending (like {QUEUE})",
            f"create index {DUE} on other.payment_outbox_pending (created_at)",
            f"reindex index public.{DUE}",
            f"comment on index public.{DUE} is 'mine'",
        )
        == []
    )


def test_it_holds_on_every_version(database_url: str) -> None:
    found = verify_indexes(database_url)
    assert (found.status, found.details["findings"]) == (Status.PASS, [])
    assert all(index["holds"] for index in found.details["indexes"].values())
    assert sorted(found.details["indexes"]) == sorted(INDEXES)


@pytest.fixture
def interrupted(shared_url: str) -> Iterator[str]:
    """A concurrent build that failed on two equal rows, as one does in the wild."""
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute(f"drop index public.{DUE}")
        try:
            connection.execute(f"alter table {QUEUE} add column twice boolean default true")
            connection.execute(
                "select public.enqueue_payment_outbox(i::text, 'p', i::text, 'RTGS', '{}')"
                " from generate_series(1, 2) as i"
            )
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute(f"create unique index concurrently {DUE} on {QUEUE} (twice)")
            yield shared_url
        finally:
            connection.execute(f"alter table {QUEUE} drop column twice")
            connection.execute(f"drop index if exists public.{DUE}")
            connection.execute(
                f"create index {DUE} on {QUEUE} (next_attempt_at, lease_expires_at, created_at)"
            )


def test_an_interrupted_build_fails_the_command(interrupted: str, tmp_path: Path) -> None:
    done = verify(*COMMAND, "--url", interrupted, "--out", tmp_path)
    assert (done.code, done.stderr) == (1, "")
    assert f"{CHECK_ID}: {DUE}: not valid" in done.stdout
    assert done.stdout.endswith(f"{CHECK_ID}: FAIL ({tmp_path / ARTEFACT})\n")
    assert read(tmp_path / ARTEFACT).status is Status.FAIL


def test_any_login_may_verify(
    shared_url: str, witnessed_server: EmbeddedServer, tmp_path: Path
) -> None:
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute("create role verify_anybody login")
        try:
            url = witnessed_server.url(connection.info.dbname, user="verify_anybody")
            done = verify(*COMMAND, "--json", "--out", tmp_path, url=url)
        finally:
            connection.execute("drop role verify_anybody")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == (tmp_path / ARTEFACT).read_text()


def test_what_cannot_be_found_out(tmp_path: Path) -> None:
    url = "postgresql://u:hunter2@127.0.0.1:1/d"
    done = verify(*COMMAND, "--url", url, "--out", tmp_path)
    assert_refused(done, "error: cannot connect: ", secret="hunter2")  # noqa: S106 - of nothing
    assert done.code == 2
    done = verify(*COMMAND, "--out", tmp_path)
    assert_refused(done, "error: ", "LEDGERDB_URL")
    assert done.code == 2
    assert [*tmp_path.iterdir()] == []
