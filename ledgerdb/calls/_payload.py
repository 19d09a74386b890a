"""Payloads as Python values. The database takes more than Python's parser reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from ledgerdb.errors import InvalidArgument
from ledgerdb.rows._late import Unread

__all__ = ["load", "read_payload", "unread_payload"]


class _Unreadable(Mapping[str, Any]):
    """A payload that is nested too deeply: whoever looks into it gets an error, and the other items
    of its batch are claimed and handled as ever.
    """

    def _refuse(self) -> NoReturn:
        raise InvalidArgument(
            "payload: is nested too deeply for this interpreter",
            field="payload",
            rule="nested as deeply as Python's parser reads",
        )

    def __getitem__(self, key: str) -> NoReturn:
        self._refuse()

    def __iter__(self) -> Iterator[str]:
        self._refuse()

    def __len__(self) -> int:  # noqa: PLE0303 - it raises
        self._refuse()


def load(document: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """A JSON document with exact numbers: money never passes through a float. An integer with more
    digits than Python makes an `int` of (4300) is a `Decimal`.
    """
    try:
        return json.loads(document, parse_float=Decimal)
    except ValueError:  # the document is well-formed: the database has parsed it
        return json.loads(document, parse_float=Decimal, parse_int=Decimal)


def unread_payload(document: str) -> Unread:
    """The payload of a claimed item, for whoever looks at it."""
    return Unread(document, read_payload)


def read_payload(document: str) -> Mapping[str, Any]:
    """The payload of a claimed item."""
    try:
        payload: Mapping[str, Any] = load(document)
    except RecursionError:
        return _Unreadable()
    return payload
