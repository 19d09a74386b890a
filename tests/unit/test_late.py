"""A payload is parsed when somebody looks at it, once, and nobody can tell otherwise."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ledgerdb.calls._payload import unread_payload
from ledgerdb.rows import ClaimedItem
from ledgerdb.rows._late import Unread

DOCUMENT = {"amount": "10.00"}


def claimed(payload: Any) -> ClaimedItem:  # noqa: ANN401 - read or not
    number = UUID(int=1)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return ClaimedItem(number, None, "i", "p", 1, "k", "RTGS", payload, None, 1, number, at, "0")


def test_it_is_read_once_and_only_when_looked_at() -> None:
    read: list[str] = []

    def reading(source: str) -> object:
        read.append(source)
        return json.loads(source)

    item = claimed(Unread(json.dumps(DOCUMENT), reading))
    assert item.rail_type == "RTGS"
    assert "10.00" not in repr(item)
    assert read == []
    assert item.payload == DOCUMENT
    assert item.payload is item.payload
    assert len(read) == 1


def test_it_is_a_value() -> None:
    def unread() -> ClaimedItem:
        return claimed(unread_payload(json.dumps(DOCUMENT)))

    read = claimed(DOCUMENT)
    assert unread() == read
    assert unread() != claimed({"amount": "10.01"})
    assert repr(unread()) == repr(read)
    assert pickle.loads(pickle.dumps(unread())) == read  # noqa: S301 - our own bytes
    assert copy.deepcopy(unread()) == read
    assert replace(unread(), attempt_no=1) == read
    assert asdict(unread()) == asdict(read)
    assert json.dumps(unread().payload) == json.dumps(DOCUMENT)


def test_a_row_that_was_given_a_value_keeps_it() -> None:
    assert claimed(DOCUMENT).payload is DOCUMENT
