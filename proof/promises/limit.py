"""The limits that parameters share, and what a table of limits is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from proof.promises.world import Row, World, dumped

TEXT_RULE: Final = "1 to 200 characters, no end blanks, no control characters"
TEXT_GOOD: Final = ("é", "x" * 200, "a b")
TEXT_BAD: Final = (None, "", " ", " a", "a ", "a\x07b", "\t", "x" * 201)
ACTOR_GOOD: Final = ("a", " ann ", "x" * 200)
ACTOR_BAD: Final = (None, "", "  ", "a\nb", "x" * 201)
REASON_GOOD: Final = ("a", " why ", "x" * 1000)
REASON_BAD: Final = (None, "", " ", "x" * 1001)
BATCH: Final = (1, 10000)
NO_BATCH: Final = (None, 0, -1, 10001)
FITTING: Final = dumped({"a": "x" * (1048576 - 8)})
NO_JSON: Final = (None, "", "[]", '"x"', "1", "null", "{", FITTING[:-2] + 'x"}')
DOUBLE_KEY: Final = '{"a": 1, "a": 2}'
REFERENCE: Final = (None, "", "x" * 500)
SIGNED: Final = dumped(["x" * (65536 - 4)])
EVIDENCE: Final = dumped({"a": "x" * (65536 - 9)})
UNKNOWN: Final = uuid4()


@dataclass(frozen=True, slots=True)
class Limit:
    """Of one parameter: its name, the code, the rule, what is allowed, what is not, the field."""

    name: str
    sqlstate: str
    rule: str
    good: Sequence[object]
    bad: Sequence[object]
    column: str | None = None


def text(name: str, sqlstate: str) -> Limit:
    return Limit(name, sqlstate, TEXT_RULE, TEXT_GOOD, TEXT_BAD)


def texts(name: str, sqlstate: str) -> Limit:
    return Limit(
        name, sqlstate, TEXT_RULE, [[good] for good in TEXT_GOOD], [[bad] for bad in TEXT_BAD]
    )


def batch(name: str, sqlstate: str = "P7118") -> Limit:
    return Limit(name, sqlstate, "between 1 and 10000", BATCH, NO_BATCH)


OPERATOR: Final = (
    Limit("actor", "P711C", "1 to 200 characters, no control characters", ACTOR_GOOD, ACTOR_BAD),
    Limit("reason", "P711C", "1 to 1000 characters", REASON_GOOD, REASON_BAD),
)
WHO: Final = {"actor": "ann", "reason": "because"}
WORKER_ID: Final = text("worker_id", "P7117")
LEASE: Final = Limit(
    "lease_seconds", "P7119", "between 1 and 86400", (1, 86400), (None, 0, -1, 86401)
)
PAIRS: Final = (
    Limit(
        "outbox_ids",
        "P7118",
        "1 to 10000 ids, as many tokens",
        ([UNKNOWN],),
        (None, [], [UNKNOWN, UNKNOWN], [UNKNOWN] * 10001),
    ),
    Limit(
        "lease_tokens",
        "P7118",
        "1 to 10000 ids, as many tokens",
        ([UNKNOWN], [None]),
        (None, [], [UNKNOWN, UNKNOWN]),
        "outbox_ids",
    ),
    WORKER_ID,
)
SCOPE: Final = (
    Limit("scope", "P711D", "QUEUE, RAIL or TENANT", ("RAIL",), (None, "", "rail", "ITEM")),
    Limit(
        "scope_key",
        "P711D",
        "* for QUEUE, a rail, or a known tenant's id",
        ("SEPA", "*"),
        (None, "", " SEPA", "x" * 201),
    ),
)
INSTRUCTION: Final = (
    text("instruction_id", "P7112"),
    text("participant_id", "P7113"),
    text("idempotency_key", "P7114"),
    text("rail_type", "P7115"),
)
STATES: Final = "DISPATCHED, FAILED or RETRYABLE"
WORD_OF_STATE: Final = Limit(
    "state",
    "P7003",
    STATES,
    ("DISPATCHED", "FAILED", "RETRYABLE"),
    (None, "DISPATCHING", "ZOMBIE_REQUEUE"),
)
RAIL_REFERENCE: Final = Limit(
    "rail_reference", "P711B", "at most 500 characters", REFERENCE, ("x" * 501,)
)
MANY: Final = "1 to 50000 items, all lists as long"
JSON_RULE: Final = "a JSON object with unique keys, at most 1048576 bytes"


def lists(*names: str) -> Iterator[Limit]:
    for name in names:
        yield Limit(name, "P7118", MANY, (), (None, [], ["a", "b"]), "instruction_ids")


INSTRUCTIONS: Final = (
    texts("instruction_ids", "P7112"),
    texts("participant_ids", "P7113"),
    texts("idempotency_keys", "P7114"),
    texts("rail_types", "P7115"),
    Limit(
        "payloads",
        "P7116",
        "JSON objects with unique keys, at most 1048576 bytes",
        (["{}"], [FITTING]),
        [[bad] for bad in (*NO_JSON, DOUBLE_KEY)],
    ),
    *lists("instruction_ids", "participant_ids", "idempotency_keys", "rail_types", "payloads"),
)


def references(*names: str) -> Iterator[Limit]:
    for name in names:
        yield Limit(name, "P711A", "at most 500 characters", REFERENCE, ("x" * 501,))


@dataclass(frozen=True, slots=True)
class Function:
    """A function, good arguments for it, and the limits of its parameters."""

    name: str
    arguments: Callable[[World], Row]
    limits: Sequence[Limit]


def always(**arguments: object) -> Callable[[World], Row]:
    return lambda _: dict(arguments)
