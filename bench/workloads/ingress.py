"""Ingress: an instruction of a tenant, attestation and queue item in one commit, as a service
writes it, and as it was written through a psql process.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Final
from uuid import UUID

import psycopg

from bench.figures import percentile
from bench.ground import Ground
from bench.items import Item, items
from bench.plan import Case, Measurement, Profile, Workload
from bench.psql import psql
from bench.systems import LEDGERDB, PSQL
from bench.systems.base import RAIL
from ledgerdb import Instruction, Ledger, TenantType

__all__ = ["INGRESS"]

_VARIANT: Final = "1 client"
_TENANT: Final = UUID("6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10")
_WARM: Final = 8
_PSQL_CALLS_SHARE: Final = 4  # a process takes ten times as long as a call
_REGISTER: Final = (
    "insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type)"
    " values (%s, 'acme', 'Acme Payments', 'COMMERCIAL')"
)
_INGEST: Final = """begin;
insert into public.ingress_attestations
    (tenant_id, instruction_id, participant_id, payload_hash)
values (:'tenant'::uuid, :'name', :'participant', :'hash')
returning attestation_id, received_at;
select outbox_id, sequence_id, created_at, state
from public.enqueue_payment_outbox(
    :'name', :'participant', :'name', :'rail', :'payload'::jsonb
);
commit;
"""


def _cases(profile: Profile) -> Iterator[Case]:
    yield Case(INGRESS.name, _VARIANT, LEDGERDB.name, partial(_through_ledger, profile))
    yield Case(INGRESS.name, _VARIANT, PSQL.name, partial(_through_psql, profile))


def _through_ledger(profile: Profile, ground: Ground) -> Measurement:
    with ground.database(LEDGERDB.layout) as url, Ledger.connect(url) as ledger:
        ledger.register_tenant(_TENANT, "acme", "Acme Payments", TenantType.COMMERCIAL)

        def ingest(item: Item) -> None:
            ledger.ingest(
                Instruction(
                    tenant_id=_TENANT,
                    instruction_id=item.name,
                    participant_id=item.participant,
                    idempotency_key=item.name,
                    rail_type=RAIL,
                    payload=item.payload,
                )
            )

        return _timed(ingest, profile.calls)


def _through_psql(profile: Profile, ground: Ground) -> Measurement:
    with ground.database(PSQL.layout) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_REGISTER, (_TENANT,))

        def ingest(item: Item) -> None:
            psql(
                url,
                _INGEST,
                tenant=str(_TENANT),
                name=item.name,
                participant=item.participant,
                hash=hashlib.sha256(item.payload.encode()).hexdigest(),
                rail=RAIL,
                payload=item.payload,
            )

        return _timed(ingest, max(1, profile.calls // _PSQL_CALLS_SHARE))


def _timed(ingest: Callable[[Item], None], calls: int) -> Measurement:
    milliseconds = []
    for item in islice(items("ingress"), calls + _WARM):
        began = time.perf_counter()
        ingest(item)
        milliseconds.append((time.perf_counter() - began) * 1_000)
    measured = milliseconds[_WARM:]
    return Measurement({f"p{percent}_ms": percentile(measured, percent) for percent in (50, 95)})


INGRESS: Final = Workload(
    "ingress", "an attested write through Ledger.ingest, and through a psql process", _cases
)
