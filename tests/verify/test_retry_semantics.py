"""Each check passes at head and is seen to fail: at revision 0001, or where somebody broke it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.url import database_url as parse
from ledgerdb.verify.retry_semantics import (
    append_only,
    ceiling,
    collision,
    cost,
    drift,
    race,
    run,
    telemetry,
)
from ledgerdb.verify.retry_semantics.part import shown
from ledgerdb.verify.retry_semantics.session import Session
from ledgerdb.verify.retry_semantics.sizes import FULL, QUICK
from ledgerdb.verify.retry_semantics.stopwatch import Stopwatch
from tests.waiting import until


@pytest.fixture
def url(database_url: str) -> URL:
    return parse(database_url)


@pytest.fixture
def baseline(baseline_database_url: str) -> URL:
    return parse(baseline_database_url)


def execute(url: URL, statement: str) -> None:
    with Session(url) as session:
        session.connection.execute(statement.encode())


def words(findings: tuple[str, ...]) -> str:
    return "\n".join(findings)


def test_collision(url: URL) -> None:
    part = collision.check(url, QUICK)
    assert part.findings == ()
    assert part.seen["tokens_issued"] == part.seen["attempts_recorded"] > QUICK.items
    assert part.seen["outcomes"]["REPAIRED"] > 0
    assert part.seen["outcomes"]["LEASE_LOST"] > 0


def test_collision_fails_on_the_reference(baseline: URL) -> None:
    part = collision.check(baseline, QUICK)
    assert "in the ledger 0 times" in words(part.findings)
    assert part.seen["violations"] > 10


def test_collision_sees_a_number_that_is_taken(url: URL) -> None:
    """The counter stands still: the unique key is what is left."""
    body = "p.attempt_count + 1 as attempt_no,"
    broken = source(url, "complete_outbox_attempts")
    assert body in broken
    execute(url, broken.replace(body, "1 as attempt_no,"))
    part = collision.check(url, QUICK)
    assert "complete: 23505" in words(part.findings)


def test_races(url: URL) -> None:
    part = race.check(url)
    assert part.findings == ()
    assert len(part.seen) == 6


def test_races_fail_on_the_reference(baseline: URL) -> None:
    found = words(race.check(baseline).findings)
    assert "claim_before_completion: recorded []" in found
    assert "completion_in_an_old_transaction: the second session got (1, 'RETRYABLE')" in found
    assert "completion_twice: the second session got P7002" in found


def test_append_only(url: URL) -> None:
    part = append_only.check(url)
    assert part.findings == ()
    assert set(part.seen["tried"].values()) == {"P0001"}
    assert len(part.seen["tried"]) == 12
    assert part.seen["rows_before"].startswith("1 rows, ")


def test_append_only_fails_on_the_reference(baseline: URL) -> None:
    part = append_only.check(baseline)
    assert len(part.findings) == 2 * 8
    assert "truncate as owner in origin mode: ok, not refused with P0001" in part.findings
    assert "update as superuser in replica mode: the rows changed" in part.findings
    assert part.seen["rows_after"] == part.seen["rows_before"]


def test_append_only_fails_without_its_trigger(url: URL) -> None:
    execute(url, "drop trigger trg_deny_outbox_attempts_mutation on public.payment_outbox_attempts")
    found = append_only.check(url).findings
    assert "delete as owner in origin mode: ok, not refused with P0001" in found
    assert not [finding for finding in found if finding.startswith("truncate")]


def test_ceiling(url: URL) -> None:
    part = ceiling.check(url)
    assert part.findings == ()
    assert part.seen["crashes_reach_the_ceiling_by_claim"]["claims"] == 20


def test_ceiling_follows_the_database(url: URL) -> None:
    execute(url, f'alter database "{url.database}" set symphony.outbox_retry_ceiling = 3')
    part = ceiling.check(url)
    assert part.findings == ()
    assert part.seen["ceiling"] == 3


def test_ceiling_fails_on_the_reference(baseline: URL) -> None:
    assert set(ceiling.check(baseline).findings) >= {
        "crashes_reach_the_ceiling_by_repair: stopped by 42702",
        "crashes_reach_the_ceiling_by_claim: 40 claims, not 20",
        "repair_goes_on_past_a_poisoned_item: stopped by 42702",
        "no_session_sets_the_ceiling: stopped by 22P02",
    }


def test_a_retry_beyond_the_ceiling_is_found(url: URL) -> None:
    body = "when g.state = 'RETRYABLE' and p.attempt_count + 1 - p.budget_base >= v_ceiling"
    broken = source(url, "complete_outbox_attempts")
    assert body in broken
    execute(url, broken.replace(body, "when false"))
    found = words(ceiling.check(url).findings)
    assert "retryable_at_the_ceiling_is_failed: workers were told" in found


def test_drift_census(url: URL) -> None:
    with Session(url) as session:
        assert drift.check(session).findings == ()
        (tried, _) = session.enqueue("drift", 2)
        session.complete(session.claim_one(tried, "w"), "w", "RETRYABLE")
        part = drift.check(session)
    assert part.findings == ()
    assert part.seen == {
        "items_on_queue": 2,
        "items_on_queue_with_attempts": 1,
        "attempts_counted": 1,
        "drifted": 0,
    }


@pytest.mark.parametrize(
    ("breaking", "found"),
    [
        ("update public.payment_outbox_pending set attempt_count = 5", "counter 5, attempts 1"),
        (
            """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                participant_id, sequence_id, idempotency_key, rail_type, attempt_no, state)
            select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,
                rail_type, 2, 'RETRYABLE' from public.payment_outbox_pending""",
            "counter 1, attempts 2, highest 2, ended false",
        ),
        (
            """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                participant_id, sequence_id, idempotency_key, rail_type, attempt_no, state)
            select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,
                rail_type, 2, 'FAILED' from public.payment_outbox_pending;
            update public.payment_outbox_pending set attempt_count = 2""",
            "counter 2, attempts 2, highest 2, ended true",
        ),
    ],
    ids=["counter", "manual", "ended"],
)
def test_drift_is_found(breaking: str, found: str, url: URL) -> None:
    with Session(url) as session:
        (outbox_id,) = session.enqueue("drift")
        session.complete(session.claim_one(outbox_id, "w"), "w", "RETRYABLE")
        execute(url, breaking)
        part = drift.check(session)
    assert part.seen["drifted"] == 1
    assert found in words(part.findings)


def test_an_item_that_was_redriven_is_no_drift(url: URL) -> None:
    with Session(url) as session:
        (outbox_id,) = session.enqueue("drift")
        session.complete(session.claim_one(outbox_id, "w"), "w", "FAILED")
        session.rows(
            """select * from public.redrive_dead_letters(
                array[%s::uuid], p_actor => 'a', p_reason => 'r', p_dry_run => false)""",
            outbox_id,
        )
        part = drift.check(session)
    assert part.findings == ()
    assert part.seen["attempts_counted"] == 1


def test_retry_pressure(url: URL) -> None:
    with Session(url) as session:
        one, two = session.enqueue("pressure", 2)
        leased = {str(item.outbox_id): item for item in session.claim("w")}
        session.complete(leased[one], "w", "RETRYABLE")
        session.expire([two])
        session.repair()
        session.complete(session.claim_one(one, "w"), "w", "FAILED")
        session.make_due()
        session.claim_one(two, "w")
        session.expire([two])
        seen: dict[str, Any] = dict(telemetry.check(session).seen)
    assert seen.pop("wait_before_retry_seconds")["count"] == 1
    assert seen == {
        "items_with_attempts": 2,
        "items_ended": 1,
        "dead_letters": 1,
        "attempts": 3,
        "attempts_per_item": {"p50": 1, "p95": 2, "max": 2},
        "retryable_attempts": 1,
        "expired_lease_attempts": 1,
        "ceiling_exceeded_attempts": 0,
        "expired_leases_open": 1,
        "ended_items_by_attempts": {"2": {"items": 1, "share": 1.0}},
    }


def test_retry_pressure_of_an_empty_ledger(url: URL) -> None:
    with Session(url) as session:
        seen = telemetry.check(session).seen
    assert seen["attempts"] == 0
    assert seen["ended_items_by_attempts"] == {}


def test_the_cost_is_measured_on_true_histories(url: URL) -> None:
    steps: list[str] = []
    part = cost.check(url, QUICK, steps.append)
    assert len(steps) == QUICK.rounds + 1
    assert part.seen["time_measured"] == "processor"
    measured = part.seen["by_prior_attempts"]
    assert [*measured] == ["1", "10", "100", "1000", "10000"]
    for found in measured.values():
        for name in ("counter_microseconds", "max_microseconds", "ratio_max_to_counter"):
            spread = found[name]
            assert 0 < spread["min"] <= spread["p25"] <= spread["median"] <= spread["p75"]
    pages = measured["100"]["pages_per_completion"]
    assert 0 < pages["counter"] < pages["max"]
    with Session(url) as session:
        assert drift.check(session).findings == ()  # both took the right numbers
        highest = session.rows(
            """select i.prior, i.variant, max(p.attempt_count) as attempts from cost.items as i
            join public.payment_outbox_pending as p using (outbox_id) group by 1, 2 order by 1, 2"""
        )
    rounds = QUICK.rounds + 2
    assert [(row.prior, row.attempts) for row in highest if row.variant == "max"] == [
        *((1, 2), (10, 11), (100, 100 + rounds), (1000, 1000 + rounds), (10000, 10000 + rounds))
    ]


def test_an_error_of_the_database_is_a_finding(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[Any]
) -> None:
    """A deadlock, which the driver counts among the operational errors."""
    url = parse(server_18.url(client_head_18.info.dbname))
    execute(
        url,
        """create or replace function public.repair_expired_leases(
            p_batch_size integer, p_worker_id text
        ) returns table (outbox_id uuid, attempt_no integer) language plpgsql as $function$
        begin raise exception 'deadlock' using errcode = '40P01'; end $function$""",
    )
    parts = run._checks(url, QUICK, lambda _step: None)
    assert "repair: 40P01, " in words(parts["collision"].findings)
    assert parts["races"].findings == ("stopped by 40P01",)
    assert "repair_goes_on_past_a_poisoned_item: stopped by 40P01" in parts["ceiling"].findings
    assert parts["append_only"].findings == ()


def test_a_lost_connection_is_none(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[Any]
) -> None:
    url = parse(server_18.url(client_head_18.info.dbname))
    sessions = """from pg_stat_activity
        where datname = %s and application_name = 'ledgerdb-verify'"""
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(server_18.url(), autocommit=True) as killer,
    ):
        checking = pool.submit(collision.check, url, FULL)
        until(lambda: killer.execute(f"select 1 {sessions}", [url.database]).rowcount > 3)
        killer.execute(f"select pg_terminate_backend(pid) {sessions}", [url.database])
        with pytest.raises(psycopg.OperationalError):
            checking.result(30)


def test_only_a_process_of_this_server_is_timed_by_the_processor(url: URL) -> None:
    with Session(url) as session:
        ours, other = (
            Stopwatch(session.pid, str(url.database)),
            Stopwatch(session.pid, "another_database"),
        )
        assert (ours.measures, other.measures) == ("processor", "elapsed")
        assert Stopwatch(2**22 + 1, "nothing").measures == "elapsed"  # beyond every process id
        waiting = partial(session.rows, "select pg_sleep(0.2)")
        assert ours.seconds(waiting) < 0.2 <= other.seconds(waiting)


def test_many_findings_are_cut() -> None:
    assert shown([str(number) for number in range(12)])[-2:] == ("9", "and 2 more")


def source(url: URL, name: str) -> str:
    """The statement that creates a function."""
    with psycopg.connect(url.set(drivername="postgresql").render_as_string()) as connection:
        row = connection.execute(
            "select pg_get_functiondef(to_regproc(%s)::oid)", [f"public.{name}"]
        ).fetchone()
    assert row is not None
    return str(row[0])
