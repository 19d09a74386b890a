"""The explorer of interleavings: its gates change nothing, its search is whole, it finds what is
broken, and what it finds replays."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from proof.ground import Ground
from proof.interleavings.check import Finding, check_interleavings
from proof.interleavings.gates import gated, on_virtual_clock
from proof.interleavings.head import HEAD_WORLD
from proof.interleavings.judge import judge
from proof.interleavings.plan import Isolation, Program, Scenario
from proof.interleavings.reference import REFERENCE_WORLD, reference_scenarios
from proof.interleavings.replay import load, play_again, save, shrink
from proof.interleavings.scenarios import inside_functions, statements
from proof.interleavings.search import Search
from proof.interleavings.stage import Stage
from proof.interleavings.world import CEILING

RC = Isolation.READ_COMMITTED
SQL = Path(__file__).parents[2] / "sqlfunctions"


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground() as ground:
        yield ground


@pytest.fixture(scope="module")
def stage(ground: Ground) -> Iterator[Stage]:
    with ground.database() as url:
        HEAD_WORLD.prepare(url)
        with Stage(url, HEAD_WORLD) as stage:
            yield stage


def search(stage: Stage, scenario: Scenario) -> Search:
    return Search(partial(stage.play, scenario), random.Random(1))  # noqa: S311  for choosing


def without(name: str, text: str) -> str:
    """A live function without a part of its text."""
    whole = (SQL / f"{name}.sql").read_text("utf-8")
    assert text in whole
    return whole.replace(text, "\n", 1)


def test_gates_leave_found_and_row_count(stage: Stage, ground: Ground) -> None:
    body = """
    declare v_rows integer; v_was boolean;
    begin
        update pg_temp.shared as s set a = 1;
        get diagnostics v_rows = row_count;
        v_was := found;
        perform from pg_temp.shared as s where s.a = case when true then 2 end;
        if found then return 'wrong'; elsif v_was then return 'right ' || v_rows; end if;
        return 'wrong';
    end;
    """
    statement = f"create function pg_temp.f() returns text language plpgsql as $${body}$$"
    with_gates = gated("f", statement, frozenset({"shared"}))
    assert with_gates.count("explorer.gate(") == 2
    with ground.database() as url:
        HEAD_WORLD.prepare(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create temp table shared as select generate_series(1, 3) as a")
            connection.execute(with_gates.encode())
            assert connection.execute("select pg_temp.f()").fetchone() == ("right 3",)


def test_the_clock_of_a_body_is_the_explorers() -> None:
    assert on_virtual_clock("select clock_timestamp(), now(), x.now()") == (
        "select explorer.clock_timestamp(), explorer.now(), x.now()"
    )


def test_every_order_is_played_once_or_impossible(stage: Stage) -> None:
    """Permutations that were played and those of blocked sessions are all that there are."""
    programs = (Program(("extend",), RC), Program(("complete_dispatched",), RC))
    found = search(stage, Scenario("leased", programs, (61,)))
    schedules = set()
    while found.bound is not None:
        bound = found.bound
        trace = found.step()
        assert trace.preemptions == bound
        schedules.add(trace.schedule)
    assert len(schedules) == found.played
    assert found.infeasible > 0
    assert found.played + found.infeasible == math.factorial(5) // (2 * 2)


@pytest.mark.parametrize("situation", HEAD_WORLD.situations)
def test_situations_can_be_made_and_hold(stage: Stage, situation: str) -> None:
    assert judge(stage.play(Scenario(situation, ())), CEILING) == []


def test_sessions_meet_inside_functions(stage: Stage) -> None:
    programs = (Program(("claim",)), Program(("complete_dispatched",)))
    found = search(stage, Scenario("expired", programs, at_gates=True))
    places = set()
    while found.goes_on(bound=1, played=20):
        trace = found.step()
        assert judge(trace, CEILING) == []
        places |= {choice.place for choice in trace.choices}
    assert any(place.startswith("_close_expired_leases:") for place in places)


def test_all_pairs_are_there() -> None:
    for scenarios in (statements(HEAD_WORLD), inside_functions(HEAD_WORLD)):
        pairs = {
            frozenset(call for program in scenario.programs for call in program.calls)
            for scenario in scenarios
        }
        calls = [call.name for call in HEAD_WORLD.calls.values() if call.situations]
        assert all(frozenset({one, other}) in pairs for one in calls for other in calls)
    assert len(set(statements(HEAD_WORLD))) == len(statements(HEAD_WORLD))


@pytest.mark.parametrize(
    ("function", "part"),
    [
        ("_lock_leases", "\n            for update\n"),
        ("seal_ledger", "\n    for update skip locked"),
        ("complete_outbox_attempts", "\n                    and q.lease_token = g.lease_token\n"),
        ("redrive_dead_letters", "\n        for update"),
    ],
)
def test_a_broken_function_is_found(ground: Ground, function: str, part: str) -> None:
    with ground.database(replaced=(without(function, part),)) as url:
        assert check_interleavings(url, seconds=30)


def test_a_finding_shrinks_and_replays(ground: Ground, tmp_path: Path) -> None:
    broken_function = without("complete_outbox_attempts", "\n                for update\n")
    programs = tuple(
        Program((name,)) for name in ("complete_dispatched", "complete_failed", "seal")
    )
    with ground.database(replaced=(broken_function,)) as url:
        HEAD_WORLD.prepare(url)
        with Stage(url, HEAD_WORLD) as stage:
            found = search(stage, Scenario("leased", programs, (61,), at_gates=True))
            broken: list[str] = []
            while not broken:
                trace = found.step()
                broken = judge(trace, CEILING)
            path = tmp_path / "found.json"
            save(shrink(stage, Finding.of(trace, broken)), path)
            again, still_broken = play_again(stage, path)
    scenario, schedule = load(path)
    assert len(scenario.programs) == 2
    assert scenario.ticks == ()
    assert again.schedule == schedule
    assert still_broken[0].partition(":")[0] == broken[0].partition(":")[0]
    assert json.loads(path.read_text())["broken"]


def test_the_reference_deadlocks(ground: Ground) -> None:
    (scenario,) = (s for s in reference_scenarios() if "enqueue_2" in s.programs[0].calls)
    with ground.database("0001") as url:
        REFERENCE_WORLD.prepare(url)
        with Stage(url, REFERENCE_WORLD) as stage:
            broken = judge(stage.play(scenario, (1, 2)), CEILING)
    assert any("40P01" in line for line in broken), broken
