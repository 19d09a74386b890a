"""Every parameter: the last values allowed, and the first ones refused, with code, field and rule.

A row of the table is what docs/limits.md says of a parameter. A function is called with good
arguments, one of which is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from proof.promises import items
from proof.promises.registry import promise
from proof.promises.world import Broken, Row, World, dumped, same

_TEXT_RULE: Final = "1 to 200 characters, no end blanks, no control characters"
_TEXT_GOOD: Final = ("é", "x" * 200, "a b")
_TEXT_BAD: Final = (None, "", " ", " a", "a ", "a\x07b", "\t", "x" * 201)
_ACTOR_GOOD: Final = ("a", " ann ", "x" * 200)
_ACTOR_BAD: Final = (None, "", "  ", "a\nb", "x" * 201)
_REASON_GOOD: Final = ("a", " why ", "x" * 1000)
_REASON_BAD: Final = (None, "", " ", "x" * 1001)
_BATCH: Final = (1, 10000)
_NO_BATCH: Final = (None, 0, -1, 10001)
_FITTING: Final = dumped({"a": "x" * (1048576 - 8)})
_NO_JSON: Final = (None, "", "[]", '"x"', "1", "null", "{", _FITTING[:-2] + 'x"}')
_DOUBLE_KEY: Final = '{"a": 1, "a": 2}'
_REFERENCE: Final = (None, "", "x" * 500)
_SIGNED: Final = dumped(["x" * (65536 - 4)])
_EVIDENCE: Final = dumped({"a": "x" * (65536 - 9)})
_UNKNOWN: Final = uuid4()


@dataclass(frozen=True, slots=True)
class _Limit:
    """Of one parameter: its name, the code, the rule, what is allowed, what is not, the field."""

    name: str
    sqlstate: str
    rule: str
    good: Sequence[object]
    bad: Sequence[object]
    column: str | None = None


def _text(name: str, sqlstate: str) -> _Limit:
    return _Limit(name, sqlstate, _TEXT_RULE, _TEXT_GOOD, _TEXT_BAD)


def _texts(name: str, sqlstate: str) -> _Limit:
    return _Limit(
        name, sqlstate, _TEXT_RULE, [[good] for good in _TEXT_GOOD], [[bad] for bad in _TEXT_BAD]
    )


def _batch(name: str, sqlstate: str = "P7118") -> _Limit:
    return _Limit(name, sqlstate, "between 1 and 10000", _BATCH, _NO_BATCH)


_OPERATOR: Final = (
    _Limit("actor", "P711C", "1 to 200 characters, no control characters", _ACTOR_GOOD, _ACTOR_BAD),
    _Limit("reason", "P711C", "1 to 1000 characters", _REASON_GOOD, _REASON_BAD),
)
_WHO: Final = {"actor": "ann", "reason": "because"}
_WORKER_ID: Final = _text("worker_id", "P7117")
_LEASE: Final = _Limit(
    "lease_seconds", "P7119", "between 1 and 86400", (1, 86400), (None, 0, -1, 86401)
)
_PAIRS: Final = (
    _Limit(
        "outbox_ids",
        "P7118",
        "1 to 10000 ids, as many tokens",
        ([_UNKNOWN],),
        (None, [], [_UNKNOWN, _UNKNOWN], [_UNKNOWN] * 10001),
    ),
    _Limit(
        "lease_tokens",
        "P7118",
        "1 to 10000 ids, as many tokens",
        ([_UNKNOWN], [None]),
        (None, [], [_UNKNOWN, _UNKNOWN]),
        "outbox_ids",
    ),
    _WORKER_ID,
)
_SCOPE: Final = (
    _Limit("scope", "P711D", "QUEUE, RAIL or TENANT", ("RAIL",), (None, "", "rail", "ITEM")),
    _Limit(
        "scope_key",
        "P711D",
        "* for QUEUE, a rail, or a known tenant's id",
        ("SEPA", "*"),
        (None, "", " SEPA", "x" * 201),
    ),
)
_INSTRUCTION: Final = (
    _text("instruction_id", "P7112"),
    _text("participant_id", "P7113"),
    _text("idempotency_key", "P7114"),
    _text("rail_type", "P7115"),
)
_STATES: Final = "DISPATCHED, FAILED or RETRYABLE"
_WORD_OF_STATE: Final = _Limit(
    "state",
    "P7003",
    _STATES,
    ("DISPATCHED", "FAILED", "RETRYABLE"),
    (None, "DISPATCHING", "ZOMBIE_REQUEUE"),
)
_RAIL_REFERENCE: Final = _Limit(
    "rail_reference", "P711B", "at most 500 characters", _REFERENCE, ("x" * 501,)
)
_MANY: Final = "1 to 50000 items, all lists as long"
_JSON_RULE: Final = "a JSON object with unique keys, at most 1048576 bytes"


def _lists(*names: str) -> Iterator[_Limit]:
    for name in names:
        yield _Limit(name, "P7118", _MANY, (), (None, [], ["a", "b"]), "instruction_ids")


_INSTRUCTIONS: Final = (
    _texts("instruction_ids", "P7112"),
    _texts("participant_ids", "P7113"),
    _texts("idempotency_keys", "P7114"),
    _texts("rail_types", "P7115"),
    _Limit(
        "payloads",
        "P7116",
        "JSON objects with unique keys, at most 1048576 bytes",
        (["{}"], [_FITTING]),
        [[bad] for bad in (*_NO_JSON, _DOUBLE_KEY)],
    ),
    *_lists("instruction_ids", "participant_ids", "idempotency_keys", "rail_types", "payloads"),
)


def _references(*names: str) -> Iterator[_Limit]:
    for name in names:
        yield _Limit(name, "P711A", "at most 500 characters", _REFERENCE, ("x" * 501,))


@dataclass(frozen=True, slots=True)
class _Function:
    """A function, good arguments for it, and the limits of its parameters."""

    name: str
    arguments: Callable[[World], Row]
    limits: Sequence[_Limit]


def _of_item(**arguments: object) -> Callable[[World], Row]:
    return lambda world: {"outbox_id": items.enqueue(world).outbox_id, **arguments}


def _of_doubt(**arguments: object) -> Callable[[World], Row]:
    def prepared(world: World) -> Row:
        one = items.enqueue(world)
        items.claim(world, one, begun=True)
        items.expire(world, one)
        return {"outbox_id": one.outbox_id, **_WHO, **arguments}

    return prepared


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


def _always(**arguments: object) -> Callable[[World], Row]:
    return lambda _: dict(arguments)


def _ingestion(world: World) -> Row:
    return items.ingestion(items.Item(tenant_id=items.tenant(world)))


def _ingestions(world: World) -> Row:
    return {"tenant_ids": [items.tenant(world)], **_one_of_many()}


def _one_of_many() -> Row:
    return {
        "instruction_ids": ["I"],
        "participant_ids": ["P"],
        "idempotency_keys": ["K"],
        "rail_types": ["R"],
        "payloads": ["{}"],
    }


_POLICY: Final = {
    "rail_type": "SEPA",
    "strategy": "EXPONENTIAL",
    "base_seconds": 2,
    "factor": 2,
    "max_seconds": 60,
    "jitter": 0,
    **_WHO,
}
_PAIR: Final = {"outbox_ids": [_UNKNOWN], "lease_tokens": [_UNKNOWN], "worker_id": "w1"}
_COMPLETION: Final = {**_PAIR, "states": ["FAILED"]}
_TRIPLES: Final = "1 to 10000 ids, as many tokens and states"
_MANUAL: Final = {
    "state": "FAILED",
    "rail_reference": None,
    "rail_code": None,
    "error_code": None,
    "error_message": None,
    **_WHO,
}
_SET: Final = {
    "scope": "RAIL",
    "scope_key": "SEPA",
    "paused": None,
    "ordering": None,
    "fair": None,
    "notify_workers": None,
    **_WHO,
}

FUNCTIONS: Final = (
    _Function(
        "register_tenant",
        lambda _: {
            "tenant_id": uuid4(),
            "tenant_key": "k",
            "tenant_name": "n",
            "tenant_type": "NGO",
        },
        (
            _Limit("tenant_id", "P7111", "not null", (uuid4(),), (None,)),
            _text("tenant_key", "P7111"),
            _text("tenant_name", "P7111"),
            _Limit(
                "tenant_type",
                "P7111",
                "NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL",
                ("NGO", "COOPERATIVE", "GOVERNMENT", "COMMERCIAL"),
                (None, "", "ngo", "BANK"),
            ),
        ),
    ),
    _Function(
        "ingest_instruction",
        _ingestion,
        (
            _Limit("tenant_id", "P7102", "an active tenant", (), (None, uuid4())),
            *_INSTRUCTION,
            _Limit("payload", "P7116", _JSON_RULE, ("{}", _FITTING), (*_NO_JSON, _DOUBLE_KEY)),
            *_references(
                "client_id_hash",
                "signature_hash",
                "cert_fingerprint_sha256",
                "token_jti_hash",
                "upstream_ref",
                "downstream_ref",
                "nfs_sequence_ref",
            ),
            _Limit(
                "signatures",
                "P711A",
                "a JSON array, at most 65536 bytes",
                ("[]", _SIGNED),
                (None, "{}", '"x"', _SIGNED[:-2] + 'x"]'),
            ),
        ),
    ),
    _Function(
        "ingest_instructions",
        _ingestions,
        (
            _Limit("tenant_ids", "P7102", "an active tenant", (), ([None], [uuid4()])),
            _Limit("tenant_ids", "P7118", _MANY, (), (None, [], [_UNKNOWN] * 2), "instruction_ids"),
            _Limit(
                "correlation_ids",
                "P7118",
                _MANY,
                (None, [None], [uuid4()]),
                ([], [None, None]),
                "instruction_ids",
            ),
            *_INSTRUCTIONS,
        ),
    ),
    _Function("enqueue_outbox_items", lambda _: _one_of_many(), _INSTRUCTIONS),
    _Function(
        "enqueue_payment_outbox",
        lambda _: items.enqueuing(items.Item()),
        (
            *_INSTRUCTION,
            _Limit(
                "payload",
                "P7116",
                "a JSON object, at most 1048576 bytes",
                ("{}", dumped({"a": "x" * (1048576 - 9)})),
                (None, "[]", '"x"', "1", "null", dumped({"a": "x" * (1048576 - 8)})),
            ),
        ),
    ),
    _Function("bump_participant_outbox_seq", _always(participant_id="P"), _INSTRUCTION[1:2]),
    *(
        _Function(
            name,
            _always(batch_size=1, worker_id="w1", lease_seconds=60),
            (_batch("batch_size"), _WORKER_ID, _LEASE),
        )
        for name in ("claim_outbox_items", "claim_outbox_batch")
    ),
    _Function("begin_outbox_dispatch", _always(**_PAIR), _PAIRS),
    _Function("release_outbox_leases", _always(**_PAIR), _PAIRS),
    _Function("extend_outbox_leases", _always(**_PAIR, lease_seconds=60), (*_PAIRS, _LEASE)),
    _Function(
        "repair_expired_leases",
        _always(batch_size=1, worker_id="w1"),
        (_batch("batch_size"), _WORKER_ID),
    ),
    _Function(
        "complete_outbox_attempts",
        _always(**_COMPLETION),
        (
            _Limit(
                "worker_id",
                "P7117",
                "1 to 200 characters",
                ("x" * 200, " ", "a\n"),
                (None, "", "x" * 201),
            ),
            _Limit(
                "outbox_ids",
                "P7118",
                _TRIPLES,
                ([_UNKNOWN], [None]),
                (None, [], [_UNKNOWN] * 2, [_UNKNOWN] * 10001),
            ),
            _Limit(
                "lease_tokens",
                "P7118",
                _TRIPLES,
                ([_UNKNOWN], [None]),
                (None, [], [_UNKNOWN] * 2),
                "outbox_ids",
            ),
            _Limit("states", "P7118", _TRIPLES, (), (None, [], ["FAILED"] * 2), "outbox_ids"),
            _Limit(
                "states",
                "P7003",
                _STATES,
                (["DISPATCHED"], ["FAILED"], ["RETRYABLE"]),
                ([None], ["DISPATCHING"], ["ZOMBIE_REQUEUE"]),
                "state",
            ),
            _Limit(
                "rail_references",
                "P711B",
                "at most 500 characters",
                (None, [], ["x" * 500]),
                (["x" * 501],),
                "rail_reference",
            ),
            *(
                _Limit(name, "P7118", _TRIPLES, (None, [], [None]), ([None] * 2,), "outbox_ids")
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
    _Function(
        "complete_outbox_attempt",
        _of_lease(state="FAILED"),
        (
            _Limit("outbox_id", "P7002", "", (), (None, uuid4())),
            _Limit("lease_token", "P7002", "", (), (None, uuid4())),
            _Limit("worker_id", "P7117", "1 to 200 characters", (), (None, "", "x" * 201)),
            _Limit("worker_id", "P7002", "", (), ("w2",)),
            _WORD_OF_STATE,
            _RAIL_REFERENCE,
        ),
    ),
    _Function(
        "set_outbox_control",
        _always(**_SET),
        (
            *_SCOPE,
            _Limit(
                "ordering",
                "P711D",
                "NONE, FIFO_BLOCK or FIFO_SKIP",
                (None, "NONE", "FIFO_BLOCK", "FIFO_SKIP"),
                ("", "FIFO", "fifo_block"),
            ),
            _Limit("fair", "P711D", "a setting of the QUEUE", (None, False), (True,)),
            *_OPERATOR,
        ),
    ),
    _Function(
        "pause_outbox", _always(scope="RAIL", scope_key="SEPA", **_WHO), (*_SCOPE, *_OPERATOR)
    ),
    _Function(
        "resume_outbox",
        _always(scope="RAIL", scope_key="SEPA", limit=10, **_WHO),
        (*_SCOPE, *_OPERATOR, _batch("limit")),
    ),
    _Function(
        "set_retry_policy",
        _always(**_POLICY),
        (
            _Limit("rail_type", "P711E", "* or a rail", ("*", *_TEXT_GOOD), _TEXT_BAD),
            _Limit(
                "strategy",
                "P711E",
                "FIXED or EXPONENTIAL",
                ("FIXED", "EXPONENTIAL"),
                (None, "", "LINEAR"),
            ),
            _Limit(
                "base_seconds",
                "P711E",
                "between 0 and 604800",
                (0, 60),
                (None, -0.001, 604801, "NaN"),
            ),
            _Limit(
                "factor", "P711E", "between 1 and 10", (1, 10), (None, 0.999, 10.001, "Infinity")
            ),
            _Limit(
                "max_seconds",
                "P711E",
                "between p_base_seconds and 604800",
                (2, 604800),
                (None, 1.999, 604800.001),
            ),
            _Limit("jitter", "P711E", "between 0 and 1", (0, 1), (None, -0.001, 1.001)),
            *_OPERATOR,
        ),
    ),
    _Function(
        "record_manual_attempt",
        _of_item(**_MANUAL),
        (
            _Limit("outbox_id", "P7006", "a known item", (), (None, uuid4())),
            _WORD_OF_STATE,
            _RAIL_REFERENCE,
            *_OPERATOR,
        ),
    ),
    _Function(
        "cancel_outbox_item",
        _of_item(**_WHO),
        (_Limit("outbox_id", "P7006", "a known item", (), (None, uuid4())), *_OPERATOR),
    ),
    _Function(
        "resolve_outbox_item",
        _of_doubt(resolution="FAILED"),
        (
            _Limit("outbox_id", "P7006", "a known item", (), (None, uuid4())),
            _Limit(
                "resolution",
                "P7003",
                "DISPATCHED, FAILED or REQUEUE",
                ("FAILED", "REQUEUE"),
                (None, "", "RETRYABLE", "ZOMBIE_REQUEUE"),
            ),
            _Limit(
                "resolution",
                "P711B",
                "1 to 500 characters, not only blanks; proof of DISPATCHED",
                (),
                ("DISPATCHED",),
                "rail_reference",
            ),
            _Limit(
                "rail_reference",
                "P711B",
                "1 to 500 characters, not only blanks; proof of DISPATCHED",
                (None, "x", "x" * 500),
                ("", " ", "x" * 501),
            ),
            _Limit(
                "late_result_id",
                "P7006",
                "a late result of the attempt in doubt",
                (None,),
                (uuid4(),),
            ),
            _Limit(
                "evidence",
                "P711C",
                "a JSON object, at most 65536 bytes",
                (None, "{}", _EVIDENCE),
                ("[]", '"x"', _EVIDENCE[:-2] + 'x"}'),
            ),
            *_OPERATOR,
        ),
    ),
    _Function("list_dead_letters", _always(), (_batch("limit"),)),
    _Function(
        "redrive_dead_letters",
        _always(outbox_ids=[_UNKNOWN], **_WHO),
        (
            _Limit(
                "outbox_ids",
                "P7118",
                "1 to 10000 ids",
                ([_UNKNOWN] * 10000, [None]),
                (None, [], [_UNKNOWN] * 10001),
            ),
            *_OPERATOR,
        ),
    ),
    _Function(
        "retire_history",
        _always(before="2001-01-01", limit=1, **_WHO),
        (
            _batch("limit", "P711F"),
            _Limit(
                "before",
                "P711F",
                "as long ago as symphony.retention_days_min says",
                (),
                (None, "-infinity", "infinity", "2200-01-01"),
            ),
            *_OPERATOR,
        ),
    ),
    _Function(
        "retention_plan",
        _always(before="2001-01-01"),
        (
            _Limit(
                "before",
                "P711F",
                "as long ago as symphony.retention_days_min says",
                (),
                ("-infinity", "infinity", "2200-01-01"),
            ),
            _Limit(
                "older_than",
                "P711F",
                "one of p_before and p_older_than, up to 200 years",
                (None,),
                ("100 days",),
            ),
        ),
    ),
    _Function(
        "retention_plan",
        _always(older_than="100 days"),
        (
            _Limit(
                "older_than",
                "P711F",
                "one of p_before and p_older_than, up to 200 years",
                ("200 years",),
                (None, "-1 day", "201 years"),
            ),
            _Limit(
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


def _try(world: World, function: _Function) -> None:
    arguments = function.arguments(world)
    for limit in function.limits:
        column = None if limit.rule == "" else f"p_{limit.column or limit.name}"
        for bad in limit.bad:
            world.refuses(
                limit.sqlstate,
                column,
                limit.rule or None,
                function.name,
                **{**arguments, limit.name: bad},
            )
        for good in limit.good:
            try:
                with world.undone():
                    world.call(function.name, **{**arguments, limit.name: good})
            except psycopg.Error as error:
                raise Broken(
                    f"{function.name} refuses {limit.name}={good!r:.60}: {error}"
                ) from error


def _add(name: str, functions: Sequence[_Function]) -> None:
    def attempt(world: World) -> None:
        for function in functions:
            _try(world, function)

    attempt.__name__ = name
    promise(f"the limits of {name} as docs/limits.md has them")(attempt)


for _name in dict.fromkeys(one.name for one in FUNCTIONS):
    _add(_name, [one for one in FUNCTIONS if one.name == _name])


@promise("the number of an invalid item of a batch is in the detail")
def names_the_place(world: World) -> None:
    tenant_id = items.tenant(world)
    good: dict[str, list[Any]] = {
        "instruction_ids": ["I1", "I2", "I3"],
        "participant_ids": ["P"] * 3,
        "idempotency_keys": ["K"] * 3,
        "rail_types": ["R"] * 3,
        "payloads": ["{}"] * 3,
    }
    for name, sqlstate in zip(good, ("P7112", "P7113", "P7114", "P7115", "P7116"), strict=True):
        rule = "JSON objects with unique keys, at most 1048576 bytes"
        diagnostic = world.refuses(
            sqlstate,
            f"p_{name}",
            rule if name == "payloads" else _TEXT_RULE,
            "enqueue_outbox_items",
            **{**good, name: [good[name][0], "", ""]},
        )
        same("detail", diagnostic.message_detail, "item 2")
    diagnostic = world.refuses(
        "P7102",
        "p_tenant_ids",
        "an active tenant",
        "ingest_instructions",
        tenant_ids=[tenant_id, UUID(int=1), UUID(int=2)],
        **good,
    )
    same("detail", diagnostic.message_detail, "item 2")


@promise("a scope is a queue, a rail or a known tenant, and is kept in the form of an item's")
def scopes(world: World) -> None:
    tenant_id = items.tenant(world)
    for scope, key, kept in (
        ("QUEUE", "*", "*"),
        ("RAIL", "SEPA", "SEPA"),
        ("TENANT", str(tenant_id), str(tenant_id)),
        ("TENANT", str(tenant_id).upper(), str(tenant_id)),
        ("TENANT", f"{{{tenant_id}}}", str(tenant_id)),
    ):
        row = world.one("pause_outbox", scope=scope, scope_key=key, **_WHO)
        same("scope", (row["scope"], row["scope_key"]), (scope, kept))
    refused: tuple[tuple[str, str | None], ...] = (
        ("QUEUE", "SEPA"),
        ("QUEUE", None),
        ("TENANT", "*"),
        ("TENANT", str(uuid4())),
        ("TENANT", "x"),
        ("TENANT", None),
    )
    for scope, bad in refused:
        world.refuses(
            "P711D",
            "p_scope_key",
            "* for QUEUE, a rail, or a known tenant's id",
            "pause_outbox",
            scope=scope,
            scope_key=bad,
            **_WHO,
        )
