"""Text for people: tables that fit, ages, times, words in their colours.

On a terminal a table that is too wide becomes one block a row. In a pipe every row is one line,
however long: nothing is cut, and nothing is coloured.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

__all__ = [
    "Cell",
    "age",
    "console",
    "counted",
    "instant",
    "number",
    "plain",
    "print_lines",
    "seconds",
    "show",
    "state",
]

Cell = str | Text

_WIDTH_MAX: Final = 100_000  # columns; a pipe has no width
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
# Characters that do something to a terminal instead of being seen on it: controls, and what turns
# the direction of the text. A worker's message may have them.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_STYLES: Final = {
    "DISPATCHED": "green",
    "REDRIVEN": "green",
    "READY": "cyan",
    "LEASED": "blue",
    "RETRYABLE": "yellow",
    "EXPIRED": "yellow",
    "ZOMBIE_REQUEUE": "yellow",
    "PAUSED": "yellow",
    "FAILED": "red",
    "DISPUTED": "bold red",
    "IN_DOUBT": "bold red",
    "PAYLOAD_MISMATCH": "bold red",
}


def console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is; it heeds NO_COLOR, and has no width in a pipe."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = _WIDTH_MAX
    return found


def show(
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    right: Sequence[str] = (),
    out: Console | None = None,
) -> None:
    """Prints rows below their headings; those named in `right` are flush right."""
    out = out or console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(
            heading, justify="right" if heading in right else "left", no_wrap=True, overflow="fold"
        )
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    width = Measurement.get(out, out.options.update(max_width=_WIDTH_MAX), table).maximum
    if not out.is_terminal:
        print_lines(out, table, width)
    elif width <= out.width:
        out.print(table)
    else:
        _print_blocks(out, headings, rows)


def print_lines(out: Console, table: RenderableType, width: int) -> None:
    """Prints to a pipe: without the blanks with which a table fills its last column."""
    with out.capture() as captured:
        out.print(table, width=max(width, 1))
    for line in captured.get().splitlines():
        out.file.write(line.rstrip() + "\n")
    out.file.flush()  # a reader that has gone is met here, and not at the end of the process


def _print_blocks(out: Console, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    longest = max(map(len, headings))
    for place, row in enumerate(rows):
        if place:
            out.print()
        block = Table(box=None, pad_edge=False, show_header=False)
        block.add_column(style="bold", no_wrap=True, min_width=longest)
        block.add_column(overflow="fold")
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                block.add_row(heading, plain(cell))
        out.print(block)


def plain(cell: Cell) -> Text:
    """Text in which every character is seen: others are written as \\x1b and the like."""
    if isinstance(cell, Text):
        return cell
    if all(unicodedata.category(character) not in _UNSEEN for character in cell):
        return Text(cell)
    return Text(
        "".join(
            character.encode("unicode_escape").decode()
            if unicodedata.category(character) in _UNSEEN
            else character
            for character in cell
        )
    )


def state(word: str | None) -> Text:
    """A state or an outcome in its colour."""
    return plain(word or "") if word not in _STYLES else Text(word, style=_STYLES[word])


def number(value: int | None) -> str:
    """With thousands apart."""
    return "" if value is None else f"{value:,}"


def counted(value: int, noun: str) -> str:
    """A number of things: 1 item, 2 items."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def instant(moment: datetime | None, *, millis: bool = False) -> str:
    """A time in UTC; the heading says so."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    text = f"{utc:%Y-%m-%d %H:%M:%S}"
    return f"{text}.{utc.microsecond // 1_000:03}" if millis else text


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, by the clock of the server."""
    return "" if since is None else seconds((now - since) / timedelta(seconds=1))


def seconds(duration: float) -> str:
    """A duration in its two largest units: 4 ms, 3 s, 3 min 12 s, 2 h 5 min, 4 d 3 h."""
    duration = max(duration, 0.0)
    if duration < 1:
        return f"{duration * 1_000:.0f} ms"
    whole = int(duration)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large:,} {large_unit}" + (f" {small} {small_unit}" if small else "")
