"""Every verb, each argument in turn one that it should not get: a result, or an error of ledgerdb
that names what is wrong; never one of the driver or of Python.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from inspect import signature
from typing import Any
from uuid import UUID

import pytest

from ledgerdb import calls, retention, rows
from ledgerdb.calls import Call
from ledgerdb.errors import DatabaseError, InvalidArgument
from tests.conftest import Execute
from tests.contract.test_calls import ID, INSTRUCTION, ITEM, NOW, WHO

_CYCLE: dict[str, Any] = {}
_CYCLE["again"] = _CYCLE
_DEEP: list[Any] = []
for _ in range(5_000):
    _DEEP = [_DEEP]
_RELEASED = memoryview(b"{}")
_RELEASED.release()
HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**31, -(2**63), 10**5_000, 0.5, math.nan, math.inf, 1e308, 5e-324),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("1e1000000"), Decimal("1e-20000"), object(), ID),
    *("", " ", "x" * 1_000_000, "\x00", "\ud800", "\x1b[2J", "DISPATCHED", "{}", "[1]", "\u202e"),
    *(memoryview(array("i", [1])), memoryview(b"abcd")[::2], memoryview(b"abcd").cast("B", (2, 2))),
    *(_RELEASED, bytearray(b'{"a": "\xed\xa0\x80"}'), memoryview(b'{"a": "\0"}')),
    *(b"", b"\xff", b'{"a": "\\u0000"}', [], [None], ["x"], [[ID]], (), {}, {1: 2}, {"a": "\x00"}),
    *({"a": "\ud800"}, {"a": math.nan}, {"a": 10**5_000}, {(1,): 1}, _CYCLE, _DEEP, {"a": _DEEP}),
    *(NOW, datetime(1, 1, 1), timedelta.max, timedelta.min, int, ITEM, INSTRUCTION),  # noqa: DTZ001
)
DONE = rows.Completion(item=ITEM, state=rows.AttemptState.FAILED)
WAITING = rows.OutboxItem(
    instruction_id="i", participant_id="p", idempotency_key="k", rail_type="R", payload="{}"
)
DEAD = rows.DeadLetter(
    *(ID, None, "i", "p", 1, "k", "R", 1, 0, None, None, None, None, None, NOW, NOW),
    disputed=False,
)
QUEUED = rows.QueuedItem(
    *(ID, None, "i", "p", 1, "k", "R", "READY", 0, 0, NOW, NOW, None, None, None, None, None, None)
)
GOOD: dict[Callable[..., Call[Any]], dict[str, Any]] = {
    calls.activity: {},
    calls.begin_dispatch: {"items": [ITEM], "worker_id": "w"},
    calls.breakdown: {"by": "RAIL"},
    calls.cancel: {"outbox_id": ID, **WHO},
    calls.claim: {"batch_size": 1, "worker_id": "w", "lease_seconds": 1},
    calls.complete: {"item": ITEM, "worker_id": "w", "state": "FAILED"},
    calls.complete_many: {"completions": [DONE], "worker_id": "w"},
    calls.dead_letters: {},
    calls.enqueue: {
        "instruction_id": "i",
        "participant_id": "p",
        "idempotency_key": "k",
        "rail_type": "R",
        "payload": "{}",
    },
    calls.enqueue_many: {"items": [WAITING]},
    calls.evidence_pack: {"tenant_id": ID, "instruction_id": "i"},
    calls.extend: {"items": [ITEM], "worker_id": "w", "lease_seconds": 1},
    calls.find: {"instruction_id": "i"},
    calls.ingest: {"instruction": INSTRUCTION},
    calls.ingest_many: {"instructions": [INSTRUCTION]},
    calls.inspect: {"outbox_id": ID},
    calls.items: {},
    calls.instruction_status: {"tenant_id": ID, "instruction_id": "i"},
    calls.number_monotonically: {"participant_id": "p", **WHO},
    calls.pause: {"scope": "RAIL", "scope_key": "R", **WHO},
    calls.record_manual_attempt: {"outbox_id": ID, "state": "FAILED", **WHO},
    calls.redrive: {"outbox_ids": [ID], **WHO},
    calls.register_tenant: {
        "tenant_id": ID,
        "tenant_key": "k",
        "tenant_name": "n",
        "tenant_type": "NGO",
    },
    calls.release: {"items": [ITEM], "worker_id": "w"},
    calls.repair: {"batch_size": 1, "worker_id": "w"},
    calls.seal_ledger: {"limit": 1},
    calls.resolve: {"outbox_id": ID, "resolution": "REQUEUE", **WHO},
    calls.resume: {"scope": "RAIL", "scope_key": "R", **WHO},
    calls.set_control: {"scope": "RAIL", "scope_key": "R", **WHO},
    calls.set_retry_policy: {
        "rail_type": "R",
        "strategy": "FIXED",
        "base_seconds": 1,
        "max_seconds": 1,
        **WHO,
    },
    retention.retention_plan: {"before": NOW},
    retention.retire_history: {"before": NOW, "limit": 1, **WHO},
}
# Verbs that take rows: each field of the row in turn.
IN_ROWS: list[tuple[Callable[[Any], Call[Any]], Any]] = [
    (calls.ingest, INSTRUCTION),
    (lambda row: calls.ingest_many([row]), INSTRUCTION),
    (lambda row: calls.enqueue_many([row]), WAITING),
    (lambda row: calls.complete_many([row], "w"), DONE),
    (lambda row: calls.extend([row], "w", 1), ITEM),
    (calls.dead_letters, DEAD),
    (calls.items, QUEUED),
]


def test_every_verb_with_arguments_is_here() -> None:
    named = {getattr(calls, name) for name in calls.__all__ if name != "Call"}
    assert {verb for verb in named if signature(verb).parameters} <= set(GOOD)


def attempts() -> Iterator[tuple[str, Callable[[], Call[Any]]]]:
    """Every hostile call, named."""
    for verb, good in GOOD.items():
        for name in signature(verb).parameters:
            for value in HOSTILE:
                label = f"{verb.__name__}({name}={_short(value)})"
                yield label, partial(verb, **{**good, name: value})
    for call, row in IN_ROWS:
        for field in fields(row):
            for value in HOSTILE:
                label = f"{type(row).__name__}.{field.name} = {_short(value)}"
                yield label, partial(call, replace(row, **{field.name: value}))


def _short(value: object) -> str:
    return type(value).__name__ if isinstance(value, int | list | dict) else repr(value)[:40]


@pytest.mark.timeout(300)
async def test_what_a_verb_says_to_a_bad_argument(execute: Execute) -> None:
    refused, failures = 0, []
    for label, build in attempts():
        try:
            await execute(build())
        except InvalidArgument as error:
            refused += 1
            if not (error.field and error.rule):
                failures.append(f"{label}: names no field: {error!r}")
        except DatabaseError as error:
            if type(error) is DatabaseError and error.sqlstate != "23503":
                failures.append(f"{label}: {error.sqlstate} is not published: {error!r}")
        except Exception as error:  # noqa: BLE001 - that there is none is the test
            failures.append(f"{label}: {error!r}"[:200])
    assert failures == []
    assert refused > 1_000


def test_hostile_values_are_what_they_say() -> None:
    assert any(isinstance(value, UUID) for value in HOSTILE)
    assert len(HOSTILE) > 50
