"""For each limit of the document: values just within it, and values just outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from proof.limits import Clause, Row
from tests.limits.site import Site

__all__ = ["Values", "values"]


@dataclass(frozen=True, slots=True)
class Values:
    """What a parameter may be, and what it may not."""

    within: list[object] = field(default_factory=list)
    outside: list[object] = field(default_factory=list)


def _json(size: int, shape: str = '{"k":"%s"}') -> str:
    """A JSON text of so many bytes, as jsonb writes it."""
    return shape % ("x" * (size - len(shape) + 2))


def _words(*words: str) -> Values:
    return Values(list(words), [None, "", words[0].lower(), words[0] + " "])


def _numbers(low: float, high: float, step: float = 1) -> Values:
    nothing: list[object] = [None, low - step, high + step]
    return Values([low, high], nothing if step == 1 else [*nothing, "NaN", "Infinity"])


_IDENTIFIER = Values(
    ["x", "é" * 200, "a b"],
    [None, "", " ", " x", "x ", "x" * 201, "a\nb", "a\tb", "a\x1bb", "a\x7fb"],
)
_DAYS = "symphony.retention_days_min"
_JSON_TEXTS = Values(
    ["{}", _json(1_048_576), '{"a": {"k": 1}, "b": {"k": 1}}'],
    [
        *(None, "", "{", "[]", "1", '"x"', "null", '{"k": 1, "k": 2}', '{"k": "\\u0000"}'),
        *('{"k": 1e999999}', _json(1_048_577)),
    ],
)
_TOKEN = Values([], [None, str(uuid4())])
RULES: dict[str, Values] = {
    "any": Values([None]),
    "not null": Values([str(UUID(int=0)), str(UUID(int=2**128 - 1))], [None]),
    "1 to 200 characters, no end blanks, no control characters": _IDENTIFIER,
    "1 to 200 characters": Values([], [None, "", "x" * 201]),
    "1 to 200 characters, no control characters": Values(
        ["x", " x ", "é" * 200, " " * 999 + "x"], [None, "", "  ", "x" * 201, "a\nb", "a\x1bb"]
    ),
    "1 to 1000 characters": Values(["x", "a\nb", "é" * 1000], [None, "", "  ", "x" * 1001]),
    "at most 200 characters": Values([None, "", "é" * 200], ["x" * 201]),
    "at most 500 characters": Values([None, "", "é" * 500], ["x" * 501]),
    "1 to 500 characters, not only blanks; proof of DISPATCHED": Values(
        ["x", "é" * 500], [None, "", "  ", "x" * 501]
    ),
    "a JSON object with unique keys, at most 1048576 bytes": _JSON_TEXTS,
    "JSON objects with unique keys, at most 1048576 bytes": _JSON_TEXTS,
    "a JSON object, at most 1048576 bytes": Values(
        ["{}", _json(1_048_576, '{"k": "%s"}')],
        [None, "[]", "1", "null", _json(1_048_577, '{"k": "%s"}')],
    ),
    "a JSON object, at most 65536 bytes": Values(
        [None, "{}", _json(65_536, '{"k": "%s"}')],
        ["[]", "1", "null", _json(65_537, '{"k": "%s"}')],
    ),
    "a JSON array, at most 65536 bytes": Values(
        ["[]", _json(65_536, '["%s"]')], [None, "{}", "1", "null", _json(65_537, '["%s"]')]
    ),
    "between 1 and 10000": _numbers(1, 10_000),
    "between 1 and 86400": _numbers(1, 86_400),
    "between 0 and 604800": _numbers(0, 604_800, 0.001),
    "between 1 and 10": _numbers(1, 10, 0.001),
    "between 0 and 1": _numbers(0, 1, 0.001),
    "between p_base_seconds and 604800": _numbers(1, 604_800, 0.001),
    "NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL": _words(
        "NGO", "COOPERATIVE", "GOVERNMENT", "COMMERCIAL"
    ),
    "DISPATCHED, FAILED or RETRYABLE": Values(
        ["DISPATCHED", "FAILED", "RETRYABLE"], [None, "DISPATCHING", "ZOMBIE_REQUEUE"]
    ),
    "DISPATCHED, FAILED or REQUEUE": _words("DISPATCHED"),
    "QUEUE, RAIL or TENANT": _words("RAIL"),
    "TENANT, PARTICIPANT or RAIL": _words("TENANT", "PARTICIPANT", "RAIL"),
    "between 1 and 1440": _numbers(1, 1_440),
    "* for QUEUE, a rail, or a known tenant's id": _IDENTIFIER,
    "NONE, FIFO_BLOCK or FIFO_SKIP": Values(
        [None, "NONE", "FIFO_BLOCK", "FIFO_SKIP"], ["", "fifo", "LIFO"]
    ),
    "a setting of the QUEUE": Values([None, False], [True]),
    "* or a rail": Values(["*", *_IDENTIFIER.within], _IDENTIFIER.outside),
    "FIXED or EXPONENTIAL": _words("FIXED", "EXPONENTIAL"),
    f"as long ago as {_DAYS} says": Values(
        ["2000-01-01", "0044-03-15"], ["infinity", "-infinity", "2999-01-01", "yesterday"]
    ),
    "one of p_before and p_older_than, up to 200 years": Values(
        [], ["1 year", "-1 second", "200 years 1 day"]
    ),
    "the first 100 characters": Values([None, "", "a\nb", "é" * 100], ["x" * 101, "x" * 999_999]),
    "the first 2000 characters": Values([None, "", "é" * 2000], ["x" * 2001, "x" * 999_999]),
    "0 or more": Values([None, 0, 2**31 - 1], [-1, -(2**31)]),
    "0 to 604800": Values([None, 0, 604_800], [-1, -(2**31), 604_801, 2**31 - 1]),
    "an item under lease": _TOKEN,
    "a live token": _TOKEN,
    "a known item": _TOKEN,
}
# Those that depend on what the database holds.
KNOWN: dict[str, Callable[[Site], Values]] = {
    "an active tenant": lambda site: Values([site.tenant_id], [None, uuid4()]),
    "a known client, or null": lambda site: Values([None, site.client_id], [uuid4()]),
    "a known member, or null": lambda site: Values([None, site.member_id], [uuid4()]),
    "a member of the tenant": lambda site: Values([site.member_id], [site.other_member_id]),
    "a late result of the attempt in doubt": lambda site: Values(
        [None, site.late_result_id], [uuid4()]
    ),
    "the attempt in doubt, or null": lambda site: Values([None, 1], [0, 2, -(2**31)]),
}


def values(site: Site, row: Row, clause: Clause) -> Values:
    """The values for a clause. What no row needs to match is what no row matches."""
    if clause.outside in ("no row", "null"):
        unknown: list[object] = [str(uuid4())]
        return Values([], unknown if row.default == "null" else [None, *unknown])
    if clause.limit in KNOWN:
        return KNOWN[clause.limit](site)
    found = RULES[clause.limit]
    if row.function == "retire_history" and row.parameter == "p_before":
        return Values(found.within, [None, *found.outside])
    return found
