"""The kinds of columns that the tables are made of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    DateTime,
    MetaData,
    Numeric,
    Text,
    TypeDecorator,
    Uuid,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ENUM, JSONB
from sqlalchemy.types import UserDefinedType

from ledgerdb.rows import AttemptState

__all__ = [
    "DueTime",
    "Internal",
    "attempt_state",
    "instant",
    "json",
    "jsonb",
    "metadata",
    "number",
    "text",
    "uuid",
]

metadata: Final = MetaData(schema="public")
attempt_state: Final = ENUM(
    *(state.value for state in AttemptState), name="outbox_attempt_state", schema="public"
)


class Internal(UserDefinedType[str]):
    """A type of PostgreSQL's own catalog, such as `xid8`, read as text."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """The name of the type."""
        return self.name


class DueTime(TypeDecorator[datetime]):
    """A time that may be infinity, which no `datetime` can be: it is read as None."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What is selected."""
        return func.nullif(column, literal_column("'infinity'"), type_=self)


def text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, Text, nullable=null, primary_key=key)


def uuid(name: str, *, null: bool = False, key: bool = False) -> Column[UUID]:
    """A uuid column."""
    return Column(name, Uuid, nullable=null, primary_key=key)


def instant(name: str, *, null: bool = False, key: bool = False) -> Column[datetime]:
    """A timestamptz column."""
    return Column(name, DateTime(timezone=True), nullable=null, primary_key=key)


def number(name: str) -> Column[Decimal]:
    """A numeric column."""
    return Column(name, Numeric, nullable=False)


def json(name: str) -> Column[dict[str, Any] | None]:
    """A json column: the document's own bytes."""
    return Column(name, JSON, nullable=True)


def jsonb(name: str, *, null: bool = False) -> Column[dict[str, Any]]:
    """A jsonb column."""
    return Column(name, JSONB, nullable=null)
