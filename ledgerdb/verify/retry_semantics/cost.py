"""What the locked counter costs against MAX(attempt_no) + 1: the same completion, once with each.

Two functions that differ in one statement lock the item, take the next number, append the attempt
and requeue the item. They are called for many items in one statement, so that neither the round
trip nor the commit, which both have, hides the difference; in production it is smaller.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any, Final, LiteralString

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import URL

from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session
from ledgerdb.verify.retry_semantics.sizes import Sizes
from ledgerdb.verify.retry_semantics.stopwatch import Stopwatch

__all__ = ["METHOD", "check"]

METHOD: Final = (
    "two functions that differ only in how they take the next number (attempt_count + 1 of the"
    " locked row; coalesce(max(attempt_no), 0) + 1 over the attempts of the item, by the unique"
    " index on (outbox_id, attempt_no)); one statement calls one of them for every item of a round,"
    " with synchronous_commit off; the two alternate and so does who is first; the first round is"
    " thrown away; times are per completion, without round trip and flush: of the server's process"
    " on a processor where time_measured says so, else elapsed; the ratio is MAX / counter, per"
    " round and of the medians; a last round counts the pages that a completion"
    " touches, which other work on the machine does not change; up to 10 prior attempts each round"
    " has fresh items, above it the same ones again"
)
_COUNTER: Final = "counter"
_MAX: Final = "max"
_NUMBERS: Final[dict[str, LiteralString]] = {
    _COUNTER: "v_attempt_no := v_item.attempt_count + 1;",
    _MAX: """select coalesce(max(a.attempt_no), 0) + 1 into v_attempt_no
        from public.payment_outbox_attempts as a where a.outbox_id = p_outbox_id;""",
}
_FUNCTION: Final[LiteralString] = """
create function cost.{name}(p_outbox_id uuid) returns integer language plpgsql as $function$
declare
    v_item public.payment_outbox_pending;
    v_attempt_no integer;
begin
    select p.* into v_item from public.payment_outbox_pending as p
    where p.outbox_id = p_outbox_id for update;
    {number}
    insert into public.payment_outbox_attempts (
        outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
        attempt_no, state, claimed_at, completed_at, worker_id
    ) values (
        v_item.outbox_id, v_item.instruction_id, v_item.participant_id, v_item.sequence_id,
        v_item.idempotency_key, v_item.rail_type,
        v_attempt_no, 'RETRYABLE', clock_timestamp(), clock_timestamp(), 'cost'
    );
    update public.payment_outbox_pending as p
    set attempt_count = v_attempt_no, next_attempt_at = clock_timestamp() + interval '1 day'
    where p.outbox_id = p_outbox_id;
    return v_attempt_no;
end;
$function$
"""
# A set of items is what one function completes in one round.
_ITEMS: Final[LiteralString] = """
create table cost.items as
select
    e.outbox_id, e.sequence_id, s.prior, s.variant, s.place,
    s.prior || '-' || s.variant || '-' || s.place || '-' || n.n as name
from (
    select prior, variant, place, completions
    from jsonb_to_recordset(%s::jsonb) as given (prior int, completions int, sets int)
    cross join unnest(array['counter', 'max']) as v (variant)
    cross join lateral generate_series(0, given.sets - 1) as r (place)
) as s
cross join lateral generate_series(1, s.completions) as n (n)
cross join lateral public.enqueue_payment_outbox(
    'cost-' || s.prior || '-' || s.variant || '-' || s.place || '-' || n.n, 'cost', 'key', 'RAIL',
    '{}'
) as e
"""
_PRIOR: Final[LiteralString] = """
insert into public.payment_outbox_attempts (
    outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
    attempt_no, state, completed_at, worker_id
)
select i.outbox_id, 'cost-' || i.name, 'cost', i.sequence_id, 'key', 'RAIL',
    n.n, 'RETRYABLE', clock_timestamp(), 'cost'
