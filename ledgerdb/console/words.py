"""How values are written on a page: filters of the templates."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from markupsafe import Markup, escape

__all__ = ["FILTERS", "duration", "instant", "number", "visible"]

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_NOTHING: Final = "\N{EN DASH}"
_SECOND: Final = timedelta(seconds=1)
_FINE: Final = timedelta(seconds=10)


def number(value: float) -> str:
    """1234567 -> 1,234,567."""
    return f"{value:,}"


def duration(value: timedelta) -> str:
    """The two largest units, as people say it: 90 seconds -> `1 min 30 s`."""
    if value < timedelta(0):
        return f"-{duration(-value)}"
    if value < _SECOND:
        return f"{round(value / timedelta(milliseconds=1))} ms"
    if value < _FINE:
        return f"{value / _SECOND:.1f} s"
    left = int(value / _SECOND)
    said: list[str] = []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count or said:
            said.append(f"{count} {unit}" if count else "")
        if len(said) == 2:  # noqa: PLR2004 - the two largest
            break
    return " ".join(word for word in said if word)


def since(then: datetime | None, now: datetime) -> str:
    """How long ago; never less than nothing, as clocks of a page and of a row may differ."""
    return _NOTHING if then is None else duration(max(now - then, timedelta(0)))


def until(then: datetime, now: datetime) -> str:
    """`in 3 min`, or `3 min ago`."""
    return f"in {duration(then - now)}" if then > now else f"{duration(now - then)} ago"


def instant(value: datetime | None) -> Markup | str:
    """A time in UTC, to the millisecond for machines and for who points at it."""
    if value is None:
        return _NOTHING
    at = value.astimezone(UTC)
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(
        at.isoformat(timespec="milliseconds"), f"{at:%Y-%m-%d %H:%M:%S}"
    )


def clock(value: datetime) -> str:
    """The minute of a time in UTC."""
    return f"{value.astimezone(UTC):%H:%M}"


def visible(value: object) -> str:
    """Text of the data as a reader should see it: nothing in it is invisible, and nothing in it
    changes the direction of what is beside it.
    """
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        else character
        for character in str(value)
    )


def visible_lines(value: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(visible(line) for line in value.split("\n"))


def name(value: object) -> Markup:
    """An identifier that somebody else chose, kept apart from the text around it."""
    if value is None or value == "":
        return Markup('<span class="none">none</span>')
    return Markup('<bdi class="name">{0}</bdi>').format(escape(visible(value)))


FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "clock": clock,
    "duration": duration,
    "instant": instant,
    "name": name,
    "number": number,
    "since": since,
    "until": until,
    "visible": visible,
    "visible_lines": visible_lines,
}
