"""From rows of the driver to row classes, at the price of plain objects.

The constructor of a frozen dataclass sets every field past its own guard, which costs more than the
driver's loading of the row. So a row is written as a draft, a class with the same slots and no
guard, and becomes a row of its class when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, fields, make_dataclass
from enum import StrEnum
from functools import cache
from itertools import starmap
from typing import Any, get_args, get_type_hints

from ledgerdb.calls._payload import unread_payload

__all__ = ["filling"]


@cache  # type hints are slow to read: a call is made for every payment
def filling(row: type) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Fills a frozen row class with slots from columns in the order of its fields: words become
    members of their enums, and a payload, which comes as text, a document that is parsed when it
    is looked at.
    """
    draft = _draft(row)
    conversions = _conversions(row)

    def fill(rows: Sequence[Any]) -> tuple[Any, ...]:
        filled = tuple(starmap(draft, rows))
        for name, convert in conversions:
            for one in filled:
                value = getattr(one, name)
                if value is not None:
                    setattr(one, name, convert(value))
        for one in filled:
            one.__class__ = row
        return filled

    return fill


def _draft(row: type) -> type:
    """The class in its mutable form."""
    return make_dataclass(
        row.__name__,
        [(one.name, one.type, field(default=one.default)) for one in fields(row)],
        eq=False,
        repr=False,
        slots=True,
    )


def _conversions(row: type) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    hints = get_type_hints(row)
    converted: list[tuple[str, Callable[[Any], object]]] = []
    for one in fields(row):
        kinds = get_args(hints[one.name]) or (hints[one.name],)
        if one.name == "payload":
            converted.append((one.name, unread_payload))
        converted += [
            (one.name, {str(word): word for word in kind}.__getitem__)
            for kind in kinds
            if isinstance(kind, type) and issubclass(kind, StrEnum)
        ]
    return tuple(converted)
