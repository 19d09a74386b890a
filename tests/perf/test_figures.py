"""Percentiles by nearest rank, and a ratio that the machine's load is taken out of."""

from __future__ import annotations

import os

import psycopg
import pytest

from ledgerdb.perf.clock import ELAPSED, NET, Clock
from ledgerdb.perf.figures import Round, figures, percentile


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (1, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 95) == 7.0
    assert percentile([1.0, 2.0], 51) == 2.0


def test_figures_are_of_all_rounds_and_ratios_of_a_calm_one() -> None:
    rounds = [
        Round([0.002] * 9 + [0.5], [0.002] * 10, [0.001] * 10, [0.001] * 10, 0.01),
        Round([0.002] * 10, [0.002] * 9 + [0.9], [0.001] * 9 + [0.9], [0.001] * 10, 0.01),
    ]
    found = figures(rounds, 50)
    assert (found.calls, found.items) == (20, 50)
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (2.0, 2.0, 500.0)
    assert (found.ratio_p50, found.ratio_p95) == (2.0, 2.0)
    assert found.database_ms == 1.0
    assert found.items_per_second == pytest.approx(50 * 20 / 0.538, rel=1e-3)


def test_a_tail_that_every_round_has_is_in_the_ratio() -> None:
    tail = [0.002] * 9 + [0.01]
    found = figures([Round(tail, tail, [0.001] * 10, [0.001] * 10, 0.01)] * 20, 1)
    assert (found.ratio_p50, found.ratio_p95) == (2.0, 10.0)


def test_the_clock_leaves_out_the_wait_for_a_processor(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        info = connection.info
        with Clock(info.backend_pid, info.dbname) as clock:
            elapsed, net = clock.seconds(lambda: connection.execute("select pg_sleep(0.05)"))
            assert clock.kind == NET
            # what a statement waits for by itself stays in
            assert 0.05 <= net <= elapsed
            assert _crowded(clock) > 0
        with Clock(info.backend_pid, "of another server") as elsewhere:
            assert elsewhere.kind == ELAPSED
            elapsed, net = elsewhere.seconds(lambda: None)
            assert elapsed == net


def _crowded(clock: Clock) -> float:
    """How long this thread waits while others keep its processor busy."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    pid = os.fork()
    if pid == 0:
        while True:
            pass
    try:
        _, before = clock.ran_and_waited_seconds()
        while (waited := clock.ran_and_waited_seconds()[1]) == before:
            sum(range(10_000))
        return waited - before
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.sched_setaffinity(0, allowed)
