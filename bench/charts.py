"""Charts of a run, as SVG files for the documentation: the same results, the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.figures import median
from bench.results import Results
from bench.systems import Kind
from bench.workloads.drain import DRAIN
from bench.workloads.enqueue_batch import ENQUEUE_BATCH
from bench.workloads.enqueue_one import ENQUEUE_ONE
from bench.workloads.held_snapshot import HELD, HELD_SNAPSHOT
from bench.workloads.scale import SCALE

__all__ = ["FOLDER", "draw_all"]

FOLDER: Final = Path("images")
_COLOURS: Final = {
    Kind.OURS: "#2b6cb0",
    Kind.FLOOR: "#a0aec0",
    Kind.OTHER: "#b7791f",
    Kind.BASELINE: "#c53030",
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ledgerdb",
    "font.family": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
}
_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_WIDTH: Final = 8.8
_BAR: Final = 0.27  # inches of a row
_LINES_HEIGHT: Final = 3.6
_MARKS: Final = ("o", "s", "^", "D", "v")


def draw_all(results: Results, docs: Path) -> list[Path]:
    """Writes every chart that the results have numbers for.

    Args:
        results: of a run.
        docs: the folder of the documentation.

    Returns:
        The files.
    """
    drawn = []
    for name, draw in _CHARTS.items():
        figure = draw(results)
        if figure is not None:
            path = docs / FOLDER / f"bench-{name}.svg"
            path.parent.mkdir(parents=True, exist_ok=True)
            with mpl.rc_context(_STYLE):
                figure.savefig(path, format="svg", metadata=_NO_METADATA, bbox_inches="tight")
            drawn.append(path)
    return drawn


def _bars(
    workload: str, variants: Sequence[str] | None = None
) -> Callable[[Results], Figure | None]:
    def draw(results: Results) -> Figure | None:
        shown = [
            variant
            for variant in results.variants(workload)
            if variants is None or variant in variants
        ]
        if not shown:
            return None
        rows = [len(results.systems(workload, variant)) for variant in shown]
        with mpl.rc_context(_STYLE):
            figure = _figure(sum(rows) * _BAR + len(shown) * 0.7)
            for axes, variant in zip(
                figure.subplots(
                    len(shown), 1, squeeze=False, gridspec_kw={"height_ratios": rows}
                ).flat,
                shown,
                strict=True,
            ):
                _one_variant(axes, results, workload, variant)
        return figure

    return draw


def _one_variant(axes: Axes, results: Results, workload: str, variant: str) -> None:
    """A bar per system, the median, with a line from the least to the greatest."""
    systems = results.systems(workload, variant)
    for row, system in enumerate(systems):
        values = results.values(workload, variant, system, "per_second")
        middle = median(values)
        kind = Kind(results.document["systems"][system]["kind"])
        axes.barh(row, middle, height=0.7, color=_COLOURS[kind])
        axes.plot([min(values), max(values)], [row, row], color="black", linewidth=1)
        axes.annotate(
            f"{middle:,.0f}",
            (max(values), row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center_baseline",
        )
    axes.set_yticks(range(len(systems)), systems)
    axes.set_ylim(len(systems) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(_THOUSANDS)
    axes.set_title(f"{variant}, items in a second", loc="left", fontsize=10)


def _rounds(results: Results) -> Figure | None:
    """Drain in each round under the snapshot, beside the same system's fresh drain."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for system in results.systems(HELD_SNAPSHOT.name, HELD):
        runs = results.series(HELD_SNAPSHOT.name, HELD, system, "round_per_second")
        fresh = results.values(HELD_SNAPSHOT.name, HELD, system, "drain_fresh_per_second")
        beside = [
            [rate / base for rate in rounds] for rounds, base in zip(runs, fresh, strict=True)
        ]
        lines[system] = [
            (number, median(each)) for number, each in enumerate(zip(*beside, strict=True), start=1)
        ]
    return _lines(lines, "round under the held snapshot", "drain beside fresh")


def _backlogs(results: Results) -> Figure | None:
    lines: dict[str, list[tuple[float, float]]] = {}
    for variant in results.variants(SCALE.name):
        if variant.startswith("backlog of "):
            for system in results.systems(SCALE.name, variant):
                size = results.values(SCALE.name, variant, system, "size")[0]
                rate = results.values(SCALE.name, variant, system, "drain_per_second")
                lines.setdefault(system, []).append((size, median(rate)))
    figure = _lines(lines, "items in the queue", "drained items in a second")
    if figure is not None:
        figure.axes[0].set_xscale("log")
        figure.axes[0].yaxis.set_major_formatter(_THOUSANDS)
    return figure


def _lines(
    lines: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str
) -> Figure | None:
    if not lines:
        return None
    with mpl.rc_context(_STYLE):
        figure = _figure(_LINES_HEIGHT)
        axes = figure.add_subplot()
        for mark, (system, points) in zip(_MARKS, lines.items(), strict=False):
            axes.plot([x for x, _ in points], [y for _, y in points], marker=mark, label=system)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.grid(axis="y", color="#e2e8f0")
        axes.legend(frameon=False)
    return figure


def _figure(height: float) -> Figure:
    """Without pyplot, which would keep it and look for a display."""
    figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="white")
    FigureCanvasSVG(figure)
    return figure


_THOUSANDS: Final = FuncFormatter(lambda value, _: f"{value:,.0f}")
_CHARTS: Final[Mapping[str, Callable[[Results], Figure | None]]] = {
    "enqueue-one": _bars(ENQUEUE_ONE.name, ("1 client", "8 clients")),
    "enqueue-batch": _bars(ENQUEUE_BATCH.name),
    "drain": _bars(DRAIN.name),
    "held-snapshot": _rounds,
    "backlog": _backlogs,
}
