"""Items have the size that was asked for, are JSON, and are all different."""

from __future__ import annotations

import json
import zlib
from itertools import islice

import pytest

from bench.items import Spread, items


@pytest.mark.parametrize("size", [64, 1_024, 65_536])
def test_the_size(size: int) -> None:
    for item in islice(items("i", payload_bytes=size), 300):
        assert len(item.payload.encode()) == size
        assert json.loads(item.payload)["name"] == item.name


def test_the_filling_does_not_compress_to_nothing() -> None:
    some = "".join(item.payload for item in islice(items("i"), 50))
    assert len(zlib.compress(some.encode())) > len(some) // 3


def test_names_and_participants() -> None:
    many = list(islice(items("i"), 2_000))
    assert len({item.name for item in many}) == 2_000
    assert len({item.participant for item in many}) == 1_000
    assert len({item.participant for item in islice(items("i", spread=Spread.HOT), 50)}) == 1
