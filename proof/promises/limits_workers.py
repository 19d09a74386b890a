"""The limits of the parameters of functions for workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import uuid4

from proof.promises import items
from proof.promises.limit import (
    LEASE,
    PAIRS,
    RAIL_REFERENCE,
    STATES,
    UNKNOWN,
    WORD_OF_STATE,
    WORKER_ID,
    Function,
    Limit,
    always,
    batch,
)
from proof.promises.world import Row, World


def _of_lease(**arguments: object) -> Callable[[World], Row]:
    def prepared(world: World) -> Row:
        one = items.enqueue(world)
        items.claim(world, one)
        return {
            "outbox_id": one.outbox_id,
            "lease_token": one.token,
            "worker_id": "w1",
            **arguments,
        }

    return prepared


_PAIR: Final = {"outbox_ids": [UNKNOWN], "lease_tokens": [UNKNOWN], "worker_id": "w1"}


_COMPLETION: Final = {**_PAIR, "states": ["FAILED"]}


_TRIPLES: Final = "1 to 10000 ids, as many tokens and states"


WORKERS: Final = (
    *(
        Function(
            name,
            always(batch_size=1, worker_id="w1", lease_seconds=60),
            (batch("batch_size"), WORKER_ID, LEASE),
        )
        for name in ("claim_outbox_items", "claim_traced_items", "claim_outbox_batch")
    ),
    Function("begin_outbox_dispatch", always(**_PAIR), PAIRS),
    Function("release_outbox_leases", always(**_PAIR), PAIRS),
    Function("extend_outbox_leases", always(**_PAIR, lease_seconds=60), (*PAIRS, LEASE)),
    Function(
        "repair_expired_leases",
        always(batch_size=1, worker_id="w1"),
        (batch("batch_size"), WORKER_ID),
    ),
    Function(
        "complete_outbox_attempts",
        always(**_COMPLETION),
        (
            Limit(
                "worker_id",
                "P7117",
                "1 to 200 characters",
                ("x" * 200, " ", "a\n"),
                (None, "", "x" * 201),
            ),
            Limit(
                "outbox_ids",
                "P7118",
                _TRIPLES,
                ([UNKNOWN], [None]),
                (None, [], [UNKNOWN] * 2, [UNKNOWN] * 10001),
            ),
            Limit(
                "lease_tokens",
                "P7118",
                _TRIPLES,
                ([UNKNOWN], [None]),
                (None, [], [UNKNOWN] * 2),
                "outbox_ids",
            ),
            Limit("states", "P7118", _TRIPLES, (), (None, [], ["FAILED"] * 2), "outbox_ids"),
            Limit(
                "states",
                "P7003",
                STATES,
                (["DISPATCHED"], ["FAILED"], ["RETRYABLE"]),
                ([None], ["DISPATCHING"], ["ZOMBIE_REQUEUE"]),
                "state",
            ),
            Limit(
                "rail_references",
                "P711B",
                "at most 500 characters",
                (None, [], ["x" * 500]),
                (["x" * 501],),
                "rail_reference",
            ),
            *(
                Limit(name, "P7118", _TRIPLES, (None, [], [None]), ([None] * 2,), "outbox_ids")
                for name in (
                    "rail_references",
                    "rail_codes",
                    "error_codes",
                    "error_messages",
                    "latency_ms",
                    "retry_delay_seconds",
                )
            ),
        ),
    ),
    Function(
        "complete_outbox_attempt",
        _of_lease(state="FAILED"),
        (
            Limit("outbox_id", "P7002", "", (), (None, uuid4())),
            Limit("lease_token", "P7002", "", (), (None, uuid4())),
            Limit("worker_id", "P7117", "1 to 200 characters", (), (None, "", "x" * 201)),
            Limit("worker_id", "P7002", "", (), ("w2",)),
            WORD_OF_STATE,
            RAIL_REFERENCE,
        ),
    ),
)
