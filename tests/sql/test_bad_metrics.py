"""A bad metric never loses the result of a payment; a policy that is too fine does not either."""

from __future__ import annotations

import pytest

from tests.sql.operations import Operator
from tests.sql.queue import Queue

METRICS = [
    ("p_latency_ms", -1),
    ("p_latency_ms", -(2**31)),
    ("p_latency_ms", 2**31 - 1),
    *((f"p_{name}", "x" * 1_000_000) for name in ("rail_code", "error_code", "error_message")),
    *((f"p_{name}", text) for name in ("rail_code", "error_message") for text in ("", "a\x1b\n")),
    ("p_retry_delay_seconds", -1),
    ("p_retry_delay_seconds", 2**31 - 1),
    ("p_retry_delay_seconds", None),
]


@pytest.mark.parametrize("state", ["DISPATCHED", "FAILED", "RETRYABLE"])
@pytest.mark.parametrize(("parameter", "value"), METRICS)
def test_completing_one(queue: Queue, state: str, parameter: str, value: object) -> None:
    outbox_id = queue.enqueue("i")
    (item,) = queue.claim()
    (row,) = queue.rows(
        f"""select * from public.complete_outbox_attempt(
            %s, %s, 'w', %s, p_rail_reference => 'R', {parameter} => %s)""",
        *(outbox_id, item.lease_token, state, value),
    )
    assert (row.attempt_no, row.state) == (1, state)
    (attempt,) = queue.attempts(outbox_id)
    assert (attempt.state, attempt.rail_reference) == (state, "R")


@pytest.mark.parametrize("late", [False, True])
def test_completing_many_at_once(queue: Queue, late: bool) -> None:  # noqa: FBT001 - a parameter
    for number in range(3):
        queue.enqueue(f"i{number}")
    items = queue.claim()
    if late:
        queue.expire_leases()
    done = queue.rows(
        """select * from public.complete_outbox_attempts(
            'w', %s, %s, '{DISPATCHED,FAILED,RETRYABLE}', '{R,null,null}', %s, %s, %s,
            '{-1,null,2147483647}', '{-1,null,2147483647}')""",
        [item.outbox_id for item in items],
        [item.lease_token for item in items],
        ["x" * 1_000, "", None],
        [None, "\x1b", "x" * 1_000],
        ["x" * 10_000, None, "\n"],
    )
    assert {row.outcome for row in done} == ({"EXPIRED"} if late else {"RECORDED"})
    kept = "payment_outbox_late_results" if late else "payment_outbox_attempts"
    assert queue.rows(
        f"select state, length(rail_code) as code, latency_ms from public.{kept} order by state"
    ) == [("DISPATCHED", 100, None), ("RETRYABLE", None, 2**31 - 1), ("FAILED", 0, None)]


@pytest.mark.parametrize("name", ["rail_code", "error_code", "error_message"])
@pytest.mark.parametrize("value", ["", "x" * 1_000_000, "a\x1b\n", None])
def test_what_was_done_by_hand(queue: Queue, name: str, value: str | None) -> None:
    outbox_id = queue.enqueue("i")
    texts = dict.fromkeys(("p_rail_code", "p_error_code", "p_error_message"))
    (row,) = Operator(queue).call(
        "record_manual_attempt",
        **{**texts, f"p_{name}": value},
        p_outbox_id=outbox_id,
        p_state="DISPATCHED",
        p_rail_reference="R",
    )
    assert (row.attempt_no, row.state) == (1, "DISPATCHED")


@pytest.mark.parametrize("seconds", ["5e-324", "1e-307", "0"])
@pytest.mark.parametrize("jitter", ["1", "1e-307"])
def test_a_policy_that_a_double_cannot_follow(queue: Queue, seconds: str, jitter: str) -> None:
    Operator(queue).call(
        "set_retry_policy",
        p_rail_type="RTGS",
        p_strategy="FIXED",
        p_base_seconds=seconds,
        p_factor="10",
        p_max_seconds="604800",
        p_jitter=jitter,
    )
    outbox_id = queue.enqueue("i")
    for number in range(1, 6):
        (item,) = queue.claim()
        (done,) = queue.complete([item], "RETRYABLE", delay=None)
        assert (done.outcome, done.attempt_no) == ("RECORDED", number)
    assert queue.pending(outbox_id).attempt_count == 5
