"""Every function that anybody may call, with hostile arguments: a result, or an SQLSTATE that is
published; and after an error the database holds what it held before.

`make fuzz CALLS=100000` runs more than the tests do; Hypothesis shrinks what it finds.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.digest import Digest
from tests.fuzz.pools import arguments
from tests.limits.site import Site

CALLS = int(os.environ.get("LEDGERDB_FUZZ_CALLS", "1000"))
# One session in its own transactions meets nobody, may call what it calls, and edits no history.
IMPOSSIBLE = {"40001", "40P01", "42501", "55P03", "57014", "P0001"}
README = Path(__file__).resolve().parents[2] / "sqlfunctions" / "README.md"
FUNCTIONS = """
select p.proname::text, p.proargnames[:p.pronargs],
    array(select format_type(t, null) from unnest(p.proargtypes::oid[]) as t)::text[],
    coalesce((
        select min(r.rolname)::text from aclexplode(p.proacl) as a
        join pg_roles as r on r.oid = a.grantee
        where r.rolname like 'symphony%'
    ), current_user::text)
from pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
    and p.proname !~ '^_' and p.pronargs > 0
order by 1
"""
LEASES = """select distinct outbox_id::text, lease_token::text
from public.payment_outbox_pending where lease_token is not null"""


def published() -> set[str]:
    """The SQLSTATEs of the table in sqlfunctions/README.md that one session can meet."""
    codes = {
        code
        for line in README.read_text("utf-8").splitlines()
        if line.startswith("| `")
        for code in re.findall(r"`([0-9A-Z]{5})`", line.split("|")[1])
    }
    assert len(codes) > 20
    return codes - IMPOSSIBLE


class Target:
    """A database with an item in every state, and what fits its parameters."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute("set search_path = pg_catalog, public")
        self.site = Site(connection)
        self.connection = connection
        self.digest = Digest(connection)
        self.functions = connection.execute(FUNCTIONS).fetchall()
        self.held = self.digest.take()
        self.seen: Counter[str] = Counter()
        self.published = published()

    def valid(self) -> dict[str, list[str]]:
        """Values that mean something here, by the name of a parameter."""
        site = self.site
        items = [site.dead_id, site.doubt_id, site.leased_id, site.due_id]
        return {
            "p_outbox_id": [str(item) for item in items],
            "p_lease_token": [str(site.leased.lease_token)],
            "p_tenant_id": [str(site.tenant_id), str(site.other_tenant_id)],
            "p_client_id": [str(site.client_id)],
            "p_member_id": [str(site.member_id), str(site.other_member_id)],
            "p_late_result_id": [str(site.late_result_id)],
            "p_worker_id": ["w", "reaper"],
            "p_actor": ["ann"],
            "p_reason": ["because"],
            "p_rail_type": ["RTGS", "*"],
            "p_scope": ["QUEUE", "RAIL", "TENANT"],
            "p_scope_key": ["*", "RTGS", str(site.tenant_id)],
            "p_ordering": ["NONE", "FIFO_BLOCK", "FIFO_SKIP"],
            "p_strategy": ["FIXED", "EXPONENTIAL"],
            "p_state": ["DISPATCHED", "FAILED", "RETRYABLE"],
            "p_resolution": ["DISPATCHED", "FAILED", "REQUEUE"],
            "p_instruction_id": ["i", "due", "dead"],
            "p_participant_id": ["p", "q"],
            "p_idempotency_key": ["k", "due", "dead"],
            "p_payload": ["{}", '{"amount": 1}'],
            "p_signatures": ["[]"],
            "p_evidence": ["{}"],
            "p_tenant_type": ["NGO"],
            "p_batch_size": ["1", "10"],
            "p_lease_seconds": ["1", "60"],
            "p_limit": ["1", "10"],
            "p_before": ["2000-01-01"],
        }

    def call(self, function: Any, values: dict[str, str | None], *, keep: bool) -> None:  # noqa: ANN401 - a row
        """Calls it as the role that may; what it wrote is kept or not."""
        name, _, kinds, role = function
        passed = sql.SQL(", ").join(
            sql.SQL("{} => {}::{}").format(
                sql.Identifier(parameter), sql.Literal(value), sql.SQL(kind)
            )
            for (parameter, value), kind in zip(values.items(), kinds, strict=True)
        )
        query = sql.SQL("set local role {}; select * from public.{}({})").format(
            sql.Identifier(role), sql.Identifier(name), passed
        )
        if keep:
            self.check_nothing_was_written()
        refused: psycopg.Error | None = None
        try:
            with self.connection.transaction(force_rollback=not keep):
                self.connection.execute(query)
        except psycopg.Error as error:
            refused = error
        code = str(refused.sqlstate) if refused else "ok"
        self.seen[code] += 1
        assert not refused or code in self.published, (name, values, refused)
        if keep and not refused:
            self.held = self.digest.take()

    def check_nothing_was_written(self) -> None:
        """Since the last call that was kept; the others were refused or rolled back."""
        assert self.digest.take() == self.held


@pytest.mark.timeout(0)
def test_a_result_or_a_published_sqlstate(connection: psycopg.Connection[Any]) -> None:
    target = Target(connection)
    calls = st.sampled_from(target.functions).flatmap(
        lambda function: st.tuples(
            st.just(function),
            arguments(list(zip(function[1], function[2], strict=True)), target.valid()),
            st.sampled_from([False] * 9 + [True]),
        )
    )

    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        derandomize="LEDGERDB_FUZZ_CALLS" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(calls)
    def fuzz(drawn: tuple[Any, dict[str, str | None], bool]) -> None:
        function, values, keep = drawn
        target.call(function, values, keep=keep)

    fuzz()
    target.check_nothing_was_written()
    assert target.seen["ok"] > CALLS / 5, target.seen
    assert len(target.seen) > 10, target.seen


def test_it_sees_a_function_that_breaks_the_rule(connection: psycopg.Connection[Any]) -> None:
    connection.execute("""
        create function public.broken(p_limit integer) returns integer
        language sql as 'select p_limit + 1'
    """)
    target = Target(connection)
    (broken,) = (function for function in target.functions if function[0] == "broken")
    target.call(broken, {"p_limit": "1"}, keep=False)
    with pytest.raises(AssertionError, match="NumericValueOutOfRange"):
        target.call(broken, {"p_limit": str(2**31 - 1)}, keep=False)
    connection.execute("delete from public.outbox_retry_policies")
    with pytest.raises(AssertionError):
        target.check_nothing_was_written()
