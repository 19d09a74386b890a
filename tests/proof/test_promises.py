"""The promises: they hold at head, and each gate of the harness refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from proof.ground import Ground
from proof.mutants.mutant import replaced
from proof.promises.registry import PROMISES, Promise
from proof.promises.run import Tried, check_promises, for_function
from proof.promises.world import Broken, Moment, World, same


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground() as started:
        yield started


def _named(*places: str) -> list[Promise]:
    found = [promise for promise in PROMISES if promise.place in places]
    assert len(found) == len(places)
    return found


def test_promises_hold_and_leave_nothing_behind(ground: Ground) -> None:
    some = _named("leases.claims", "results.results", "hand.redrives")
    assert list(check_promises(ground, promises=[*some, *some])) == []


def test_a_mistake_is_found_and_named(ground: Ground) -> None:
    mistake = replaced(
        "release_outbox_leases", "next_attempt_at = held.moment", "next_attempt_at = now()"
    )
    (finding,) = check_promises(
        ground, replaced=(mistake,), promises=_named("leases.releases", "leases.claims")
    )
    assert finding.place == "leases.releases"
    assert "next_attempt_at" in str(finding)


def test_an_error_of_the_server_is_a_finding(ground: Ground) -> None:
    mistake = replaced("repair_expired_leases", "limit p_batch_size", "limit p_batch_size / 0")
    (finding,) = check_promises(ground, replaced=(mistake,), promises=_named("leases.repairs"))
    assert finding.found.startswith("22012")


def test_a_promise_with_two_sessions_sees_a_missing_lock(ground: Ground) -> None:
    mistake = replaced("_due_items", "            for update skip locked\n", "")
    findings = check_promises(ground, replaced=(mistake,), promises=_named("races.claims_apart"))
    assert len(list(findings)) == 1


def test_a_refusal_is_compared_with_field_and_rule(ground: Ground) -> None:
    with ground.database() as url:
        world = World(url)

        def refuses(sqlstate: str, column: str, batch_size: int) -> None:
            world.refuses(
                sqlstate,
                column,
                "between 1 and 10000",
                "claim_outbox_items",
                batch_size=batch_size,
                worker_id="w",
                lease_seconds=1,
            )

        refuses("P7118", "p_batch_size", 0)
        for sqlstate, column in (("P7119", "p_batch_size"), ("P7118", "p_limit")):
            with pytest.raises(Broken, match="refusal of claim_outbox_items"):
                refuses(sqlstate, column, 0)
        with pytest.raises(Broken, match="took what it must refuse"):
            refuses("P7118", "p_batch_size", 1)
        world.close()


def test_nothing_may_wait_for_ever(ground: Ground) -> None:
    with ground.database() as url:
        world = World(url)
        with pytest.raises(psycopg.errors.QueryCanceled):
            world.run("set statement_timeout = '5ms'; select pg_sleep(60)")
        world.close()


def test_a_moment_is_a_stretch_of_time() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    second = timedelta(seconds=1)
    moment = Moment(noon, noon + second)
    assert noon == moment
    assert noon + second == moment
    assert noon - second != moment
    assert moment.later(5) == noon + 5 * second
    assert moment != "noon"


@pytest.mark.parametrize(
    ("found", "promised", "message"),
    [
        (1, 2, "row: 1 instead of 2"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "row.a.b: 1 instead of 2"),
        ([1, 2], [1], "row: 2 instead of 1"),
        ([1, 2], [1, 3], r"row\[1\]: 2 instead of 3"),
        ({"a": 1}, {}, "row.a: 1 instead of 'nothing'"),
        ({}, {"a": None}, "row.a: 'nothing' instead of None"),
    ],
)
def test_a_difference_says_where_it_is(found: object, promised: object, message: str) -> None:
    with pytest.raises(Broken, match=message):
        same("row", found, promised)


def test_promises_that_execute_a_function_come_first() -> None:
    tried = {promise.place: Tried(frozenset(), 1) for promise in PROMISES}
    tried["hand.redrives"] = Tried(frozenset({"f"}), 3)
    tried["lists.drift"] = Tried(frozenset({"f"}), 2)
    ordered = [promise.place for promise in for_function("f", tried)]
    assert ordered[:2] == ["lists.drift", "hand.redrives"]
    assert sorted(ordered) == sorted(tried)


def test_no_place_is_taken_twice() -> None:
    places = [promise.place for promise in PROMISES]
    assert sorted(set(places)) == sorted(places)
