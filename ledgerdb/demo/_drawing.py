"""Drawings for the report: SVG to be put into the page, in the page's own fonts and colours.

matplotlib draws with placeholder colours, which become CSS variables, and leaves text as text, so
a drawing follows the light or the dark scheme of its reader. Each is made twice, for a wide page
and for a phone: one drawing scaled down to 360 px could not be read.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

__all__ = [
    "AXIS_PX",
    "FINISHED",
    "INK",
    "MUTED",
    "OUTCOMES",
    "PAPER",
    "PENDING",
    "Chart",
    "Size",
    "axes_in",
    "draw",
    "finish",
    "number",
    "number_px",
]

# Placeholder -> what the page calls it. Black is not among them: matplotlib leaves it out.
INK, MUTED, _RULE, PAPER = "#a00001", "#a00002", "#a00003", "#a00004"
FINISHED, _FAILED, PENDING = "#a00005", "#a00006", "#a00007"
_CSS: Final = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    _RULE: "var(--rule)",
    PAPER: "var(--paper)",
    FINISHED: "var(--finished)",
    _FAILED: "var(--failed)",
    PENDING: "var(--pending)",
}
OUTCOMES: Final = {"DISPATCHED": FINISHED, "FAILED": _FAILED}

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ledgerdb",
    "font.family": ["DejaVu Sans"],  # comes with matplotlib; the page's own font replaces it
    "font.size": 12.0,
    "text.color": INK,
    "text.parse_math": False,
    "axes.unicode_minus": False,
}
_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))

WIDE_PX: Final = 880
NARROW_PX: Final = 340
AXIS_PX: Final = 44


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing for a wide page and one for a phone; both are `<svg>` elements."""

    wide: str
    narrow: str


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels of a drawing, at which its text has the size of the page's small text."""

    width: int
    height: int

    @property
    def is_narrow(self) -> bool:
        """True on a phone."""
        return self.width == NARROW_PX


def number(value: int) -> str:
    """An integer in groups of three digits, with the narrow no-break space of ISO 80000."""
    return f"{value:,}".replace(",", "\u202f")


def number_px(value: float) -> float:
    """Width of a number beside an axis, on the safe side for any font."""
    return 14 + 7.5 * len(number(round(value)))


def axes_in(
    figure: Figure, size: Size, *, left: float, right: float, top: float, bottom: float
) -> Axes:
    """Axes without a frame, at margins in pixels: nothing is measured, so nothing can collapse."""
    width = (size.width - left - right) / size.width
    height = (size.height - top - bottom) / size.height
    axes = figure.add_axes((left / size.width, bottom / size.height, width, height))
    axes.set_frame_on(False)
    axes.tick_params(length=0, pad=6, labelcolor=INK)
    return axes


def finish(axes: Axes, x_label: str) -> None:
    """Rules behind the data, counts on the y axis, a line to stand on."""
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=_RULE, linewidth=1)
    axes.axhline(axes.get_ylim()[0], color=MUTED, linewidth=1.6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value))))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x_label, color=MUTED, labelpad=6)


def draw(
    name: str, label: str, paint: Callable[[Figure, Size], None], *, wide: int, narrow: int
) -> Chart:
    """Both drawings; `wide` and `narrow` are their heights in pixels.

    Args:
        name: of the chart, unique in the page.
        label: what a screen reader says in place of the drawing.
    """
    return Chart(
        wide=_svg(f"{name}-wide", label, paint, Size(WIDE_PX, wide)),
        narrow=_svg(f"{name}-narrow", label, paint, Size(NARROW_PX, narrow)),
    )


def _svg(name: str, label: str, paint: Callable[[Figure, Size], None], size: Size) -> str:
    """Draws without pyplot, which would keep the figure and look for a display."""
    out = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Measured in a font that may lack the glyph, drawn by the browser in one that has it.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ ", category=UserWarning)
        figure = Figure(figsize=(size.width / 72, size.height / 72), dpi=72)
        FigureCanvasSVG(figure)
        paint(figure, size)
        figure.savefig(out, format="svg", transparent=True, metadata=_NO_METADATA)
    return _inlined(out.getvalue(), name, label, size)


def _inlined(svg: str, name: str, label: str, size: Size) -> str:
    """The drawing as a part of a page: no prologue or style of its own, ids that are unique."""
    body = svg[svg.index(">", svg.index("<svg")) + 1 :]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{name}-", body)
    body = re.sub(r" ?font-family: [^;\"]*;?", "", body)
    for placeholder, colour in _CSS.items():
        body = body.replace(placeholder, colour)
    kind = "narrow" if size.is_narrow else "wide"
    return (
        f'<svg class="chart {kind}" viewBox="0 0 {size.width} {size.height}" role="img" '
        f'aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">{body}'
    )
