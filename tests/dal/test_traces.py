"""An instruction's trace comes out with its item where it is asked for; one scenario, both
colours.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from ledgerdb import calls
from ledgerdb.errors import InvalidArgument
from tests.conftest import Execute
from tests.factories import TENANT, WORKER, instruction

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def tenants(connection: psycopg.Connection[Any]) -> None:
    connection.execute("select from public.register_tenant(%s, 'k', 'n', 'COMMERCIAL')", [TENANT])


async def test_a_trace_is_there_where_it_is_asked_for(execute: Execute) -> None:
    for number in (1, 2):
        await execute(calls.ingest(instruction(number, trace_context=TRACE)))
    (plain,) = await execute(calls.claim(1, WORKER, 60))
    (traced,) = await execute(calls.claim(1, WORKER, 60, traced=True))
    assert (plain.trace_context, traced.trace_context) == (None, TRACE)


async def test_a_batch_takes_no_trace(execute: Execute) -> None:
    with pytest.raises(InvalidArgument, match="trace_context"):
        await execute(calls.ingest_many([instruction(trace_context=TRACE)]))


async def test_a_participant_is_numbered_monotonically(execute: Execute) -> None:
    who = {"actor": "ann", "reason": "it is hot"}
    switched = await execute(calls.number_monotonically("p", **who))
    assert (switched.participant_id, switched.monotonic_from, switched.changed) == ("p", 0, True)
    again = await execute(calls.number_monotonically("p", **who))
    assert not again.changed
    with pytest.raises(InvalidArgument, match="participant_id"):
        await execute(calls.number_monotonically("", **who))
