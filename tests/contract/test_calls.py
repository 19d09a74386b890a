"""The catalog is the contract: every function has one call and every call one function, alike in
argument names, argument types, column names and column types."""

from __future__ import annotations

import re
import typing
from dataclasses import MISSING, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from inspect import signature
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb import aio, calls, retention, rows, sync
from ledgerdb.calls import Call
from ledgerdb.rows import AttemptState, ClaimedItem, Instruction, TenantType

ID = UUID(int=1)
NOW = datetime.fromisoformat("2026-01-01T00:00:00Z")
ITEM = ClaimedItem(ID, None, "i", "p", 1, "k", "RTGS", {}, None, 1, ID, NOW, "0" * 32)
INSTRUCTION = Instruction(
    tenant_id=ID,
    instruction_id="i",
    participant_id="p",
    idempotency_key="k",
    rail_type="RTGS",
    payload="{}",
)
WHO: dict[str, Any] = {"actor": "a", "reason": "r"}
RAIL = rows.ControlScope.RAIL
SAMPLES: dict[str, tuple[Call[Any], type | None]] = {
    "backlog": (calls.backlog(), rows.Backlog),
    "claim": (calls.claim(1, "w", 1), rows.ClaimedItem),
    "begin_dispatch": (calls.begin_dispatch([ITEM], "w"), rows.BegunDispatch),
    "complete": (calls.complete(ITEM, "w", AttemptState.DISPATCHED), rows.CompletedAttempt),
    "complete_many": (
        calls.complete_many([rows.Completion(item=ITEM, state=AttemptState.FAILED)], "w"),
        rows.CompletedAttempt,
    ),
    "counter_drift": (calls.counter_drift(), rows.CounterDrift),
    "enqueue": (calls.enqueue("i", "p", "k", "RTGS", "{}"), rows.EnqueuedItem),
    "enqueue_many": (
        calls.enqueue_many(
            [
                rows.OutboxItem(
                    instruction_id="i",
                    participant_id="p",
                    idempotency_key="k",
                    rail_type="RTGS",
                    payload="{}",
                )
            ]
        ),
        rows.EnqueuedResult,
    ),
    "extend": (calls.extend([ITEM], "w", 1), rows.ExtendedLease),
    "ingest_many": (calls.ingest_many([INSTRUCTION]), rows.IngestedResult),
    "evidence_pack": (calls.evidence_pack(ID, "i"), None),
    "ingest": (calls.ingest(INSTRUCTION), rows.Acknowledgement),
    "instruction_status": (calls.instruction_status(ID, "i"), rows.InstructionStatus),
    "register_tenant": (
        calls.register_tenant(ID, "k", "n", TenantType.NGO),
        rows.RegisteredTenant,
    ),
    "release": (calls.release([ITEM], "w"), rows.ReleasedLease),
    "repair": (calls.repair(1, "w"), rows.RepairedLease),
    "pause": (calls.pause(RAIL, "r", **WHO), rows.OutboxControl),
    "resume": (calls.resume(RAIL, "r", **WHO), rows.ResumedScope),
    "set_control": (calls.set_control(RAIL, "r", **WHO), rows.OutboxControl),
    "number_monotonically": (calls.number_monotonically("p", **WHO), rows.MonotonicParticipant),
    "set_retry_policy": (
        calls.set_retry_policy("r", rows.RetryStrategy.FIXED, 1, max_seconds=1, **WHO),
        rows.RetryPolicy,
    ),
    "record_manual_attempt": (
        calls.record_manual_attempt(ID, AttemptState.FAILED, **WHO),
        rows.OperatorAttempt,
    ),
    "cancel": (calls.cancel(ID, **WHO), rows.OperatorAttempt),
    "resolve": (calls.resolve(ID, rows.Resolution.REQUEUE, **WHO), rows.OperatorAttempt),
    "dead_letters": (calls.dead_letters(), rows.DeadLetter),
    "redrive": (calls.redrive([ID], **WHO), rows.RedrivenItem),
    "inspect": (calls.inspect(ID), None),
    "breakdown": (calls.breakdown(rows.BreakdownBy.RAIL), rows.Breakdown),
    "activity": (calls.activity(), rows.ActivityBucket),
    "health": (calls.health(), rows.Health),
    "items": (calls.items(), rows.QueuedItem),
    "find": (calls.find("i"), rows.FoundItem),
    "controls": (calls.controls(), rows.OutboxControl),
    "seal_ledger": (calls.seal_ledger(), rows.SealedBatch),
}
# Commands have calls of their own for what no service does.
COMMANDS: dict[str, tuple[Call[Any], type | None]] = {
    "retention_plan": (retention.retention_plan(NOW), retention.RetentionGroup),
    "retire_history": (
        retention.retire_history(NOW, limit=1, **WHO),
        retention.RetiredBatch,
    ),
}
# Verbs that call another function for who keeps traces.
TRACED: dict[str, tuple[Call[Any], type | None]] = {
    "claim, traced": (calls.claim(1, "w", 1, traced=True), rows.ClaimedItem),
    "ingest, traced": (
        calls.ingest(replace(INSTRUCTION, trace_context="00-a-b-01")),
        rows.Acknowledgement,
    ),
}
ALL = SAMPLES | COMMANDS | TRACED
# Building blocks that other functions call and services do not.
INTERNAL = {
    "bump_participant_outbox_seq",
    "outbox_retry_ceiling",
    "uuid_strategy",
    "uuid_v7_or_random",
    # the contract of services from before ledgerdb; it has newer functions for the same
    "claim_outbox_batch",
    "complete_outbox_attempt",
}
SPELLED = {"timestamptz": "timestamp with time zone", "float8": "double precision"}
PYTHON_TYPES: dict[str, set[object]] = {
    "uuid": {UUID},
    "text": {str},
    "bigint": {int},
    "integer": {int},
    "boolean": {bool},
    "numeric": {Decimal},
    "double precision": {float},
    "timestamp with time zone": {datetime},
    "outbox_attempt_state": {AttemptState},
}

