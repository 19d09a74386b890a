"""Many deployers at once, and deployers that are killed: each revision is applied exactly once.

The rounds in numbers are `python -m proof deployers --rounds 50`.
"""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from proof.deployers.deployer import Deployer, context
from proof.deployers.project import NAIVE_ENV, is_index, table_of, write_project
from proof.deployers.rounds import run_round, scratch_database
from tests.commands import TIMEOUT_SECONDS
from tests.migrations.databases import query
from tests.waiting import until
from tools.schema import dump

REVISIONS = 20
SCRIPTS = ["select pg_catalog.pg_sleep(0.02);"] * REVISIONS
STEPS = 12
GATE = 7_000


@pytest.mark.parametrize("seed", [1, 2])
def test_eight_at_once_killed_at_random(
    server: EmbeddedServer, tmp_path: Path, version: int, seed: int
) -> None:
    write_project(tmp_path, SCRIPTS)
    with scratch_database(server.url(), server.url) as url:
        outcome = run_round(tmp_path, url, REVISIONS, 10 * version + seed)
    assert outcome.findings == []
    assert sum(outcome.faults.values()) > 1


def test_a_guard_that_waits_would_be_found(server_18: EmbeddedServer, tmp_path: Path) -> None:
    """Negative control: plain Alembic inside of a blocking lock."""
    write_project(tmp_path, SCRIPTS[:4], env=NAIVE_ENV)
    with scratch_database(server_18.url(), server_18.url) as url:
        outcome = run_round(tmp_path, url, 4, seed=1, faults=0, limit_seconds=4)
    (finding,) = outcome.findings
    assert finding.startswith("hangs after 4 s: ")
    assert "naive-guard advisory" in finding
    assert "virtualxid create index concurrently" in finding


def test_killed_in_every_step_it_ends_as_if_it_were_not(
    server_18: EmbeddedServer, tmp_path: Path
) -> None:
    # each revision passes a gate; the one whose gate is closed waits inside of its transaction
    gates = [f"select pg_catalog.pg_advisory_xact_lock({GATE + n});" for n in range(1, STEPS + 1)]
    write_project(tmp_path, gates)
    blocked = """
        select pid from pg_stat_activity where datname = current_database()
        and application_name = 'ledgerdb-migrate' and wait_event = 'advisory'
    """
    holder = multiprocessing.get_context("forkserver").Value("i", 0)
    start = context()

    def deploy(url: str) -> Deployer:
        return Deployer(start, tmp_path, url, holder, tmp_path / "deployer.log")

    killed = 0
    with (
        scratch_database(server_18.url(), server_18.url) as url,
        scratch_database(server_18.url(), server_18.url) as straight,
    ):
        for number in range(1, STEPS + 1):
            if is_index(number):
                continue  # an index that is being built is in test_indexes.py
            with psycopg.connect(url, autocommit=True) as gate:
                gate.execute("select pg_advisory_lock(%s)", [GATE + number])
                deployer = deploy(url)
                until(lambda: query(url, blocked))
                assert deployer.code is None, deployer.said
                deployer.kill()
                killed += 1
        for target in (url, straight):
            deployer = deploy(target)
            assert deployer.wait(TIMEOUT_SECONDS) == 0, deployer.said
        assert killed == STEPS - STEPS // 4

        applied = "select revision from public.ledgerdb_migrations order by applied_at"
        expected = [(f"{number:04}",) for number in range(1, STEPS + 1)]
        assert query(url, applied) == expected
        for number in range(1, STEPS + 1):
            if not is_index(number):
                assert query(url, f"select count(*) from public.{table_of(number)}") == [(1,)]
        names = [query(target, "select current_database()")[0][0] for target in (url, straight)]
        assert dump(server_18, names[0]) == dump(server_18, names[1])
