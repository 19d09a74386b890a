"""Type checks of arguments. Rules about values are the SQL functions'; these are about what cannot
be sent at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar
from uuid import UUID

from ledgerdb.errors import InvalidArgument

T = TypeVar("T")

INTEGER_MAX: Final = 2**31 - 1
_NO_LIST: Final = (str, bytes, bytearray, memoryview)  # sequences, of what nobody means
NO_NUL: Final = "must not contain a NUL character"
_DIGITS: Final = 300
_REPLACED: Final = str.maketrans({"\x00": "\N{REPLACEMENT CHARACTER}"})
# An escaped NUL, not an escaped backslash before "u0000": no text of the database can hold it.
_JSON_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def refuse(field: str, rule: str) -> InvalidArgument:
    """The error for an argument that cannot be sent."""
    return InvalidArgument(f"{field}: {rule}", field=field, rule=rule)


def text(field: str, value: object) -> str:
    """A text argument.

    Raises:
        InvalidArgument: not a string, a NUL character, or a lone surrogate, which no text of the
            database can hold.
    """
    return _text(field, value)[0]


def encoded(field: str, value: object) -> bytes:
    """A text argument as its bytes; see `text`."""
    return _text(field, value)[1]


def _text(field: str, value: object) -> tuple[str, bytes]:
    if not isinstance(value, str):
        raise refuse(field, f"must be a string, not {type(value).__name__}")
    if "\x00" in value:
        raise refuse(field, NO_NUL)
    try:
        return value, value.encode()
    except UnicodeEncodeError:
        raise refuse(field, "must not contain a lone surrogate") from None


def optional_text(field: str, value: object) -> str | None:
    """A text argument or None."""
    return None if value is None else text(field, value)


def storable(value: str) -> str:
    """A text in which what no text of the database can hold is replaced."""
    return value.translate(_REPLACED).encode(errors="replace").decode()


def optional_remark(field: str, value: object) -> str | None:
    """A code or a message of the rail, or None. It must never cost a payment's result: what cannot
    be stored is replaced, and the function cuts what is too long.

    Raises:
        InvalidArgument: not a string.
    """
    return optional_text(field, storable(value) if isinstance(value, str) else value)


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
    if not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
        raise refuse(field, "must fit in 32 bits")
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
    if isinstance(value, int) and not 0 <= value <= INTEGER_MAX:
        return None
    return optional_integer(field, value)


def optional_seconds(field: str, value: object) -> int | None:
    """A wait that the function bounds, or None: what 32 bits cannot hold is bounded here.

    Raises:
        InvalidArgument: not an integer.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = min(max(value, 0), INTEGER_MAX)
    return optional_integer(field, value)


def number(field: str, value: object) -> int | float | Decimal:
    """A numeric argument.

    Raises:
        InvalidArgument: not a number (a bool is none), or too large or too fine for a double.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise refuse(field, f"must be a number, not {type(value).__name__}")
    try:
        exact = Decimal(value)
        fits = (
            exact.is_nan() or exact.is_infinite() or exact == 0 or abs(exact.adjusted()) < _DIGITS
        )
    except ArithmeticError:
        fits = False
    if not fits:
        raise refuse(field, f"must be a number between 1e-{_DIGITS} and 1e{_DIGITS}")
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


def aware(field: str, value: object) -> datetime:
    """A time with its zone.

    Raises:
        InvalidArgument: no time, or one without a zone: the server would take its own.
    """
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise refuse(field, "must be a time with a time zone")
    return value


def optional_aware(field: str, value: object) -> datetime | None:
    """A time with its zone, or None."""
    return None if value is None else aware(field, value)


def optional_interval(field: str, value: object) -> timedelta | None:
    """A length of time or None.

    Raises:
        InvalidArgument: something else.
    """
    if value is not None and not isinstance(value, timedelta):
        raise refuse(field, f"must be a timedelta, not {type(value).__name__}")
    return value


def members(field: str, value: object, kind: type[T]) -> Sequence[T]:
    """A sequence of instances of one class.

    Raises:
        InvalidArgument: no sequence, or something else in it.
    """
    if not isinstance(value, Sequence) or isinstance(value, _NO_LIST):
        raise refuse(field, f"must be a sequence of {kind.__name__}")
    for member in value:
        if not isinstance(member, kind):
            raise refuse(field, f"must be a sequence of {kind.__name__}")
    return value


def uuids(field: str, value: object) -> list[UUID]:
    """A list of UUIDs or their text forms.

    Raises:
        InvalidArgument: no sequence, or something else in it.
    """
    if not isinstance(value, Sequence) or isinstance(value, _NO_LIST):
        raise refuse(field, "must be a sequence of UUIDs")
    return [uuid(field, member) for member in value]


def operator(actor: object, reason: object) -> dict[str, object]:
    """The arguments that say who decided, and why."""
    return {"p_actor": text("actor", actor), "p_reason": text("reason", reason)}


def json_object(field: str, value: object) -> str:
    """A mapping as JSON.

    Raises:
        InvalidArgument: no mapping, or a value that JSON cannot express.
    """
    if not isinstance(value, Mapping):
        raise refuse(field, f"must be a mapping, not {type(value).__name__}")
    return dump(field, dict(value))


def dump(field: str, value: object) -> str:
    """A Python value as compact JSON.

    Raises:
        InvalidArgument: a value that JSON cannot express (NaN, a Decimal, a cycle), or a text in it
            that the database cannot hold.
    """
    try:
        dumped = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise refuse(field, f"must be expressible as JSON: {error}") from None
    if _JSON_NUL.search(dumped):
        raise refuse(field, NO_NUL)
    return text(field, dumped)