from cost.items as i cross join lateral generate_series(1, i.prior) as n (n)
"""
_COUNTERS: Final[LiteralString] = """
update public.payment_outbox_pending as p
set attempt_count = i.prior, next_attempt_at = clock_timestamp() + interval '1 day'
from cost.items as i where i.outbox_id = p.outbox_id
"""
_SETS_REUSED_ABOVE: Final = 10


def check(url: URL, sizes: Sizes, progress: Callable[[str], None]) -> Part:
    """Measures; it judges nothing."""
    with Session(url) as session:
        _prepare(session, sizes)
        watch = Stopwatch(session.pid, str(url.database))
        times: dict[int, dict[str, list[float]]] = {
            prior: {_COUNTER: [], _MAX: []} for prior in sizes.completions
        }
        for number in range(sizes.rounds + 1):
            progress(f"cost of the counter, round {number} of {sizes.rounds}")
            variants = (_COUNTER, _MAX) if number % 2 else (_MAX, _COUNTER)
            for prior in sizes.completions:
                for variant in variants:
                    ids = _ids(session, sizes, prior, variant, number)
                    query = _completions(variant)
                    taken = watch.seconds(partial(session.connection.execute, query, [ids]))
                    if number:
                        times[prior][variant].append(taken / len(ids) * 1e6)
        last = sizes.rounds + 1
        pages = {
            prior: {
                variant: _pages(session, variant, _ids(session, sizes, prior, variant, last))
                for variant in _NUMBERS
            }
            for prior in sizes.completions
        }
    return Part(
        {
            "method": METHOD,
            "rounds": sizes.rounds,
            "time_measured": watch.measures,
            "by_prior_attempts": {
                str(prior): {
                    "completions_per_round": sizes.completions[prior],
                    "prior_attempts_of_last_round": prior + _growth(prior, sizes),
                    "pages_per_completion": pages[prior],
                    "counter_microseconds": _spread(found[_COUNTER]),
                    "max_microseconds": _spread(found[_MAX]),
                    "ratio_of_medians": round(
                        statistics.median(found[_MAX]) / statistics.median(found[_COUNTER]), 3
                    ),
                    "ratio_max_to_counter": _spread(
                        [m / c for m, c in zip(found[_MAX], found[_COUNTER], strict=True)]
                    ),
                }
                for prior, found in times.items()
            },
        }
    )


def _sets(prior: int, sizes: Sizes) -> int:
    return sizes.rounds + 2 if prior <= _SETS_REUSED_ABOVE else 1


def _growth(prior: int, sizes: Sizes) -> int:
    return 0 if prior <= _SETS_REUSED_ABOVE else sizes.rounds


def _prepare(session: Session, sizes: Sizes) -> None:
    session.rows("set synchronous_commit = off")
    session.rows("set statement_timeout = 0")  # the database's own is for short statements
    session.rows("create schema cost")
    for name, number in _NUMBERS.items():
        session.connection.execute(
            sql.SQL(_FUNCTION).format(name=sql.Identifier(name), number=sql.SQL(number))
        )
    given = [
        {"prior": prior, "completions": completions, "sets": _sets(prior, sizes)}
        for prior, completions in sizes.completions.items()
    ]
    session.rows(_ITEMS, Jsonb(given))
    session.rows(_PRIOR)
    session.rows(_COUNTERS)
    session.rows("analyze public.payment_outbox_attempts, public.payment_outbox_pending")


def _ids(session: Session, sizes: Sizes, prior: int, variant: str, number: int) -> list[Any]:
    """The items that a round completes."""
    found: list[Any] = session.value(
        """select array_agg(i.outbox_id) from cost.items as i
        where i.prior = %s and i.variant = %s and i.place = %s""",
        *(prior, variant, number % _sets(prior, sizes)),
    )
    return found


def _completions(variant: str) -> sql.Composed:
    return sql.SQL("select count(cost.{}(u.id)) from unnest(%s::uuid[]) as u (id)").format(
        sql.Identifier(variant)
    )


def _pages(session: Session, variant: str, ids: list[Any]) -> float:
    explain = sql.SQL("explain (analyze, buffers, timing off, format json) ")
    row = session.connection.execute(explain + _completions(variant), [ids]).fetchone()
    plan: dict[str, Any] = {} if row is None else row[0][0]["Plan"]
    pages: int = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return round(pages / len(ids), 1)


def _spread(values: list[float]) -> dict[str, float]:
    """The median, and between what half of the rounds and all of them were."""
    quarters = statistics.quantiles(values, n=4, method="inclusive")
    return {
        "median": round(statistics.median(values), 3),
        "p25": round(quarters[0], 3),
        "p75": round(quarters[2], 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }
