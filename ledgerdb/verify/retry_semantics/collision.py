"""Workers, repairers and a clock that runs out meet at the same items, all at once.

What must be true afterwards is asked in SQL of the ledger, and of what the workers were told: the
numbers of an item are 1 to n, and every token that was ever issued closed exactly one attempt.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, Final

import psycopg
from sqlalchemy import URL

from ledgerdb.verify.retry_semantics.part import Part, shown
from ledgerdb.verify.retry_semantics.session import DEADLINE_SECONDS, Session, is_lost
from ledgerdb.verify.retry_semantics.sizes import Sizes

__all__ = ["check"]

_NAME: Final = "collision"
_LEASE_LOST: Final = "P7002"
_LEASE_SECONDS: Final = 1  # the shortest
_BATCH: Final = 5
_FATES: Final = {"ABANDONED": 30, "RETRYABLE": 50, "DISPATCHED": 15, "FAILED": 5}

# Each row is a violation. `issued` has the tokens that claims returned, `told` what completions
# said: the ledger must agree with both.
_VIOLATIONS: Final = """
with ledger as (
    select
        a.outbox_id, a.instruction_id, a.attempt_no, a.state,
        (to_jsonb(a) ->> 'lease_token')::uuid as lease_token
    from public.payment_outbox_attempts as a where a.instruction_id like 'collision-%'
),
closed as (
    select l.lease_token, l.outbox_id from ledger as l where l.lease_token is not null
    union all
    select p.lease_token, p.outbox_id from public.payment_outbox_pending as p
    where p.instruction_id like 'collision-%' and p.lease_token is not null
)
select l.instruction_id || ': attempts ' || array_agg(l.attempt_no order by l.attempt_no)::text
from ledger as l group by l.instruction_id
having min(l.attempt_no) <> 1 or max(l.attempt_no) <> count(*)
    or count(distinct l.attempt_no) <> count(*)
union all
select l.instruction_id || ': ' || count(*) || ' terminal attempts, the first is '
    || min(l.attempt_no) || ' of ' || n.attempts
from ledger as l
join (
    select k.outbox_id, count(*) as attempts from ledger as k group by k.outbox_id
) as n using (outbox_id)
where l.state in ('DISPATCHED', 'FAILED') group by l.instruction_id, n.attempts
having count(*) > 1 or min(l.attempt_no) <> n.attempts
union all
select 'token ' || i.lease_token || ': in the ledger ' || count(c.lease_token) || ' times'
from issued as i left join closed as c using (lease_token)
group by i.lease_token having count(c.lease_token) <> 1
union all
select 'token ' || c.lease_token || ': never issued'
from closed as c where not exists (select from issued as i where i.lease_token = c.lease_token)
union all
select 'token ' || t.lease_token || ': told ' || t.attempt_no || ' ' || t.state || ', recorded '
    || coalesce(l.attempt_no || ' ' || l.state, 'nothing')
