"""From result sets to typed rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

from sqlalchemy import Result

from ledgerdb.rows import AttemptState

T = TypeVar("T")


def one(row: Callable[..., T]) -> Callable[[Result[Any]], T]:
    """Exactly one row."""
    return lambda result: row(*result.one())


def one_or_none(row: Callable[..., T]) -> Callable[[Result[Any]], T | None]:
    """One row, or None where there is none."""

    def shape(result: Result[Any]) -> T | None:
        found = result.one_or_none()
        return None if found is None else row(*found)

    return shape


def many(row: Callable[..., T]) -> Callable[[Result[Any]], tuple[T, ...]]:
    """Every row, in the order of the function."""
    return lambda result: tuple(row(*found) for found in result)


def load(document: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """A JSON document with exact numbers: money never passes through a float."""
    return json.loads(document, parse_float=Decimal)


_FROM_JSON: dict[object, Callable[[Any], object]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    AttemptState: AttemptState,
}


def from_json(row: type[T], document: dict[str, Any]) -> T:
    """A row class filled from a JSON object whose keys are its fields."""
    hints = get_type_hints(row)
    values = {}
    for field in fields(row):  # type: ignore[arg-type]
        value = document[field.name]
        kinds = getattr(hints[field.name], "__args__", (hints[field.name],))
        convert = next((_FROM_JSON[kind] for kind in kinds if kind in _FROM_JSON), None)
        values[field.name] = value if value is None or convert is None else convert(value)
    return row(**values)
