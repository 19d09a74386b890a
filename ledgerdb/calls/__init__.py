"""One typed `Call` per SQL function: statement, parameters and shape, without a connection.

`ledgerdb.sync.run` and `ledgerdb.aio.arun` execute a call; the facades `Ledger` and `AsyncLedger`
do so for their users.
"""

from ledgerdb.calls._build import Call
from ledgerdb.calls.controls import (
    number_monotonically,
    pause,
    resume,
    set_control,
    set_retry_policy,
)
from ledgerdb.calls.ingress import (
    enqueue,
    enqueue_many,
    evidence_pack,
    ingest,
    ingest_many,
    instruction_status,
    register_tenant,
)
from ledgerdb.calls.operations import (
    cancel,
    dead_letters,
    inspect,
    record_manual_attempt,
    redrive,
    resolve,
)
from ledgerdb.calls.outbox import (
    backlog,
    begin_dispatch,
    claim,
    complete,
    complete_many,
    counter_drift,
    extend,
    release,
    repair,
)
from ledgerdb.calls.reading import activity, breakdown, controls, find, health, items
from ledgerdb.calls.seals import seal_ledger

__all__ = [
    "Call",
    "activity",
    "backlog",
    "begin_dispatch",
    "breakdown",
    "cancel",
    "claim",
    "complete",
    "complete_many",
    "controls",
    "counter_drift",
    "dead_letters",
    "enqueue",
    "enqueue_many",
    "evidence_pack",
    "extend",
    "find",
    "health",
    "ingest",
    "ingest_many",
    "inspect",
    "instruction_status",
    "items",
    "number_monotonically",
    "pause",
    "record_manual_attempt",
    "redrive",
    "register_tenant",
    "release",
    "repair",
    "resolve",
    "resume",
    "seal_ledger",
    "set_control",
    "set_retry_policy",
]
