"""The guard sees a function that has become slow, names its verb, and says by how much."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from ledgerdb.perf.gate import Gate, judge
from ledgerdb.perf.history import Entry, entry_of
from ledgerdb.perf.processor import one_processor
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.promotion import STABLE_RUNS, State, made_of, standing
from ledgerdb.perf.runner import Run, measure
from ledgerdb.perf.workload import payload_of
from proof.ground import HEAD, Ground
from tests.perf.histories import PROFILE

# A handful of calls says little: what is added is far beyond the noise of any machine, and of the
# other verbs nothing is asserted.
TINY = replace(
    PROFILE,
    rounds=2,
    warm_rounds=1,
    calls={"enqueue": 6, "enqueue_many": 2, "ingest": 4, "drain": 2, "evidence_pack": 6},
    batch_items=5,
    clients=2,
    client_calls=3,
    margin=2.0,
)


def entry(run: Run) -> Entry:
    return entry_of(run, made_at="2026-11-29T00:00:00Z", git_sha="a" * 40)


def judged(run: Run, profile: Profile, before: Run) -> Gate:
    """By a baseline of five runs that were all like an earlier one."""
    runs = [
        replace(entry(before), made_at=f"2026-11-28T00:00:0{number}Z")
        for number in range(STABLE_RUNS)
    ]
    baseline = made_of(runs, profile)
    return judge(entry(run), baseline, standing(runs, baseline, profile), profile)


def slow_down(url: str, function: str) -> None:
    """Lets a function sleep for a quarter of a second before it does what it did."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "select pg_get_functiondef(p.oid) from pg_proc as p where p.proname = %s", [function]
        ).fetchone()
        assert row is not None
        body = str(row[0])
        slow = body.replace("\nbegin\n", "\nbegin\n    perform pg_sleep(0.25);\n", 1)
        assert slow != body
        connection.execute(slow.encode())


def test_a_slow_function_is_seen() -> None:
    with (
        one_processor(),
        Ground(18) as ground,
        ground.database(HEAD) as url,
        ground.database(HEAD) as slow_url,
    ):
        before = measure(TINY, url)
        slow_down(slow_url, "ingest_instruction")
        after = measure(TINY, slow_url)
        with psycopg.connect(url) as connection:
            left = "select 1 from pg_database where datname like 'yardstick%'"
            assert connection.execute(left).fetchall() == []

    same = judged(before, TINY, before)
    assert (same.state, same.holds, same.findings) == (State.REQUIRED, True, ())

    gate = judged(after, TINY, before)
    assert (gate.state, gate.holds) == (State.REQUIRED, False)
    slower = max(gate.verdicts, key=lambda verdict: verdict.slower_by)
    assert (slower.verb, slower.holds) == ("ingest", False)
    assert slower.slower_by > TINY.margin
    assert any(finding.startswith("ingest: +") for finding in gate.findings)
    assert after.figures["ingest"].database_ms > 250 > after.figures["enqueue"].database_ms

    # the same profile does the same, however long it takes
    assert after.workload_sha256 == before.workload_sha256
    assert after.left_behind == before.left_behind
    rounds = TINY.rounds + TINY.warm_rounds
    assert before.left_behind == {
        "pending": rounds * (6 + 4 + 2 * 5 - 2 * 5) + 3 * 2 * 3,
        "attempts": rounds * 2 * 5,
        "identities": rounds * (6 + 4 + 2 * 5) + 3 * 2 * 3,
        "attestations": rounds * 4,
    }


def test_another_seed_asks_something_else() -> None:
    assert payload_of(TINY) == payload_of(TINY)
    assert payload_of(replace(TINY, seed=1)) != payload_of(TINY)
    assert len(payload_of(TINY)) == TINY.payload_bytes
