"""From rows of the driver to typed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints
from uuid import UUID

from ledgerdb.calls._payload import unread_payload
from ledgerdb.rows import AttemptState, ChainPlace, CompletionOutcome

T = TypeVar("T")


def one(row: type[T]) -> Callable[[Sequence[Any]], T]:
    """Exactly one row."""
    fill = _filling(row)

    def shape(rows: Sequence[Any]) -> T:
        (found,) = rows
        return fill(found)

    return shape


def one_or_none(row: type[T]) -> Callable[[Sequence[Any]], T | None]:
    """One row, or None where there is none."""
    fill = _filling(row)

    def shape(rows: Sequence[Any]) -> T | None:
        if not rows:
            return None
        (found,) = rows
        return fill(found)

    return shape


def many(row: type[T]) -> Callable[[Sequence[Any]], tuple[T, ...]]:
    """Every row, in the order of the function."""
    fill = _filling(row)
    return lambda rows: tuple(map(fill, rows))


def _filling(row: type[T]) -> Callable[[Iterable[Any]], T]:
    """Fills a row class from columns in the order of its fields: words become members of their
    enums, and a payload, which comes as text, a document that is parsed when it is looked at.
    """
    conversions = _conversions(row)  # type: ignore[arg-type]
    if not conversions:
        return lambda columns: row(*columns)

    def fill(columns: Iterable[Any]) -> T:
        values = list(columns)
        for place, convert in conversions:
            if values[place] is not None:
                values[place] = convert(values[place])
        return row(*values)

    return fill


@cache  # type hints are slow to read: a call is made for every payment
def _conversions(row: type) -> tuple[tuple[int, Callable[[Any], object]], ...]:
    hints = get_type_hints(row)
    converted: list[tuple[int, Callable[[Any], object]]] = []
    for place, field in enumerate(fields(row)):
        kinds = get_args(hints[field.name]) or (hints[field.name],)
        if field.name == "payload":
            converted.append((place, unread_payload))
        converted += [
            (place, {str(word): word for word in kind}.__getitem__)
            for kind in kinds
            if isinstance(kind, type) and issubclass(kind, StrEnum)
        ]
    return tuple(converted)


_FROM_JSON: dict[object, Callable[[Any], object]] = {
    ChainPlace: lambda document: from_json(ChainPlace, document),
    UUID: UUID,
    datetime: datetime.fromisoformat,
    AttemptState: AttemptState,
    CompletionOutcome: CompletionOutcome,
}


def from_json(row: type[T], document: dict[str, Any]) -> T:
    """A row class filled from a JSON object whose keys are its fields."""
    hints = get_type_hints(row)
    values = {}
    for field in fields(row):  # type: ignore[arg-type]
        value = document[field.name]
        kinds = get_args(hints[field.name]) or (hints[field.name],)
        convert = next((_FROM_JSON[kind] for kind in kinds if kind in _FROM_JSON), None)
        values[field.name] = value if value is None or convert is None else convert(value)
    return row(**values)
