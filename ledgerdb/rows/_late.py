"""A field of a row that is read when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Unread", "late"]

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Unread:
    """A value that nobody has looked at.

    Attributes:
        source: what it is read from.
        read: gives the value; it raises nothing.
    """

    source: str
    read: Callable[[str], object]


class _Late:
    """Stands before the slot of a field: whoever looks finds a value there, never an `Unread`. Two
    threads that look at the same time may both read it.
    """

    def __init__(self, slot: Any) -> None:  # noqa: ANN401 - a member descriptor
        self._slot = slot

    def __get__(self, row: object, owner: type | None = None) -> object:
        if row is None:
            return self
        value = self._slot.__get__(row, owner)
        if isinstance(value, Unread):
            value = value.read(value.source)
            self._slot.__set__(row, value)
        return value

    def __set__(self, row: object, value: object) -> None:
        self._slot.__set__(row, value)


def late(name: str) -> Callable[[type[T]], type[T]]:
    """A row class with slots whose field of this name may be given as an `Unread`. It compares,
    pickles and shows itself as if it had been given the value.
    """

    def with_late(row: type[T]) -> type[T]:
        setattr(row, name, _Late(getattr(row, name)))
        return row

    return with_late
