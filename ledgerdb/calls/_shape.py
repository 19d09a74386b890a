"""From result sets to typed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_type_hints
from uuid import UUID

from sqlalchemy import Result

from ledgerdb.calls._payload import read_payload
from ledgerdb.rows import AttemptState, ChainPlace, CompletionOutcome

T = TypeVar("T")


def one(row: type[T]) -> Callable[[Result[Any]], T]:
    """Exactly one row."""
    fill = _filling(row)
    return lambda result: fill(result.one())


def one_or_none(row: type[T]) -> Callable[[Result[Any]], T | None]:
    """One row, or None where there is none."""
    fill = _filling(row)

    def shape(result: Result[Any]) -> T | None:
        found = result.one_or_none()
        return None if found is None else fill(found)

    return shape


def many(row: type[T]) -> Callable[[Result[Any]], tuple[T, ...]]:
    """Every row, in the order of the function."""
    fill = _filling(row)
    return lambda result: tuple(fill(found) for found in result)


def _filling(row: type[T]) -> Callable[[Iterable[Any]], T]:
    """Fills a row class from columns in the order of its fields: words become members of their
    enums, and a payload, which comes as text, becomes a document.
    """
    hints = get_type_hints(row)
    converted: list[tuple[int, Callable[[Any], object]]] = []
    for place, field in enumerate(fields(row)):  # type: ignore[arg-type]
        kinds = get_args(hints[field.name]) or (hints[field.name],)
        if field.name == "payload":
            converted.append((place, read_payload))
        converted += [
            (place, kind) for kind in kinds if isinstance(kind, type) and issubclass(kind, StrEnum)
        ]

    def fill(columns: Iterable[Any]) -> T:
        values = list(columns)
        for place, convert in converted:
            if values[place] is not None:
                values[place] = convert(values[place])
        return row(*values)

    return fill


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
