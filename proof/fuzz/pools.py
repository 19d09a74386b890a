"""Hostile values by type and by name of a parameter, each in the text form of its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

__all__ = ["Value", "draw"]

_TEXTS = [
    *(
        "",
        " ",
        "x",
        " x",
        "x ",
        "a\nb",
        "a\tb",
        "a\x01b",
        "a\x1b[2J",
        "a\x7fb",
        "a\x85b",
        "\\",
        "'",
    ),
    *(
        "é",
        "e\u0301",
        "\u202e",
        "\ufeff",
        "\U0001f4b8",
        "%s",
        "%%",
        "$1",
        ":x",
        "{}",
        "{a,b}",
        "NULL",
    ),
    *("x" * 100, "x" * 101, "x" * 200, "é" * 200, "x" * 201, "x" * 500, "x" * 501, "x" * 2001),
    *("x" * 100_000, "*", "QUEUE", "RAIL", "TENANT", "infinity", "NaN", "-1", "0"),
]
# These cost more than the others: one in so many.
_HUGE = ["x" * 1_048_576, "\u00e9" * 1_000_000, "x" * 16_777_216]
_HUGE_ONE_IN = 1_500
# What no server ever gets to see: the driver refuses it.
_UNSENDABLE = ["a\x00b", "\ud800"]
_UNSENDABLE_ONE_IN = 300
_WORDS = [
    *("DISPATCHED", "FAILED", "REQUEUE", "RETRYABLE", "FIFO_BLOCK", "FIFO_SKIP", "NONE"),
    *("FIXED", "EXPONENTIAL", "NGO", "COMMERCIAL", "QUEUE", "RAIL", "TENANT"),
]
_INTEGERS = ["0", "1", "2", "10", "60", "10000", "10001", "86400", "604800", "604801", "-1"]
_EXTREMES = ["2147483647", "-2147483648", "2147483648", "99999999999", "1e3", "0x10", "x", ""]
_NUMBERS = [
    *("0", "-0", "1", "0.1", "2", "10", "10.5", "300", "604800", "604801", "1e300", "1e-300", "-1"),
    *("NaN", "Infinity", "-Infinity", "1e-307", "5e-324"),
]
_DEEP = 200
_DOCUMENTS = [
    *("{}", "[]", "1", "null", '""', '{"a": 1}', '{"a": 1.50, "b": [1, null]}', "[{}]"),
    *('{"a": 1, "a": 2}', '{"\\u00e9": "\\ud83d\\udcb8"}', "[" * _DEEP + "]" * _DEEP),
    *('{"a": "' + "x" * 70_000 + '"}', '["' + "x" * 70_000 + '"]', '{"a": 1e300, "b": -1e-300}'),
]
_TEXT_DOCUMENTS = [
    *("", "{", '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": 1e999999}', "x", "{'a': 1}"),
    '{"a": "' + "x" * 1_048_576 + '"}',
    *('{"a":' * 100_000, '{"a": 1e200000}', '{"a": ' * 5_000 + "1" + "}" * 5_000),
    '{"a": ' * 20_000 + "1" + "}" * 20_000,
]
_TIMES = [
    *("infinity", "-infinity", "epoch", "2000-01-01", "2026-01-01 00:00:00+14", "294276-12-31"),
    *("0044-03-15 BC", "4713-01-01 BC", "now"),
]
_INTERVALS = [
    *("0", "1 second", "-1 second", "91 days", "200 years", "200 years 1 day", "178000000 years"),
    *("-178000000 years", "1 year -12 months", "2147483647 days"),
]
_STATES = [
    *("DISPATCHING", "DISPATCHED", "RETRYABLE", "FAILED", "ZOMBIE_REQUEUE"),
    *("", "dispatched", "PAID"),
]
_UUIDS = [
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "01890000-0000-7000-8000-000000000000",
    "{01890000-0000-7000-8000-000000000000}",
    "not-a-uuid",
]
_BY_TYPE = {
    "text": _TEXTS + _WORDS + _UUIDS,
    "uuid": _UUIDS,
    "integer": _INTEGERS + _EXTREMES,
    "numeric": _NUMBERS,
    "double precision": _NUMBERS,
    "boolean": ["true", "false", "maybe"],
    "jsonb": _DOCUMENTS,
    "timestamp with time zone": _TIMES,
    "interval": _INTERVALS,
    "outbox_attempt_state": _STATES,
}
# One bad argument hides the others: most of them must be good.
_BAD_ONE_IN = 11
_LENGTHS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 0, 6)
_SHAPES = ("plain",) * 8 + ("shifted", "nested")


@dataclass(frozen=True, slots=True)
class Value:
    """An argument: its text, None for null; of a list, its elements too."""

    text: str | None
    elements: tuple[str | None, ...] | None = None


def draw(
    rng: Random, signature: Sequence[tuple[str, str]], valid: Mapping[str, Sequence[str]]
) -> dict[str, Value]:
    """Arguments of a function: of the values that a name has in this database, of the hostile ones
    of the type, or null.

    Raises:
        KeyError: there are no hostile values of a type; it must get some.
    """
    length = rng.choice(_LENGTHS)
    return {name: _argument(rng, name, kind, valid, length) for name, kind in signature}


def _argument(
    rng: Random, name: str, kind: str, valid: Mapping[str, Sequence[str]], length: int
) -> Value:
    if not kind.endswith("[]"):
        return Value(_value(rng, name, kind, valid))
    bad = rng.randrange(_BAD_ONE_IN * 2)
    if bad == 0:
        return Value(None)
    count = rng.randrange(5) if bad == 1 else length
    elements = tuple(
        _value(rng, name.removesuffix("s"), kind.removesuffix("[]"), valid) for _ in range(count)
    )
    return Value(_array(elements, rng.choice(_SHAPES)), elements)


def _value(rng: Random, name: str, kind: str, valid: Mapping[str, Sequence[str]]) -> str | None:
    hostile = _of_type(name, kind)
    which = rng.randrange(_BAD_ONE_IN * 2)
    if which == 0:
        return None
    if which > 1:
        return rng.choice(valid.get(name) or hostile)
    if kind == "text" and not rng.randrange(_HUGE_ONE_IN // _BAD_ONE_IN):
        return rng.choice(_HUGE)
    if kind == "text" and not rng.randrange(_UNSENDABLE_ONE_IN // _BAD_ONE_IN):
        return rng.choice(_UNSENDABLE)
    return rng.choice(hostile)


def _of_type(name: str, kind: str) -> list[str]:
    if (name, kind) == ("p_payload", "text"):
        return _DOCUMENTS + _TEXT_DOCUMENTS
    return _BY_TYPE[kind]


def _array(values: Sequence[str | None], shape: str) -> str:
    """An array literal: plain, with another first index, or of two dimensions."""
    quoted = [
        "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for value in values
    ]
    if not quoted or shape == "plain":
        return "{" + ",".join(quoted) + "}"
    if shape == "shifted":
        return f"[-3:{len(quoted) - 4}]=" + "{" + ",".join(quoted) + "}"
    return "{" + ",".join("{" + value + "}" for value in quoted) + "}"
