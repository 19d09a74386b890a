"""From rows of the driver to typed rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar, get_args, get_type_hints
from uuid import UUID

from ledgerdb.calls._fill import filling
from ledgerdb.rows import AttemptState, ChainPlace, CompletionOutcome

T = TypeVar("T")


def many(row: type[T]) -> Callable[[Sequence[Any]], tuple[T, ...]]:
    """Every row, in the order of the function."""
    return filling(row)  # type: ignore[arg-type]  # a class can be hashed


def one(row: type[T]) -> Callable[[Sequence[Any]], T]:
    """Exactly one row."""
    fill = many(row)

    def shape(rows: Sequence[Any]) -> T:
        (found,) = fill(rows)
        return found

    return shape


def one_or_none(row: type[T]) -> Callable[[Sequence[Any]], T | None]:
    """One row, or None where there is none."""
    fill = many(row)

    def shape(rows: Sequence[Any]) -> T | None:
        if not rows:
            return None
        (found,) = fill(rows)
        return found

    return shape


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
