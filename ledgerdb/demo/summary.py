"""The figures of a run, read from the database when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, LiteralString, TypedDict
from uuid import UUID

from ledgerdb.demo.results import TenantTotals, WorkerTotals
from ledgerdb.demo.witness import Witness

__all__ = ["Figures", "summarize"]

_OUTCOMES: Final[LiteralString] = """
select state::text, count(*) from public.payment_outbox_attempts
where state in ('DISPATCHED', 'FAILED') group by state order by state
"""
_BY_STATE: Final[LiteralString] = """
select state::text, count(*) from public.payment_outbox_attempts group by state order by state
"""
_HISTOGRAM: Final[LiteralString] = """
select attempts, count(*) from (
    select count(*) as attempts from public.payment_outbox_attempts group by outbox_id
) as per_item group by attempts order by attempts
"""
_ERRORS: Final[LiteralString] = """
select error_code, count(*) from public.payment_outbox_attempts
where error_code is not null group by error_code order by count(*) desc, error_code
"""
_TENANTS: Final[LiteralString] = """
select i.tenant_id, count(*) filter (where t.state = 'DISPATCHED'),
    count(*) filter (where t.state = 'FAILED'), count(*) filter (where t.state is null)
from public.payment_outbox_identities as i
left join public.payment_outbox_attempts as t
    on t.outbox_id = i.outbox_id and t.state in ('DISPATCHED', 'FAILED')
group by i.tenant_id order by count(*) desc
"""
# A lease that ran out was closed by somebody else than the worker that is named.
_WORKERS: Final[LiteralString] = """
select worker_id, count(*) from public.payment_outbox_attempts
where state <> 'ZOMBIE_REQUEUE' and error_code is distinct from 'RETRY_CEILING_EXCEEDED'
group by worker_id order by length(worker_id), worker_id
"""


class Figures(TypedDict):
    """The fields of `DemoResult` that are read from the database."""

    server_version: str
    outcomes: Mapping[str, int]
    attempts_by_state: Mapping[str, int]
    attempts_histogram: Mapping[int, int]
    error_codes: Mapping[str, int]
    tenants: tuple[TenantTotals, ...]
    workers: tuple[WorkerTotals, ...]


def summarize(witness: Witness, *, killed: str | None, tenants: Mapping[UUID, str]) -> Figures:
    """Reads the figures.

    Args:
        witness: the connection.
        killed: the worker that was ended by SIGKILL.
        tenants: names by id.
    """
    outcomes: dict[str, int] = _counts(witness, _OUTCOMES)
    outcomes["PENDING"] = int(witness.value("select count(*) from public.payment_outbox_pending"))
    return Figures(
        server_version=str(witness.value("select current_setting('server_version')")),
        outcomes=outcomes,
        attempts_by_state=_counts(witness, _BY_STATE),
        attempts_histogram=_counts(witness, _HISTOGRAM),
        error_codes=_counts(witness, _ERRORS),
        tenants=tuple(
            TenantTotals(tenants.get(tenant_id, str(tenant_id)), dispatched, failed, pending)
            for tenant_id, dispatched, failed, pending in witness.rows(_TENANTS)
        ),
        workers=tuple(
            WorkerTotals(worker_id, attempts, worker_id == killed)
            for worker_id, attempts in witness.rows(_WORKERS)
        ),
    )


def _counts(witness: Witness, query: LiteralString) -> dict[Any, int]:
    return {key: int(count) for key, count in witness.rows(query)}
