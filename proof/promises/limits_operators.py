"""The limits of the parameters of functions for operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import uuid4

from proof.promises import items
from proof.promises.limit import (
    EVIDENCE,
    OPERATOR,
    RAIL_REFERENCE,
    SCOPE,
    TEXT_BAD,
    TEXT_GOOD,
    UNKNOWN,
    WHO,
    WORD_OF_STATE,
    Function,
    Limit,
    always,
    batch,
    text,
)
from proof.promises.world import Row, World


def _of_item(**arguments: object) -> Callable[[World], Row]:
    return lambda world: {"outbox_id": items.enqueue(world).outbox_id, **arguments}


def _of_doubt(**arguments: object) -> Callable[[World], Row]:
    def prepared(world: World) -> Row:
        one = items.enqueue(world)
        items.claim(world, one, begun=True)
        items.expire(world, one)
        return {"outbox_id": one.outbox_id, **WHO, **arguments}

    return prepared


_POLICY: Final = {
    "rail_type": "SEPA",
    "strategy": "EXPONENTIAL",
    "base_seconds": 2,
    "factor": 2,
    "max_seconds": 60,
    "jitter": 0,
    **WHO,
}


_MANUAL: Final = {
    "state": "FAILED",
    "rail_reference": None,
    "rail_code": None,
    "error_code": None,
    "error_message": None,
    **WHO,
}


_SET: Final = {
    "scope": "RAIL",
    "scope_key": "SEPA",
    "paused": None,
    "ordering": None,
    "fair": None,
    "notify_workers": None,
    **WHO,
}


OPERATORS: Final = (
    Function(
        "set_outbox_control",
        always(**_SET),
        (
            *SCOPE,
            Limit(
                "ordering",
                "P711D",
                "NONE, FIFO_BLOCK or FIFO_SKIP",
                (None, "NONE", "FIFO_BLOCK", "FIFO_SKIP"),
                ("", "FIFO", "fifo_block"),
            ),
            Limit("fair", "P711D", "a setting of the QUEUE", (None, False), (True,)),
            *OPERATOR,
        ),
    ),
    Function("pause_outbox", always(scope="RAIL", scope_key="SEPA", **WHO), (*SCOPE, *OPERATOR)),
    Function(
        "resume_outbox",
        always(scope="RAIL", scope_key="SEPA", limit=10, **WHO),
        (*SCOPE, *OPERATOR, batch("limit")),
    ),
    Function(
        "number_participant_monotonically",
        always(participant_id="P", **WHO),
        (text("participant_id", "P7113"), *OPERATOR),
    ),
    Function(
        "set_retry_policy",
        always(**_POLICY),
        (
            Limit("rail_type", "P711E", "* or a rail", ("*", *TEXT_GOOD), TEXT_BAD),
            Limit(
                "strategy",
                "P711E",
                "FIXED or EXPONENTIAL",
                ("FIXED", "EXPONENTIAL"),
                (None, "", "LINEAR"),
            ),
            Limit(
                "base_seconds",
                "P711E",
                "between 0 and 604800",
                (0, 60),
                (None, -0.001, 604801, "NaN"),
            ),
            Limit(
                "factor", "P711E", "between 1 and 10", (1, 10), (None, 0.999, 10.001, "Infinity")
            ),
            Limit(
                "max_seconds",
                "P711E",
                "between p_base_seconds and 604800",
                (2, 604800),
                (None, 1.999, 604800.001),
            ),
            Limit("jitter", "P711E", "between 0 and 1", (0, 1), (None, -0.001, 1.001)),
            *OPERATOR,
        ),
    ),
    Function(
        "record_manual_attempt",
        _of_item(**_MANUAL),
        (
            Limit("outbox_id", "P7006", "a known item", (), (None, uuid4())),
            WORD_OF_STATE,
            RAIL_REFERENCE,
            *OPERATOR,
        ),
    ),
    Function(
        "cancel_outbox_item",
        _of_item(**WHO),
        (Limit("outbox_id", "P7006", "a known item", (), (None, uuid4())), *OPERATOR),
    ),
    Function(
        "resolve_outbox_item",
        _of_doubt(resolution="FAILED"),
        (
            Limit("outbox_id", "P7006", "a known item", (), (None, uuid4())),
            Limit(
                "resolution",
                "P7003",
                "DISPATCHED, FAILED or REQUEUE",
                ("FAILED", "REQUEUE"),
                (None, "", "RETRYABLE", "ZOMBIE_REQUEUE"),
            ),
            Limit(
                "resolution",
                "P711B",
                "1 to 500 characters, not only blanks; proof of DISPATCHED",
                (),
                ("DISPATCHED",),
                "rail_reference",
            ),
            Limit(
                "rail_reference",
                "P711B",
                "1 to 500 characters, not only blanks; proof of DISPATCHED",
                (None, "x", "x" * 500),
                ("", " ", "x" * 501),
            ),
            Limit(
                "late_result_id",
                "P7006",
                "a late result of the attempt in doubt",
                (None,),
                (uuid4(),),
            ),
            Limit(
                "evidence",
                "P711C",
                "a JSON object, at most 65536 bytes",
                (None, "{}", EVIDENCE),
                ("[]", '"x"', EVIDENCE[:-2] + 'x"}'),
            ),
            *OPERATOR,
        ),
    ),
    Function("list_dead_letters", always(), (batch("limit"),)),
    Function("list_outbox_items", always(), (batch("limit"),)),
    Function(
        "outbox_breakdown",
        always(by="RAIL"),
        (
            Limit(
                "by",
                "P711G",
                "TENANT, PARTICIPANT or RAIL",
                ("TENANT", "PARTICIPANT"),
                (None, "", "rail"),
            ),
            batch("limit"),
        ),
    ),
    Function(
        "outbox_activity",
        always(),
        (
            Limit("minutes", "P711G", "between 1 and 1440", (1, 1440), (None, 0, 1441)),
            Limit("bucket_seconds", "P711G", "between 1 and 86400", (1, 86400), (None, 0, 86401)),
        ),
    ),
    Function(
        "redrive_dead_letters",
        always(outbox_ids=[UNKNOWN], **WHO),
        (
            Limit(
                "outbox_ids",
                "P7118",
                "1 to 10000 ids",
                ([UNKNOWN] * 10000, [None]),
                (None, [], [UNKNOWN] * 10001),
            ),
            *OPERATOR,
        ),
    ),
    Function(
        "retire_history",
        always(before="2001-01-01", limit=1, **WHO),
        (
            batch("limit", "P711F"),
            Limit(
                "before",
                "P711F",
                "as long ago as symphony.retention_days_min says",
                (),
                (None, "-infinity", "infinity", "2200-01-01"),
            ),
            *OPERATOR,
        ),
    ),
    Function(
        "retention_plan",
        always(before="2001-01-01"),
        (
            Limit(
                "before",
                "P711F",
                "as long ago as symphony.retention_days_min says",
                (),
                ("-infinity", "infinity", "2200-01-01"),
            ),
            Limit(
                "older_than",
                "P711F",
                "one of p_before and p_older_than, up to 200 years",
                (None,),
                ("100 days",),
            ),
        ),
    ),
    Function(
        "retention_plan",
        always(older_than="100 days"),
        (
            Limit(
                "older_than",
                "P711F",
                "one of p_before and p_older_than, up to 200 years",
                ("200 years",),
                (None, "-1 day", "201 years"),
            ),
            Limit(
                "older_than",
                "P711F",
                "as long ago as symphony.retention_days_min says",
                (),
                ("0", "89 days"),
                "before",
            ),
        ),
    ),
)
