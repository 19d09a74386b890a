"""One frame of `ledgerdb top`: the counts, the last minutes as lines of bars, the busiest parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ledgerdb.cli.operations.layout import age, instant, number, plain
from ledgerdb.cli.operations.parts import part_rows
from ledgerdb.cli.operations.standing import Standing, Thresholds, findings
from ledgerdb.rows import ActivityBucket, BreakdownBy

__all__ = ["BUCKETS", "Frame", "draw", "sparkline"]

BUCKETS: Final = 60  # columns of the lines of bars
_BARS: Final = "▁▂▃▄▅▆▇█"
_BARS_LEFT: Final = 28  # columns before a line of bars
_LINES_BESIDE: Final = 17  # of a frame without findings, beside the rows of the parts
_COUNTED: Final = (
    ("accepted", ""),
    ("dispatched", "green"),
    ("retried", "yellow"),
    ("failed", "red"),
    ("crashed", "bold red"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one look at the database gave.

    Attributes:
        activity: of so many minutes, in buckets of so many seconds; the last is not over yet.
    """

    standing: Standing
    by: BreakdownBy
    minutes: int
    activity: tuple[ActivityBucket, ...]
    bucket_seconds: int


def draw(frame: Frame, *, width: int, height: int | None, remark: str = "") -> RenderableType:
    """The frame for a screen of this size, in columns and lines; None for as many as it takes."""
    standing = frame.standing
    todo = findings(standing, Thresholds())
    title = Text.assemble(
        ("ledgerdb top", "bold"),
        f"  revision {standing.health.schema_version or 'base'}",
        f"  {instant(standing.now)} UTC",
    )
    lines: list[RenderableType] = [title]
    if remark:
        title.append(f"  {remark}", style="bold yellow")
    lines += ["", _counts(standing), _lag(standing), "", _rates(frame, width)]
    if frame.standing.parts:
        headings, rows, right = part_rows(frame.standing.parts, frame.by, standing.now)
        table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
        for heading in headings:
            table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
        room = len(rows) if height is None else max(height - _LINES_BESIDE - len(todo), 1)
        for row in rows[:room]:
            table.add_row(*(plain(cell) for cell in row))
        lines += ["", table]
    lines.append("")
    if todo:
        lines += [Text(f"! {finding.text}: {finding.command}", style="red") for finding in todo]
    else:
        lines.append(Text("nothing needs a person", style="green"))
    return Group(*lines)


def sparkline(values: Sequence[float], columns: int) -> str:
    """The last values as bars; nothing is a blank, and the largest value fills its line."""
    shown = values[-columns:] if columns > 0 else []
    most = max(shown, default=0)
    if most <= 0:
        return " " * len(shown)
    top = len(_BARS) - 1
    return "".join(_BARS[round(value / most * top)] if value > 0 else " " for value in shown)


def _counts(standing: Standing) -> Text:
    queue, health = standing.backlog, standing.health
    disputed = f" ({health.disputed:,} disputed)" if health.disputed else ""
    counts = (
        (f"{number(queue.due)} due", queue.due, "cyan"),
        (f"{number(queue.delayed)} delayed", queue.delayed, ""),
        (f"{number(queue.leased)} in flight", queue.leased, "blue"),
        (f"{number(queue.expired)} expired", queue.expired, "yellow"),
        (f"{number(queue.in_doubt)} in doubt", queue.in_doubt, "bold red"),
        (f"{number(queue.held)} held", queue.held, "yellow"),
        (f"{number(health.dead_letters)} dead{disputed}", health.dead_letters, "red"),
    )
    return Text("   ").join(
        Text(text, style=(style if count else "dim")) for text, count, style in counts
    )


def _lag(standing: Standing) -> Text:
    paused = ", ".join(f"{control.scope} {control.scope_key}" for control in standing.paused)
    lag = age(standing.backlog.oldest_due_at, standing.now)
    return Text.assemble(
        ("lag ", "bold"),
        lag or "none",
        ("   paused ", "bold yellow") if paused else "",
        plain(paused),
    )


def _rates(frame: Frame, width: int) -> RenderableType:
    over = frame.activity[:-1]  # the last bucket has only begun
    columns = min(BUCKETS, max(width - _BARS_LEFT, 0))
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column(f"last {frame.minutes:,} min", no_wrap=True)
    grid.add_column("per second", justify="right", no_wrap=True)
    grid.add_column("", no_wrap=True)
    for name, style in _COUNTED:
        counts = [float(getattr(bucket, name)) for bucket in over]
        latest = counts[-1] / frame.bucket_seconds if counts else 0.0
        grid.add_row(
            Text(name, style=style if any(counts) else "dim"),
            f"{latest:,.1f}",
            Text(sparkline(counts, columns), style=style),
        )
    told = [bucket for bucket in over if bucket.latency_p95_ms is not None]
    latency = [bucket.latency_p95_ms or 0.0 for bucket in over]
    latest_told = (
        f"{told[-1].latency_p50_ms or 0:,.0f} / {told[-1].latency_p95_ms or 0:,.0f}" if told else ""
    )
    grid.add_row("p50/p95 ms", latest_told, Text(sparkline(latency, columns)))
    return grid