SIGNATURES = """
select p.proname::text,
    array(select a.name from unnest(p.proargnames, p.proargmodes::text[]) as a (name, mode)
          where coalesce(a.mode, 'i') = 'i')::text[],
    array(select format_type(t, null) from unnest(p.proargtypes::oid[]) as t)::text[],
    array(select a.name || ' ' || format_type(a.type, null)
          from unnest(p.proargnames, p.proallargtypes, p.proargmodes::text[])
              as a (name, type, mode)
          where a.mode = 't')::text[]
from pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
"""


@pytest.fixture
def catalog(
    connection: psycopg.Connection[Any],
) -> dict[str, tuple[list[str], list[str], list[str]]]:
    connection.execute("set search_path = pg_catalog, public")
    found = connection.execute(SIGNATURES).fetchall()
    return {name: (names, types, columns) for name, names, types, columns in found}


def test_every_call_is_sampled_here() -> None:
    assert set(SAMPLES) | {"Call"} == set(calls.__all__)


def test_every_public_function_has_one_call(
    catalog: dict[str, tuple[list[str], list[str], list[str]]],
) -> None:
    public = {name for name in catalog if not name.startswith("_")} - INTERNAL
    called = [call.function for name, (call, _) in ALL.items() if name != "complete"]
    assert sorted(called) == sorted(public)


@pytest.mark.parametrize("name", sorted(ALL))
def test_arguments_are_those_of_the_function(
    catalog: dict[str, tuple[list[str], list[str], list[str]]], name: str
) -> None:
    call, _ = ALL[name]
    names, types, _columns = catalog[call.function]
    passed = re.findall(r"(\w+) => cast\(:(\w+) as ([\w.\[\]]+)\)", str(call.statement))
    assert [argument for argument, _, _ in passed] == names
    assert [placeholder for _, placeholder, _ in passed] == list(call.parameters)
    spelled = [SPELLED.get(kind, kind).removeprefix("public.") for _, _, kind in passed]
    assert spelled == types


@pytest.mark.parametrize("name", sorted(n for n, (_, row) in ALL.items() if row))
def test_columns_are_the_fields_of_the_row(
    catalog: dict[str, tuple[list[str], list[str], list[str]]], name: str
) -> None:
    call, row = ALL[name]
    assert row is not None
    hints = typing.get_type_hints(row)
    columns = [column.split(" ", 1) for column in catalog[call.function][2]]
    asked_for = {column for column, _ in columns}
    expected = [f.name for f in fields(row) if f.default is MISSING or f.name in asked_for]
    assert [column for column, _ in columns] == expected
    for column, kind in columns:
        hint = hints[column]
        kinds = set(typing.get_args(hint)) - {type(None)} if typing.get_args(hint) else {hint}
        if kind in ("json", "jsonb"):
            assert column == "payload"
        elif kind == "text" and kinds != {str}:
            assert all(issubclass(found, StrEnum) for found in kinds), column
        else:
            assert kinds == PYTHON_TYPES[kind], column


@pytest.mark.parametrize(
    ("blocking", "asynchronous"),
    [
        (sync.Ledger, aio.AsyncLedger),
        (sync.LedgerTransaction, aio.AsyncLedgerTransaction),
    ],
)
def test_both_colours_have_the_same_verbs(blocking: type, asynchronous: type) -> None:
    def verbs(facade: type) -> dict[str, str]:
        return {
            name: re.sub(r"Async|Coroutine\[Any, Any, (.*)\]", r"\1", str(signature(member)))
            for name, member in vars(facade).items() | _inherited(facade)
            if callable(member) and not name.startswith("_")
        }

    def _inherited(facade: type) -> set[tuple[str, object]]:
        return {pair for base in facade.__mro__[1:-1] for pair in vars(base).items()}

    assert verbs(blocking) == verbs(asynchronous)
    assert set(calls.__all__) - {"Call"} <= set(verbs(blocking))
