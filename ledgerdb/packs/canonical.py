"""The canonical form of a pack (RFC 8785), and the way back from bytes that nobody trusts.

PostgreSQL's `integer` is a JSON number, its `bigint` a text of digits: no reader loses a digit.
Times are RFC 3339, UTC, with six digits of the second. There are no other numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NoReturn

import rfc8785

from ledgerdb.errors import LedgerError

__all__ = [
    "InvalidPack",
    "canonical",
    "digest_of",
    "epoch_text",
    "parsed",
    "time_text",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000


class InvalidPack(LedgerError):
    """The bytes are no JSON object of the kind that packs are written in; the message says why."""


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document by RFC 8785: one spelling for one content, no line end.

    Raises:
        InvalidPack: a number or a text in it has no such spelling.
    """
    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise InvalidPack(f"has no canonical form: {error}") from error


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 in hex digits over the canonical form of everything but `digest` itself.

    Raises:
        InvalidPack: it has no canonical form.
    """
    content = {name: value for name, value in document.items() if name != "digest"}
    return sha256(canonical(content)).hexdigest()


def parsed(data: bytes) -> dict[str, Any]:
    """The document that the bytes hold. Whatever two readers could understand in two ways is
    refused: a name twice in an object, a number with a fraction or an exponent.

    Raises:
        InvalidPack: it is refused, or no JSON object in UTF-8.
    """
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidPack(f"is no JSON of a pack: {error}") from error
    if not isinstance(document, dict):
        raise InvalidPack("is no JSON object")
    return document


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} is there twice in one object")
    return found


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"the number {number} is no integer")


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC, always with microseconds: such texts sort as the times do."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def epoch_text(time: str) -> str:
    """What PostgreSQL writes for `extract(epoch from ...)::text` of a time of `time_text`.

    Raises:
        ValueError: there is no such time.
    """
    microseconds = (datetime.fromisoformat(time) - _EPOCH) // _MICROSECOND
    sign = "-" if microseconds < 0 else ""
    return f"{sign}{abs(microseconds) // _SECOND}.{abs(microseconds) % _SECOND:06d}"
