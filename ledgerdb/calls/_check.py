"""Type checks of arguments. Rules about values are the SQL functions'; these are about what cannot
be sent at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledgerdb.errors import InvalidArgument

_INTEGER_MAX = 2**31 - 1


def refuse(field: str, rule: str) -> InvalidArgument:
    """The error for an argument that cannot be sent."""
    return InvalidArgument(f"{field}: {rule}", field=field, rule=rule)


def text(field: str, value: object) -> str:
    """A text argument.

    Raises:
        InvalidArgument: not a string, a NUL character, or a lone surrogate, which no text of the
            database can hold.
    """
    if not isinstance(value, str):
        raise refuse(field, f"must be a string, not {type(value).__name__}")
    if "\x00" in value:
        raise refuse(field, "must not contain a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refuse(field, "must not contain a lone surrogate") from None
    return value


def optional_text(field: str, value: object) -> str | None:
    """A text argument or None."""
    return None if value is None else text(field, value)


def uuid(field: str, value: object) -> UUID:
    """A UUID argument; its text form is accepted.

    Raises:
        InvalidArgument: neither a UUID nor its text form.
    """
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise refuse(field, "must be a UUID")


def optional_uuid(field: str, value: object) -> UUID | None:
    """A UUID argument or None."""
    return None if value is None else uuid(field, value)


def integer(field: str, value: object) -> int:
    """An integer argument of 32 bits.

    Raises:
        InvalidArgument: not an integer (a bool is none), or out of the type's range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise refuse(field, f"must be an integer, not {type(value).__name__}")
    if not -_INTEGER_MAX - 1 <= value <= _INTEGER_MAX:
        raise refuse(field, f"must fit in 32 bits, not {value}")
    return value


def optional_integer(field: str, value: object) -> int | None:
    """An integer argument or None."""
    return None if value is None else integer(field, value)


def optional_metric(field: str, value: object) -> int | None:
    """A measured integer or None: one that cannot be true is None, since a metric must never cost a
    payment's result.

    Raises:
        InvalidArgument: not an integer.
    """
    if isinstance(value, int) and not 0 <= value <= _INTEGER_MAX:
        return None
    return optional_integer(field, value)


def optional_seconds(field: str, value: object) -> int | None:
    """A wait that the function bounds, or None: what 32 bits cannot hold is bounded here.

    Raises:
        InvalidArgument: not an integer.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = min(max(value, 0), _INTEGER_MAX)
    return optional_integer(field, value)


def number(field: str, value: object) -> int | float | Decimal:
    """A numeric argument.

    Raises:
        InvalidArgument: not a number; a bool is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise refuse(field, f"must be a number, not {type(value).__name__}")
    return value


def boolean(field: str, value: object) -> bool:
    """A boolean argument.

    Raises:
        InvalidArgument: neither True nor False.
    """
    if not isinstance(value, bool):
        raise refuse(field, f"must be True or False, not {type(value).__name__}")
    return value


def optional_boolean(field: str, value: object) -> bool | None:
    """A boolean argument or None."""
    return None if value is None else boolean(field, value)


def operator(actor: object, reason: object) -> dict[str, object]:
    """The arguments that say who decided, and why."""
    return {"p_actor": text("actor", actor), "p_reason": text("reason", reason)}


def json_text(field: str, value: bytes | str | Mapping[str, Any]) -> str:
    """A JSON document as text: bytes and text unchanged, a mapping serialized once.

    Raises:
        InvalidArgument: bytes that are no UTF-8, or a value that JSON cannot express.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            value = bytes(value).decode()
        except UnicodeDecodeError as error:
            raise refuse(field, f"must be UTF-8, byte {error.start} is not") from None
    elif isinstance(value, Mapping):
        value = dump(field, dict(value))
    return text(field, value)


def dump(field: str, value: object) -> str:
    """A Python value as compact JSON.

    Raises:
        InvalidArgument: a value that JSON cannot express (NaN, a Decimal, a cycle).
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise refuse(field, f"must be expressible as JSON: {error}") from None
