"""A column is what the check of one makes of each of its values, and so are its errors."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest

from ledgerdb.calls import _check as check
from ledgerdb.calls import _columns as columns
from ledgerdb.calls.wire import WireIntegers, WireStrings, WireUuids
from ledgerdb.errors import InvalidArgument
from ledgerdb.rows import AttemptState

U = UUID(int=7)


class Level(IntEnum):
    LOW = 1


class OtherUUID(UUID):
    """A UUID, and not of the class itself."""


KINDS: dict[str, tuple[Callable[..., Any], Callable[..., Any], type, object]] = {
    "texts": (columns.texts, check.text, WireStrings, "x"),
    "optional_texts": (columns.optional_texts, check.optional_text, WireStrings, "x"),
    "remarks": (columns.remarks, check.optional_remark, WireStrings, "x"),
    "uuids": (columns.uuids, check.uuid, WireUuids, U),
    "optional_uuids": (columns.optional_uuids, check.optional_uuid, WireUuids, U),
    "metrics": (columns.metrics, check.optional_metric, WireIntegers, 1),
    "seconds": (columns.seconds, check.optional_seconds, WireIntegers, 1),
}
VALUES: tuple[object, ...] = (
    *(None, "", "x", "é😀", "\x00", "a\x00b", "\ud800", "\udc00", AttemptState.FAILED, b"x"),
    *(U, str(U), OtherUUID(int=8), [], {}, object(), 0.5, True, Level.LOW),
    *(0, 1, -1, 2**31 - 1, 2**31, -(2**31), 10**30),
)


def outcome(give: Callable[..., Any], given: list[Any]) -> object:
    try:
        return give("name", given)
    except InvalidArgument as error:
        return str(error), error.field, error.rule


def each(checked: Callable[[str, object], object]) -> Callable[[str, list[Any]], list[object]]:
    return lambda field, given: [checked(field, value) for value in given]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_it_is_the_check_of_each(kind: str, size: int) -> None:
    column, checked, wire, plain = KINDS[kind]
    for value in VALUES:
        for place in {0, size // 2, size - 1}:
            given = [plain] * size
            given[place] = value
            whole = outcome(column, given)
            assert whole == outcome(each(checked), given)
            assert type(whole) in {wire, tuple}


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_wrong_one_is_named(kind: str) -> None:
    column, checked, _, plain = KINDS[kind]
    for first in VALUES:
        for second in VALUES:
            given = [plain, first, None, second, plain]
            assert outcome(column, given) == outcome(each(checked), given)


@pytest.mark.parametrize("kind", KINDS)
def test_no_values(kind: str) -> None:
    column, _, wire, _ = KINDS[kind]
    assert column("name", []) == []
    assert type(column("name", [])) is wire


def test_what_was_given_does_not_change() -> None:
    given = [None, "a\x00b", "x"]
    assert columns.remarks("name", given) == [None, "a\N{REPLACEMENT CHARACTER}b", "x"]
    assert given == [None, "a\x00b", "x"]


def test_half_a_character_at_the_end_of_each_is_none() -> None:
    """Joined they must not make a whole one."""
    with pytest.raises(InvalidArgument, match="lone surrogate"):
        columns.texts("name", ["\ud83d", "\ude00"])
