"""The columns of a set, each looked at as a whole: what the check of one value would let pass as it
is needs no check of its own. Where there is anything else in it, the values are checked one by one,
so that the error is that of the first wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from ledgerdb.calls import _check as check
from ledgerdb.calls.wire import WireIntegers, WireStrings, WireUuids

__all__ = ["metrics", "optional_texts", "optional_uuids", "remarks", "seconds", "texts", "uuids"]

Column = TypeVar("Column", WireIntegers, WireStrings, WireUuids)


def _column(
    kind: type[Column], checked: Callable[[str, object], Any], field: str, values: list[Any]
) -> Column:
    """A column of values as their check gives them."""
    if len(values) == 1:  # of one the whole is no less work
        return kind([checked(field, values[0])])
    present = [value for value in values if value is not None]
    if present and not _ARE_PLAIN[kind](present):
        return kind([checked(field, value) for value in values])
    if len(present) < len(values):
        checked(field, None)  # whether one may be missing
    return kind(values)


def _are_texts(values: list[Any]) -> bool:
    try:
        joined = "".join(values)
        return "\x00" not in joined and (joined.isascii() or bool(joined.encode()))
    except (TypeError, UnicodeEncodeError):
        return False


def _are_uuids(values: list[Any]) -> bool:
    return set(map(type, values)) == {UUID}


def _are_natural(values: list[Any]) -> bool:
    return set(map(type, values)) == {int} and 0 <= min(values) <= max(values) <= check.INTEGER_MAX


_ARE_PLAIN: Final[Mapping[type, Callable[[list[Any]], bool]]] = {
    WireIntegers: _are_natural,
    WireStrings: _are_texts,
    WireUuids: _are_uuids,
}

# Named for their checks.
texts: Final = partial(_column, WireStrings, check.text)
optional_texts: Final = partial(_column, WireStrings, check.optional_text)
remarks: Final = partial(_column, WireStrings, check.optional_remark)
uuids: Final = partial(_column, WireUuids, check.uuid)
optional_uuids: Final = partial(_column, WireUuids, check.optional_uuid)
metrics: Final = partial(_column, WireIntegers, check.optional_metric)
seconds: Final = partial(_column, WireIntegers, check.optional_seconds)