from told as t left join ledger as l using (lease_token)
where l.attempt_no is distinct from t.attempt_no or l.state::text is distinct from t.state
"""


class _Crowd:
    """Every session of the test, each in a thread, until the queue is empty."""

    def __init__(self, url: URL, sizes: Sizes) -> None:
        self._url = url
        self._sizes = sizes
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.issued: list[str] = []
        self.told: list[tuple[str, int, str]] = []
        self.outcomes: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def run(self) -> None:
        """Returns when nothing is left to do, or at the deadline."""
        workers, repairers = range(self._sizes.workers), range(self._sizes.repairers)
        with ThreadPoolExecutor(len(workers) + len(repairers) + 1) as pool:
            futures = [
                *(pool.submit(self._worker, number) for number in workers),
                *(pool.submit(self._repairer, number) for number in repairers),
                pool.submit(self._clock),
            ]
            try:
                for future in as_completed(futures):
                    future.result()
            finally:
                self._over.set()

    def _worker(self, number: int) -> None:
        name = f"worker-{number}"
        chance = random.Random(self._sizes.seed + number)  # noqa: S311 - repeatable
        with Session(self._url) as session:
            while not self._over.is_set():
                leased = self._ask(
                    "claim",
                    lambda: session.claim(name, limit=_BATCH, lease_seconds=_LEASE_SECONDS),
                )
                with self._lock:
                    self.issued += [str(item.lease_token) for item in leased]
                for item in leased:
                    (fate,) = chance.choices([*_FATES], [*_FATES.values()])
                    self._end(session, name, item, fate)

    def _end(self, session: Session, worker: str, item: Any, fate: str) -> None:  # noqa: ANN401 - a row
        if fate != "ABANDONED":
            rows = self._ask("complete", lambda: [session.complete(item, worker, fate)])
            if not rows:
                fate = "LEASE_LOST"
            for row in rows:
                with self._lock:
                    self.told.append((str(item.lease_token), row.attempt_no, row.state))
        with self._lock:
            self.outcomes[fate] += 1

    def _repairer(self, number: int) -> None:
        with Session(self._url) as session:
            while not self._over.is_set():
                closed = self._ask("repair", lambda: session.repair(f"repairer-{number}", 20))
                with self._lock:
                    self.outcomes["REPAIRED"] += len(closed)

    def _clock(self) -> None:
        """Lets random leases run out early and retries be due at once; ends when all have ended."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        with Session(self._url) as session:
            session.value("select setseed(0.5)")
            while not self._over.is_set():
                session.rows(
                    """
                    update public.payment_outbox_pending set lease_expires_at = clock_timestamp()
                    where outbox_id in (
                        select p.outbox_id from public.payment_outbox_pending as p
                        where p.lease_token is not null and random() < 0.1
                        for update skip locked
                    )
                    """
                )
                session.rows(
                    """
                    update public.payment_outbox_pending set next_attempt_at = clock_timestamp()
                    where outbox_id in (
                        select p.outbox_id from public.payment_outbox_pending as p
                        where p.lease_token is null and p.next_attempt_at > clock_timestamp()
                        for update skip locked
                    )
                    """
                )
                left = session.value(
                    """select exists (select from public.payment_outbox_pending
                    where instruction_id like 'collision-%')"""
                )
                if not left or time.monotonic() > deadline:
                    self._over.set()

    def _ask(self, what: str, question: Callable[[], list[Any]]) -> list[Any]:
        try:
            return question()
        except psycopg.Error as error:
            if is_lost(error):
                raise
            if error.sqlstate != _LEASE_LOST:
                with self._lock:
                    self.errors[f"{what}: {error.sqlstate}"] += 1
            return []


def check(url: URL, sizes: Sizes) -> Part:
    """Runs the crowd and asks the ledger."""
    with Session(url) as session:
        session.enqueue(_NAME, sizes.items)
        crowd = _Crowd(url, sizes)
        started = time.monotonic()
        crowd.run()
        seconds = time.monotonic() - started
        session.rows("create temporary table issued (lease_token uuid)")
        session.rows("create temporary table told (lease_token uuid, attempt_no int, state text)")
        with session.connection.cursor() as cursor:
            cursor.executemany("insert into issued values (%s)", [[t] for t in crowd.issued])
            cursor.executemany("insert into told values (%s, %s, %s)", crowd.told)
        violations = [row[0] for row in session.connection.execute(_VIOLATIONS)]
        left = session.value(
            """select count(*) from public.payment_outbox_pending
            where instruction_id like 'collision-%'"""
        )
        attempts = session.value(
            """select count(*) from public.payment_outbox_attempts
            where instruction_id like 'collision-%'"""
        )
    findings = [
        *(f"{what}, {count} times" for what, count in sorted(crowd.errors.items())),
        *([f"{left} items did not end within {seconds:.0f} s"] if left else []),
        *shown(violations),
    ]
    return Part(
        {
            "items": sizes.items,
            "sessions": {"workers": sizes.workers, "repairers": sizes.repairers, "clock": 1},
            "seed": sizes.seed,
            "tokens_issued": len(crowd.issued),
            "attempts_recorded": attempts,
            "outcomes": dict(sorted(crowd.outcomes.items())),
            "violations": len(violations),
            "errors": dict(sorted(crowd.errors.items())),
        },
        tuple(findings),
    )
