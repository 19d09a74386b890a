"""What the clients of this release do: scenarios that execute every statement of `ledgerdb.calls`.

Each is one transaction and begins on an empty queue. Arguments are named; those that are left out
are null. `$name` is what an earlier step saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["SCENARIOS", "Doing"]

_TENANT: Final = "00000000-0000-4000-8000-000000000001"
_NOBODY: Final = "00000000-0000-4000-8000-00000000dead"
_CONTROL, _EXECUTOR, _INGEST, _READER = (
    f"symphony_{name}" for name in ("control", "executor", "ingest", "readonly")
)
_WHO: Final = {"p_actor": "an operator", "p_reason": "the release gate"}
_LEASE: Final = {"outbox": "outbox_id", "token": "lease_token"}


@dataclass(frozen=True, slots=True)
class Doing:
    """One step, with its arguments by name."""

    function: str
    role: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    saves: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = 1
    sqlstate: str | None = None


def _payment(number: int) -> dict[str, Any]:
    return {
        "p_instruction_id": f"instruction-{number}",
        "p_participant_id": "participant-1",
        "p_idempotency_key": f"key-{number}",
        "p_rail_type": "RTGS",
        "p_payload": '{"amount": "12.50"}',
    }


def _payments(*numbers: int) -> dict[str, Any]:
    singles = [_payment(number) for number in numbers]
    return {f"{name}s": [single[name] for single in singles] for name in singles[0]}


def _claim(count: int = 1) -> Doing:
    arguments = {"p_batch_size": count, "p_worker_id": "worker-1", "p_lease_seconds": 60}
    return Doing("claim_outbox_items", _EXECUTOR, arguments, _LEASE, rows=count)


def _held(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - of any type
    return {
        "p_outbox_ids": ["$outbox"],
        "p_lease_tokens": ["$token"],
        "p_worker_id": "worker-1",
        **more,
    }


def _complete(state: str, reference: str | None = None, *, lease: str = "$token") -> Doing:
    return Doing(
        "complete_outbox_attempts",
        _EXECUTOR,
        _held(
            p_lease_tokens=[lease],
            p_states=[state],
            p_rail_references=[reference],
            p_rail_codes=["00"],
            p_error_codes=[None if reference else "TIMEOUT"],
            p_error_messages=[None],
            p_latency_ms=[12],
            p_retry_delay_seconds=[0],
        ),
    )


def _enqueued(number: int) -> Doing:
    return Doing("enqueue_payment_outbox", _INGEST, _payment(number), {"outbox": "outbox_id"})


def _control(function: str, **arguments: Any) -> Doing:  # noqa: ANN401 - of any type
    return Doing(function, _CONTROL, {**arguments, **_WHO})


_INSTRUCTION: Final = {"p_tenant_id": _TENANT, "p_instruction_id": "instruction-1"}
_ATTESTED: Final = {
    "p_tenant_id": _TENANT,
    **_payment(1),
    "p_correlation_id": _NOBODY,
    "p_client_id_hash": "c1",
    "p_signature_hash": "s1",
    "p_signatures": "[]",
    "p_cert_fingerprint_sha256": "f1",
    "p_token_jti_hash": "j1",
    "p_upstream_ref": "up",
    "p_downstream_ref": "down",
    "p_nfs_sequence_ref": "nfs",
}

SCENARIOS: Final[Mapping[str, Sequence[Doing]]] = {
    "ingress": (
        Doing(
            "register_tenant",
            _CONTROL,
            {
                "p_tenant_id": _TENANT,
                "p_tenant_key": "tenant-1",
                "p_tenant_name": "Tenant",
                "p_tenant_type": "NGO",
            },
        ),
        Doing("ingest_instruction", _INGEST, _ATTESTED),
        Doing("ingest_instruction", _INGEST, _ATTESTED),  # a replay
        Doing("ingest_traced_instruction", _INGEST, {**_ATTESTED, "p_trace_context": "00-a-b-01"}),
        Doing(
            "ingest_instructions",
            _INGEST,
            {
                "p_tenant_ids": [_TENANT] * 2,
                **_payments(1, 2),
                "p_correlation_ids": [None, _NOBODY],
            },
            rows=2,
        ),
        *(
            Doing("instruction_status", role, _INSTRUCTION)
            for role in (_CONTROL, _EXECUTOR, _INGEST, _READER)
        ),
        *(Doing("evidence_pack", role, _INSTRUCTION) for role in (_CONTROL, _INGEST, _READER)),
        _claim(2),
        Doing("outbox_backlog", _READER),
        *(
            Doing(function, role, arguments, rows=rows)
            for role in (_CONTROL, _READER)
            for function, arguments, rows in (
                ("outbox_breakdown", {"p_by": "TENANT", "p_limit": 10}, 1),
                ("outbox_activity", {"p_minutes": 2, "p_bucket_seconds": 60}, 3),
                ("outbox_health", {}, 1),
                ("list_outbox_items", {"p_limit": 10, "p_status": "LEASED"}, 2),
                ("find_outbox_items", {"p_instruction_id": "instruction-1"}, 1),
                ("list_outbox_controls", {}, 0),
            )
        ),
    ),
    "worker": (
        Doing("enqueue_outbox_items", _INGEST, _payments(1, 2), rows=2),
        _enqueued(2),  # a replay
        _claim(),
        Doing("begin_outbox_dispatch", _EXECUTOR, _held()),
        Doing("extend_outbox_leases", _EXECUTOR, _held(p_lease_seconds=90)),
        _complete("DISPATCHED", "rail-1"),
        _complete("DISPATCHED", "rail-1"),  # a replay
        _complete("DISPATCHED", "rail-2"),  # a late result
        _complete("DISPATCHED", "rail-3", lease=_NOBODY),
        _claim(),
        Doing("release_outbox_leases", _EXECUTOR, _held()),
        _claim(),
        _complete("RETRYABLE"),
        _claim(),
        _complete("FAILED"),
        Doing(
            "repair_expired_leases",
            _EXECUTOR,
            {"p_batch_size": 10, "p_worker_id": "worker-1"},
            rows=0,
        ),
        Doing("outbox_counter_drift", _READER, rows=0),
    ),
    # it must be the first write of its transaction
    "sealer": (Doing("seal_ledger", _EXECUTOR, {"p_limit": 100}),),
    "dead letters": (
        _enqueued(1),
        _claim(),
        _complete("FAILED"),
        Doing("list_dead_letters", _CONTROL, {"p_limit": 10}),
        Doing("inspect_outbox_item", _CONTROL, {"p_outbox_id": "$outbox"}),
        _control(
            "redrive_dead_letters",
            p_outbox_ids=["$outbox"],
            p_dry_run="true",
            p_disputed_too="false",
        ),
        _control(
            "redrive_dead_letters",
            p_outbox_ids=["$outbox"],
            p_dry_run="false",
            p_disputed_too="false",
        ),
        _claim(),
        _complete("FAILED"),
    ),
    "tracing workers": (
        _enqueued(1),
        Doing(
            "claim_traced_items",
            _EXECUTOR,
            {"p_batch_size": 1, "p_worker_id": "worker-1", "p_lease_seconds": 60},
            _LEASE,
        ),
        _complete("DISPATCHED", "R-1"),
    ),
    "operators": (
        *(
            _control("set_outbox_control", p_scope="RAIL", p_scope_key="RTGS", p_ordering=ordering)
            for ordering in ("FIFO_BLOCK", "FIFO_SKIP", "NONE")
        ),
        _control("set_outbox_control", p_scope="QUEUE", p_scope_key="*", p_fair="true"),
        _control("set_outbox_control", p_scope="QUEUE", p_scope_key="*", p_notify_workers="false"),
        _control("number_participant_monotonically", p_participant_id="participant-1"),
        _control("pause_outbox", p_scope="RAIL", p_scope_key="RTGS"),
        _control("resume_outbox", p_scope="RAIL", p_scope_key="RTGS", p_limit=10),
        *(
            _control(
                "set_retry_policy",
                p_rail_type="RTGS",
                p_strategy=strategy,
                p_base_seconds="1.5",
                p_factor=2,
                p_max_seconds=604_800,
                p_jitter="0.25",
            )
            for strategy in ("FIXED", "EXPONENTIAL")
        ),
        _enqueued(1),
        _control("record_manual_attempt", p_outbox_id="$outbox", p_state="RETRYABLE"),
        _control(
            "record_manual_attempt",
            p_outbox_id="$outbox",
            p_state="DISPATCHED",
            p_rail_reference="r",
        ),
        _enqueued(2),
        _control("cancel_outbox_item", p_outbox_id="$outbox"),
        Doing(
            "resolve_outbox_item",
            _CONTROL,
            {"p_outbox_id": _NOBODY, "p_resolution": "REQUEUE", "p_evidence": "{}", **_WHO},
            sqlstate="P7006",
        ),
    ),
    "readers": tuple(
        Doing(f"payment_outbox_{view}", role, rows=None)
        for view in (
            "blocked_heads",
            "controls",
            "dead_letters",
            "history",
            "in_doubt",
            "late_evidence",
            "queue",
            "retry_policies",
        )
        for role in (_CONTROL, _READER)
    ),
    "retention": (
        Doing("retention_plan", _CONTROL, {"p_before": "2020-01-01T00:00:00Z"}, rows=None),
        Doing(
            "retire_history",
            _CONTROL,
            {"p_before": "2020-01-01T00:00:00Z", "p_limit": 10, **_WHO},
        ),
    ),
}
