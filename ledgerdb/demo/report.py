"""The report of a demo run: one HTML file that needs nothing else, neither network nor scripts.

The page is drawn from a `DemoResult` alone and the same result gives the same bytes. Lists are cut
at a limit and say so: a run of any size makes a file that opens at once.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ledgerdb.demo import charts
from ledgerdb.demo.results import DemoResult
from ledgerdb.errors import ConfigurationError

__all__ = ["write_report"]

T = TypeVar("T")

ROWS_MAX: Final = 200
TEXT_CHARS_MAX: Final = 400
READINGS_LISTED_MAX: Final = 24
_SECONDS_PER_MINUTE: Final = 60

# Where an instruction can be, in the order in which a reader looks for it.
_OUTCOMES: Final = {
    "DISPATCHED": "paid; terminal",
    "FAILED": "given up; terminal",
    "PENDING": "not terminal yet",
}
_ATTEMPT_STATES: Final = {
    "DISPATCHED": "the rail paid",
    "RETRYABLE": "did not succeed, tried again later",
    "FAILED": "did not succeed, and was the last",
    "ZOMBIE_REQUEUE": "its worker let the lease run out; the instruction was queued again",
    "DISPATCHING": "under way",
}


@dataclass(frozen=True, slots=True)
class _Cut(Generic[T]):
    """The first rows of a list, and how many more there were."""

    rows: Sequence[T]
    left_off: int


def write_report(result: DemoResult, path: Path) -> None:
    """Writes the report to `path`, all of it or nothing: a reader never sees half a page.

    Raises:
        ConfigurationError: `path` cannot be written; a file that was there is unchanged.
    """
    _replace(path, _render(result).encode("utf-8"))


def _render(result: DemoResult) -> str:
    environment = Environment(
        loader=PackageLoader("ledgerdb", "demo"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": charts.number,
        "cut": _cut,
        "duration": _duration,
    }
    return environment.get_template("report.html.j2").render(_context(result))


def _context(result: DemoResult) -> dict[str, Any]:
    """What the template shows beside the result itself."""
    outcomes = dict.fromkeys(_OUTCOMES, 0) | dict(result.outcomes)
    attempts = sum(result.attempts_by_state.values())
    finished = outcomes["DISPATCHED"] + outcomes["FAILED"]
    lost = max(0, result.acknowledged - sum(outcomes.values()))
    return {
        "result": result,
        "started_at": result.started_at.astimezone(UTC),
        "command": f"ledgerdb demo --seed {result.seed} --fail-rate {result.fail_rate}",
        "outcomes": outcomes,
        "lost": lost,
        "verdict": _verdict(result, lost),
        "broken": [item for item in enumerate(result.checks, start=1) if not item[1].holds],
        "killed": sum(worker.killed for worker in result.workers),
        "attempts": attempts,
        "finished": finished,
        "finished_per_second": finished / result.seconds if result.seconds > 0 else None,
        "rail_difference": result.rail_payments - outcomes["DISPATCHED"],
        "accounts": _accounts(result, outcomes, attempts),
        "error_codes": sorted(result.error_codes.items(), key=lambda item: (-item[1], item[0])),
        "histogram": sorted(result.attempts_histogram.items()),
        "skewed": charts.is_skewed(result),
        "readings": charts.thinned(result.timeline, READINGS_LISTED_MAX),
        "charts": {
            "outcomes": charts.outcomes_chart(result),
            "attempts": charts.attempts_chart(result),
            "progress": charts.progress_chart(result),
            "throughput": charts.throughput_chart(result),
        },
        "events_marked_max": charts.EVENTS_MARKED_MAX,
        "share": charts.share,
    }


def _cut(rows: Sequence[T]) -> _Cut[T]:
    return _Cut(rows[:ROWS_MAX], max(0, len(rows) - ROWS_MAX))


def _verdict(result: DemoResult, lost: int) -> str:
    """`holds`, `broken`, or `unchecked`: no invariant was read, so nothing is claimed."""
    if lost or not result.holds:
        return "broken"
    return "holds" if result.checks else "unchecked"


def _accounts(
    result: DemoResult, outcomes: Mapping[str, int], attempts: int
) -> list[tuple[str, int, list[tuple[str, int, str]]]]:
    """Three totals and the parts that make them up; a remainder is shown, never hidden."""
    lines = [
        ("acknowledged", result.acknowledged, "a new instruction, durable from here on"),
        ("replayed", result.replayed, "an exact repeat; got the first acknowledgement again"),
        ("refused", len(result.refused), "not accepted; listed below"),
    ]
    ended = [(state, count, _OUTCOMES.get(state, "")) for state, count in outcomes.items()]
    tried = [
        (state, result.attempts_by_state[state], _ATTEMPT_STATES.get(state, ""))
        for state in dict.fromkeys((*_ATTEMPT_STATES, *result.attempts_by_state))
        if state in result.attempts_by_state
    ]
    accounts = [
        ("Lines read", result.lines, lines),
        ("Instructions acknowledged", result.acknowledged, ended),
        ("Attempts recorded", attempts, tried),
    ]
    for _, total, parts in accounts:
        if rest := total - sum(count for _, count, _ in parts):
            parts.append(("not accounted for", rest, "the total less the rows above"))
    return accounts


def _duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < _SECONDS_PER_MINUTE:
        return f"{seconds:.1f}\u00a0s"
    minutes, rest = divmod(round(seconds), _SECONDS_PER_MINUTE)
    return f"{charts.number(minutes)}\u00a0min {rest}\u00a0s"


def _visible(value: object) -> object:
    """Text of the data as a reader should see it: bounded, and nothing in it invisible.

    Refused lines are quoted: a control or bidirectional character in one must not change the page.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if len(value) > TEXT_CHARS_MAX:
        value = value[:TEXT_CHARS_MAX] + "…"
    return "".join(
        character.encode("unicode_escape").decode()
        if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs"}
        else character
        for character in value
    )


def _replace(path: Path, content: bytes) -> None:
    """Writes next to `path` and renames: atomic on one file system."""
    # A rename would put a file in the place of a device such as /dev/null.
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"report {path}: cannot be written: not a regular file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"report {path}: cannot be written: {error.strerror or error}"
        ) from error
