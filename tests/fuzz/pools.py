"""Hostile values by type and by name of a parameter, as SQL text literals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from hypothesis import strategies as st

__all__ = ["arguments"]

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
_WORDS = [
    *("DISPATCHED", "FAILED", "REQUEUE", "RETRYABLE", "FIFO_BLOCK", "FIFO_SKIP", "NONE"),
    *("FIXED", "EXPONENTIAL", "NGO", "COMMERCIAL", "QUEUE", "RAIL", "TENANT"),
]
_INTEGERS = ["0", "1", "2", "10", "60", "10000", "10001", "86400", "604800", "604801", "-1"]
_EXTREMES = ["2147483647", "-2147483648"]
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
    '{"a":' * 100_000,
]
_TIMES = [
    *("infinity", "-infinity", "epoch", "2000-01-01", "2026-01-01 00:00:00+14", "294276-12-31"),
    *("0044-03-15 BC", "4713-01-01 BC", "now"),
]
_INTERVALS = [
    *("0", "1 second", "-1 second", "91 days", "200 years", "200 years 1 day", "178000000 years"),
    *("-178000000 years", "1 year -12 months", "2147483647 days"),
]
_STATES = ["DISPATCHING", "DISPATCHED", "RETRYABLE", "FAILED", "ZOMBIE_REQUEUE"]
_UUIDS = [
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "01890000-0000-7000-8000-000000000000",
]
_BY_TYPE = {
    "text": _TEXTS + _WORDS + _UUIDS,
    "uuid": _UUIDS,
    "integer": _INTEGERS + _EXTREMES,
    "numeric": _NUMBERS,
    "double precision": _NUMBERS,
    "boolean": ["true", "false"],
    "jsonb": _DOCUMENTS,
    "timestamp with time zone": _TIMES,
    "interval": _INTERVALS,
    "outbox_attempt_state": _STATES,
}
_LENGTHS = st.sampled_from([1, 1, 1, 2, 2, 3, 0, 6])
_Text: TypeAlias = st.SearchStrategy[str | None]


def arguments(
    signature: Sequence[tuple[str, str]], valid: Mapping[str, Sequence[str]]
) -> st.SearchStrategy[dict[str, str | None]]:
    """Arguments of a function, each in the text form of its type: of the values that its name has
    in this database, of the hostile ones of its type, or null.
    """
    length = _LENGTHS if any(kind.endswith("[]") for _, kind in signature) else st.just(1)
    names = [name for name, _ in signature]
    return length.flatmap(
        lambda count: st.tuples(*(_argument(name, kind, valid, count) for name, kind in signature))
    ).map(lambda drawn: dict(zip(names, drawn, strict=True)))


def _mostly(usual: _Text, hostile: _Text, nothing: _Text) -> _Text:
    """One bad argument hides the others: most of them must be good."""
    which = st.sampled_from([usual] * 20 + [hostile, nothing])
    return which.flatmap(lambda chosen: chosen)


def _argument(name: str, kind: str, valid: Mapping[str, Sequence[str]], count: int) -> _Text:
    if not kind.endswith("[]"):
        return _value(name, kind, valid)
    element = _value(name.removesuffix("s"), kind.removesuffix("[]"), valid)
    alike = st.lists(element, min_size=count, max_size=count)
    other = st.lists(element, max_size=4)
    shape = st.sampled_from(["plain"] * 6 + ["shifted", "nested"])
    return _mostly(st.builds(_array, alike, shape), st.builds(_array, other, shape), st.none())


def _value(name: str, kind: str, valid: Mapping[str, Sequence[str]]) -> _Text:
    known = st.sampled_from(list(valid.get(name) or _of_type(name, kind)))
    hostile = st.sampled_from(_of_type(name, kind))
    return _mostly(known, hostile, st.none())


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
