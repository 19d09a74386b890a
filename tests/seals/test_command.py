"""`ledgerdb seal`, and the worker that seals in its turn."""

from __future__ import annotations

import json
import signal

import psycopg
import pytest

from ledgerdb import (
    ConfigurationError,
    Dispatched,
    InvalidArgument,
    Ledger,
    SealOutcome,
    WorkerSettings,
)
from ledgerdb.calls import seal_ledger
from tests.commands import run, start
from tests.conftest import Execute
from tests.seals.sealed import Sealed
from tests.waiting import until
from tests.worker.conftest import StartWorker, start_worker

__all__ = ["start_worker"]  # a fixture


def test_it_seals_everything(empty: Sealed, database_url: str) -> None:
    empty.attest(*"abcde")
    done = run("ledgerdb", "seal", "--batch-size", "2", url=database_url)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == "sealed 0 attempts and 5 attestations under 3 seals\n"
    again = run("ledgerdb", "seal", "--json", url=database_url)
    assert json.loads(again.stdout) == {
        "outcome": "DONE",
        "seals": 0,
        "attempts": 0,
        "attestations": 0,
        "last_seal_no": 3,
    }
    assert empty.assert_sound().rows == 5


def test_it_says_what_it_could_not_seal(empty: Sealed, database_url: str) -> None:
    with psycopg.connect(database_url) as running:
        Sealed(running).attest("a")
        done = run("ledgerdb", "seal", "--wait", "0", url=database_url)
        assert done.code == 0
        assert "later rows wait for transactions that are still running" in done.stdout


def test_it_seals_again_and_again_until_it_is_told_to_stop(
    empty: Sealed, database_url: str
) -> None:
    process = start("ledgerdb", "seal", "--every", "0.1", "--json", url=database_url)
    try:
        for number in range(2):
            empty.attest(f"i{number}")
            until(lambda: not empty.check().unsealed[1].rows)
    finally:
        process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, "")
    assert {json.loads(line)["outcome"] for line in stdout.splitlines()} <= set(SealOutcome)
    assert stdout


def test_a_wrong_batch_size_is_refused(database_url: str) -> None:
    done = run("ledgerdb", "seal", "--batch-size", "0", url=database_url)
    assert (done.code, done.stdout) == (2, "")


async def test_both_colours_seal(execute: Execute, empty: Sealed) -> None:
    empty.attest("a")
    sealed = await execute(seal_ledger())
    assert (sealed.outcome, sealed.attestations) == (SealOutcome.DONE, 1)


def test_a_transaction_that_wrote_cannot_seal(database_url: str) -> None:
    with Ledger.connect(database_url) as ledger, ledger.transaction() as transaction:
        transaction.enqueue("i", "p", "k", "RTGS", "{}")
        with pytest.raises(InvalidArgument, match="first write"):
            transaction.seal_ledger()


def test_a_worker_seals_in_its_turn(
    empty: Sealed, database_url: str, start_worker: StartWorker
) -> None:
    empty.attest("a")
    background = start_worker(lambda item: None, seal_seconds=0.1)
    until(lambda: background.worker.stats.sealed == 1)
    background.stop()
    assert background.error is None
    assert empty.assert_sound().rows == 1


def test_a_worker_that_may_not_seal_works_on(
    empty: Sealed,
    database_url: str,
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Seals are proof; payments are the work."""
    empty.connection.execute("create role unsealing login in role symphony_executor")
    empty.connection.execute(
        "revoke execute on function public.seal_ledger(integer) from symphony_executor"
    )
    try:
        url = database_url.replace("//postgres@", "//unsealing@")
        background = start_worker(
            lambda item: Dispatched("R"), url=url, seal_seconds=0.01, repair_seconds=0.01
        )
        until(lambda: "does not seal any more" in caplog.text)
        empty.enqueue("i")
        until(lambda: background.worker.stats.dispatched)
        background.stop()
    finally:
        empty.connection.execute("drop role unsealing")
    assert background.error is None
    assert caplog.text.count("does not seal any more") == 1


def test_a_worker_need_not_seal(
    empty: Sealed, database_url: str, start_worker: StartWorker
) -> None:
    empty.attest("a")
    background = start_worker(lambda item: None, seal_seconds=0, repair_seconds=0.01)
    empty.enqueue("i")
    until(lambda: background.worker.stats.retried)
    background.stop()
    assert empty.rows("select * from public.ledger_seals") == []


@pytest.mark.parametrize("value", [-1, 86_401, "60", True])
def test_the_setting_is_bounded(value: object) -> None:
    with pytest.raises(ConfigurationError, match="seal_seconds"):
        WorkerSettings(seal_seconds=value)  # type: ignore[arg-type]
