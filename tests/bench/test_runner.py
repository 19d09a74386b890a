"""The runner takes turns, and tells what it could not measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench.ground import Ground
from bench.plan import QUICK, Case, Measurement, Profile, Workload
from bench.results import validate
from bench.runner import run, steps
from ledgerdb.errors import DatabaseUnavailable

PROFILE = replace(QUICK, repeats=3, long_repeats=2)


def workload(*planned: Case, is_long: bool = False) -> Workload:
    def cases(_: Profile) -> Iterator[Case]:
        return iter(planned)

    return Workload("w", "nothing", cases, is_long=is_long)


def case(system: str, measure: Callable[[Ground], Measurement]) -> Case:
    return Case("w", "v", system, measure)


def measured(found: dict[str, Any]) -> list[tuple[str, list[float]]]:
    validate(found)
    return [(entry["system"], entry["numbers"]["n"]) for entry in found["results"]]


def test_systems_take_turns(ground: Ground) -> None:
    order: list[str] = []

    def measuring(name: str) -> Callable[[Ground], Measurement]:
        def measure(_: Ground) -> Measurement:
            order.append(name)
            return Measurement({"n": len(order)})

        return measure

    both = workload(case("a", measuring("a")), case("b", measuring("b")))
    told: list[str] = []
    found = run(ground, [both], PROFILE, command="a test", advance=told.append)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert measured(found) == [("a", [1, 4, 5]), ("b", [2, 3, 6])]
    assert len(told) == steps([both], PROFILE) == 6
    assert steps([replace(both, is_long=True)], PROFILE) == 4


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_case_that_fails_has_no_numbers(fails_at: int, ground: Ground) -> None:
    calls = 0

    def failing(_: Ground) -> Measurement:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise DatabaseUnavailable("gone\nfor ever")
        return Measurement({"n": calls})

    sound = case("b", lambda _: Measurement({"n": 1}))
    told: list[str] = []
    found = run(
        ground, [workload(case("a", failing), sound)], PROFILE, command="t", advance=told.append
    )
    assert measured(found) == [("b", [1, 1, 1])]
    (failed,) = found["failed"]
    assert (failed["system"], failed["reason"]) == ("a", "DatabaseUnavailable: gone")
    assert calls == fails_at
    assert len(told) == 6


def test_facts_name_no_place_of_the_machine(ground: Ground) -> None:
    found = run(ground, [], PROFILE, command="a test")
    validate(found)
    told = str(found["machine"]) + str(found["server"])
    assert str(ground.server.data_dir) not in told
    assert found["server"]["settings"]["fsync"] == "off"  # as this test's server is
    assert found["machine"]["file_system"] != "unknown"
