"""One typed `Call` per SQL function: statement, parameters and shape, without a connection.

`ledgerdb.sync.run` and `ledgerdb.aio.arun` execute a call; the facades `Ledger` and `AsyncLedger`
do so for their users.
"""

from ledgerdb.calls._build import Call
from ledgerdb.calls.ingress import evidence_pack, ingest, instruction_status, register_tenant
from ledgerdb.calls.outbox import (
    backlog,
    claim,
    complete,
    counter_drift,
    enqueue,
    release,
    repair,
)

__all__ = [
    "Call",
    "backlog",
    "claim",
    "complete",
    "counter_drift",
    "enqueue",
    "evidence_pack",
    "ingest",
    "instruction_status",
    "register_tenant",
    "release",
    "repair",
]
