"""The page of docs/performance.md: prose from a template, numbers and charts from results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.charts import draw_all
from bench.figures import median
from bench.results import Results
from bench.systems import BARE, CURSOR, LEDGERDB, PSQL, TABLES, VISIBILITY
from bench.targets import judge
from bench.workloads import WORKLOADS

__all__ = ["PAGE", "render", "write_page"]

PAGE: Final = "performance.md"
_TEMPLATE: Final = "performance.md.j2"
_MB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Column:
    """A number of a workload as a column."""

    heading: str
    number: str
    told: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class _Section:
    """How a workload is told.

    Attributes:
        columns: of its table; the first has the least and the greatest beside the median.
        beside: the system to which the first number is compared.
        image: its chart.
    """

    columns: Sequence[_Column]
    beside: str | None = None
    image: str | None = None


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _two(value: float) -> str:
    return f"{value:,.2f}"


def _megabytes(value: float) -> str:
    return f"{value / _MB:,.0f}"


_RATE: Final = _Column("items/s", "per_second", _count)
_WAL: Final = _Column("WAL bytes an item", "wal_bytes_per_item", _count)
_SECTIONS: Final[Mapping[str, _Section]] = {
    "enqueue-one": _Section(
        (
            _RATE,
            _Column("p50 ms", "p50_ms", _two),
            _Column("p95 ms", "p95_ms", _two),
            _Column("p99 ms", "p99_ms", _two),
            _WAL,
        ),
        BARE.name,
        "enqueue-one",
    ),
    "enqueue-batch": _Section((_RATE, _WAL), TABLES.name, "enqueue-batch"),
    "drain": _Section(
        (_RATE, _Column("claim p99 ms", "claim_p99_ms", _two), _WAL), VISIBILITY.name, "drain"
    ),
    "wake-up": _Section(
        (_Column("p50 ms", "p50_ms", _two), _Column("p99 ms", "p99_ms", _two)), VISIBILITY.name
    ),
    "held-snapshot": _Section(
        (
            _Column("drain beside fresh", "drain_ratio", _two),
            _Column("drain/s", "drain_per_second", _count),
            _Column("enqueue beside fresh", "enqueue_ratio", _two),
            _Column("claim p99 ms", "claim_p99_ms", _two),
            _Column("fresh", "claim_fresh_p99_ms", _two),
            _Column("claim p99, last rounds beside first", "claim_p99_trend_ratio", _two),
            _Column("dead tuples an item", "dead_tuples_per_item", _two),
            _WAL,
            _Column("items churned", "churned_items", _count),
            _Column("items in front", "items_in_front", _count),
        ),
        image="held-snapshot",
    ),
    "scale": _Section(
        (
            _Column("drained items/s", "drain_per_second", _count),
            _Column("enqueued items/s", "enqueue_per_second", _count),
            _Column("memory of a client, MB", "rss_bytes", _megabytes),
        ),
        image="backlog",
    ),
    "overhead": _Section(
        (
            _Column("beside bare psycopg", "ratio", _two),
            _Column("Ledger ms", "ledger_ms", _two),
            _Column("psycopg ms", "psycopg_ms", _two),
            _Column("async beside sync", "async_ratio", _two),
            _Column("sync items/s", "sync_per_second", _count),
            _Column("async items/s", "async_per_second", _count),
            _Column("import ms", "import_ms", _count),
        )
    ),
    "ingress": _Section(
        (_Column("p95 ms", "p95_ms", _two), _Column("p50 ms", "p50_ms", _two)), PSQL.name
    ),
}


def write_page(runs: Sequence[Results], docs: Path) -> list[Path]:
    """Writes the page and its charts.

    Args:
        runs: the run, whose charts are drawn, and others that go further; without them, the page
            says how to make some.
        docs: the folder of the documentation.

    Returns:
        The files.
    """
    charts = draw_all(runs[0], docs) if runs else []
    page = docs / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(runs, [chart.stem for chart in charts]), "utf-8")
    return [page, *charts]


def render(runs: Sequence[Results], charts: Sequence[str] = ()) -> str:
    """The page, as Markdown.

    Args:
        runs: the run and others that go further; without them, the page says how to make some.
        charts: the names of the images that there are, of the first.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, of our own words and numbers
    )
    return environment.get_template(_TEMPLATE).render(
        runs=[_told(run, charts if place == 0 else ()) for place, run in enumerate(runs)],
        verdicts=judge(*runs) if runs else [],
        cursor=CURSOR.name,
        visibility=VISIBILITY.name,
    )


def _told(run: Results, charts: Sequence[str]) -> dict[str, Any]:
    return {
        "document": run.document,
        "memory_gb": _gigabytes(run.document["machine"]),
        "sections": [_shown(run, name, charts) for name in WORKLOADS],
    }


def _gigabytes(machine: Mapping[str, Any]) -> int:
    return math.ceil(int(machine["memory_bytes"]) / (1 << 30))


def _shown(results: Results, name: str, charts: Sequence[str]) -> dict[str, Any]:
    section = _SECTIONS[name]
    image = f"bench-{section.image}"
    columns = [
        column
        for column in section.columns
        if any(column.number in entry["numbers"] for entry in results.of(name))
    ]
    headings = ["", "system", *(column.heading for column in columns)]
    if section.beside is not None:
        headings.insert(3, f"beside {section.beside}")
    return {
        "name": name,
        "about": WORKLOADS[name].about,
        "image": image if image in charts else None,
        "headings": headings,
        "rows": [_row(results, entry, columns, section) for entry in results.of(name)],
        "beside": section.beside,
    }


def _row(
    results: Results, entry: Mapping[str, Any], columns: Sequence[_Column], section: _Section
) -> list[str]:
    system = f"**{entry['system']}**" if entry["system"] == LEDGERDB.name else entry["system"]
    cells = [entry["variant"], system]
    for place, column in enumerate(columns):
        values = entry["numbers"].get(column.number, ())
        cells.append(_cell(values, column, with_range=place == 0) if values else "")
        if place == 0 and section.beside is not None:
            names = entry["workload"], entry["variant"], column.number, entry["system"]
            ratio = results.ratio(*names, section.beside)
            cells.append("" if ratio is None else _two(ratio))
    return cells


def _cell(values: Sequence[float], column: _Column, *, with_range: bool) -> str:
    told = column.told(median(values))
    if with_range and len(values) > 1:
        return f"{told} ({column.told(min(values))} to {column.told(max(values))})"
    return told
