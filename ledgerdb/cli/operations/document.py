"""One JSON document for machines, spelled the same on every run.

Times are RFC 3339 in UTC with microseconds, ids are lower case, and numbers of a payload that are
not whole are strings: no reader rounds an amount. The text is ASCII.
`docs/cli.schema.json` describes every document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import typer

__all__ = ["echo", "spelled", "with_instants"]


def echo(document: object) -> None:
    """Prints the document on one line."""
    typer.echo(json.dumps(document, default=spelled, allow_nan=False))


def spelled(value: Any) -> Any:  # noqa: ANN401 - whatever json does not know
    """How a value that JSON has no type for is written.

    Raises:
        TypeError: nobody said how.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no spelling in JSON")


def with_instants(document: Any) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """A document of the database, whose times are text in the session's time zone, with times."""
    if isinstance(document, Mapping):
        return {
            key: datetime.fromisoformat(value)
            if isinstance(value, str) and key.endswith("_at")
            else with_instants(value)
            for key, value in document.items()
        }
    if isinstance(document, Sequence) and not isinstance(document, str):
        return [with_instants(value) for value in document]
    return document
