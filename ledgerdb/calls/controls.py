"""Calls of operations about the queue: controls and retry policies."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ledgerdb.calls import _check as check
from ledgerdb.calls._build import OPERATOR, Call, columns_of, statement
from ledgerdb.calls._shape import one
from ledgerdb.rows import (
    BATCH_SIZE_MAX,
    ControlScope,
    MonotonicParticipant,
    Ordering,
    OutboxControl,
    ResumedScope,
    RetryPolicy,
    RetryStrategy,
)

_SCOPE: Final = {"p_scope": "text", "p_scope_key": "text"}
_SET_CONTROL: Final = statement(
    "set_outbox_control",
    {
        **_SCOPE,
        "p_paused": "boolean",
        "p_ordering": "text",
        "p_fair": "boolean",
        "p_notify_workers": "boolean",
        **OPERATOR,
    },
    columns_of(OutboxControl),
)
_PAUSE: Final = statement("pause_outbox", {**_SCOPE, **OPERATOR}, columns_of(OutboxControl))
_RESUME: Final = statement(
    "resume_outbox", {**_SCOPE, **OPERATOR, "p_limit": "integer"}, columns_of(ResumedScope)
)
_SET_RETRY_POLICY: Final = statement(
    "set_retry_policy",
    {
        "p_rail_type": "text",
        "p_strategy": "text",
        "p_base_seconds": "float8",
        "p_factor": "float8",
        "p_max_seconds": "float8",
        "p_jitter": "float8",
        **OPERATOR,
    },
    columns_of(RetryPolicy),
)
_NUMBER_MONOTONICALLY: Final = statement(
    "number_participant_monotonically",
    {"p_participant_id": "text", **OPERATOR},
    columns_of(MonotonicParticipant),
)


def set_control(
    scope: ControlScope,
    scope_key: str = "*",
    *,
    actor: str,
    reason: str,
    paused: bool | None = None,
    ordering: Ordering | None = None,
    fair: bool | None = None,
    notify_workers: bool | None = None,
) -> Call[OutboxControl]:
    """`set_outbox_control`: how the queue, a rail or a tenant runs; None leaves a setting as it
    is.
    """
    return Call(
        "set_outbox_control",
        _SET_CONTROL,
        {
            **_scope(scope, scope_key),
            "p_paused": check.optional_boolean("paused", paused),
            "p_ordering": check.optional_text("ordering", ordering),
            "p_fair": check.optional_boolean("fair", fair),
            "p_notify_workers": check.optional_boolean("notify_workers", notify_workers),
            **check.operator(actor, reason),
        },
        one(OutboxControl),
        writes=True,
    )


def pause(
    scope: ControlScope, scope_key: str = "*", *, actor: str, reason: str
) -> Call[OutboxControl]:
    """`pause_outbox`: no worker gets items of this scope any more."""
    return Call(
        "pause_outbox",
        _PAUSE,
        {**_scope(scope, scope_key), **check.operator(actor, reason)},
        one(OutboxControl),
        writes=True,
    )


def resume(
    scope: ControlScope,
    scope_key: str = "*",
    *,
    actor: str,
    reason: str,
    limit: int = BATCH_SIZE_MAX,
) -> Call[ResumedScope]:
    """`resume_outbox`: workers get items of this scope again."""
    return Call(
        "resume_outbox",
        _RESUME,
        {
            **_scope(scope, scope_key),
            **check.operator(actor, reason),
            "p_limit": check.integer("limit", limit),
        },
        one(ResumedScope),
        writes=True,
    )


def set_retry_policy(
    rail_type: str,
    strategy: RetryStrategy,
    base_seconds: float | Decimal,
    *,
    max_seconds: float | Decimal,
    actor: str,
    reason: str,
    factor: float | Decimal = 2,
    jitter: float | Decimal = 0,
) -> Call[RetryPolicy]:
    """`set_retry_policy`: how long a RETRYABLE attempt on a rail waits."""
    return Call(
        "set_retry_policy",
        _SET_RETRY_POLICY,
        {
            "p_rail_type": check.text("rail_type", rail_type),
            "p_strategy": check.text("strategy", strategy),
            "p_base_seconds": check.number("base_seconds", base_seconds),
            "p_factor": check.number("factor", factor),
            "p_max_seconds": check.number("max_seconds", max_seconds),
            "p_jitter": check.number("jitter", jitter),
            **check.operator(actor, reason),
        },
        one(RetryPolicy),
        writes=True,
    )


def number_monotonically(
    participant_id: str, *, actor: str, reason: str
) -> Call[MonotonicParticipant]:
    """`number_participant_monotonically`: the numbers of a participant may have holes from now
    on.
    """
    return Call(
        "number_participant_monotonically",
        _NUMBER_MONOTONICALLY,
        {
            "p_participant_id": check.text("participant_id", participant_id),
            **check.operator(actor, reason),
        },
        one(MonotonicParticipant),
        writes=True,
    )


def _scope(scope: ControlScope, scope_key: str) -> dict[str, object]:
    return {
        "p_scope": check.text("scope", scope),
        "p_scope_key": check.text("scope_key", scope_key),
    }
