"""Rows of the driver become rows of their classes, as if each had been constructed."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ledgerdb import rows
from ledgerdb.calls._shape import many
from ledgerdb.rows import AttemptState, ClaimedItem, CompletedAttempt, CompletionOutcome

ID = UUID(int=1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIMED = (ID, None, "i", "p", 1, "k", "RTGS", '{"a": 1.10}', None, 1, ID, NOW, "0" * 32)
ROWS = [
    row
    for row in vars(rows).values()
    if is_dataclass(row) and isinstance(row, type) and not any(one.kw_only for one in fields(row))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
def test_a_row_is_as_if_it_had_been_constructed(row: type[Any]) -> None:
    columns = (None,) * len(fields(row))
    (filled,) = many(row)([columns])
    constructed = row(*columns)
    assert type(filled) is row
    assert filled == constructed
    assert hash(filled) == hash(constructed)
    assert repr(filled) == repr(constructed)
    assert replace(filled) == copy.copy(filled) == copy.deepcopy(filled) == constructed
    assert pickle.dumps(filled) == pickle.dumps(constructed)
    assert not hasattr(filled, "__dict__")
    name = fields(row)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(filled, name, 1)
    with pytest.raises(FrozenInstanceError):
        delattr(filled, name)


def test_a_field_that_the_function_does_not_give_has_its_default() -> None:
    without, traced = many(ClaimedItem)([CLAIMED]) + many(ClaimedItem)([(*CLAIMED, "00-ab")])
    assert (without.trace_context, traced.trace_context) == (None, "00-ab")
    assert without == replace(traced, trace_context=None)


def test_words_are_members_of_their_enums() -> None:
    known, unknown = many(CompletedAttempt)(
        [(ID, ID, "RECORDED", 1, "DISPATCHED"), (ID, ID, "UNKNOWN", None, None)]
    )
    assert known.outcome is CompletionOutcome.RECORDED
    assert known.state is AttemptState.DISPATCHED
    assert unknown.outcome is CompletionOutcome.UNKNOWN
    assert unknown.state is None


@pytest.mark.parametrize("columns", [CLAIMED[:-1], (*CLAIMED, None, None)])
def test_other_columns_than_its_fields_are_an_error(columns: tuple[object, ...]) -> None:
    with pytest.raises(TypeError, match="ClaimedItem"):
        many(ClaimedItem)([columns])


def test_no_rows() -> None:
    assert many(ClaimedItem)([]) == ()
