"""Mutants: made where a mistake can be made, killed or shown, and never silently outdated."""

from __future__ import annotations

import pytest
from pglast.parser import parse_plpgsql_json

from proof.ground import Ground
from proof.mutants.command import _report
from proof.mutants.generated import _of, generate
from proof.mutants.kill import Verdict, judge
from proof.mutants.listed import listed
from proof.mutants.mutant import FUNCTIONS, Mutant, replaced
from proof.promises.registry import PROMISES
from proof.promises.run import Tried

_BODY = """create or replace function public.f(p_a integer)
returns integer
language plpgsql
as $function$
begin
    if p_a < 3 and p_a is not null then
        perform 1;
    end if;
    update t x set a = 1, b = case when x.a = 2 then 3 end where x.c between 4 and 5;
    return (select y.id from t as y order by y.id limit 1 for update skip locked);
end;
$function$;
"""


def _changes() -> set[str]:
    live = _BODY.splitlines()
    return {
        line.strip()
        for mutant in _of("f", _BODY)
        for line in mutant.text.splitlines()
        if line not in live
    }


@pytest.mark.parametrize(
    "line",
    [
        "if p_a <= 3 and p_a is not null then",
        "if p_a < 4 and p_a is not null then",
        "if p_a < 3 or p_a is not null then",
        "if p_a < 3 and p_a is null then",
        "if p_a is not null then",
        "if p_a < 3  then",
        "if not coalesce((p_a < 3 and p_a is not null), false) then",
        "if false then",
        "null;",
        "update t x set  b = case when x.a = 2 then 3 end where x.c between 4 and 5;",
        "update t x set a = 1 where x.c between 4 and 5;",
        "update t x set a = 1, b = case when x.a <> 2 then 3 end where x.c between 4 and 5;",
        "return (select y.id from t as y order by y.id desc limit 1 for update skip locked);",
        "return (select y.id from t as y order by y.id  for update skip locked);",
        "return (select y.id from t as y order by y.id limit 1 for update );",
        "return (select y.id from t as y order by y.id limit 1 );",
        "return (select null from t as y order by y.id limit 1 for update skip locked);",
    ],
)
def test_a_mistake_is_made(line: str) -> None:
    assert line in _changes()


@pytest.mark.parametrize(
    "line",
    [
        "update t x set a <> 1, b = case when x.a = 2 then 3 end where x.c between 4 and 5;",
        "update t x set a = 1, b = case when x.a = 2 then 3 end where x.c between 4 or 5;",
    ],
)
def test_what_is_no_condition_is_left_alone(line: str) -> None:
    assert line not in _changes()


def test_every_function_is_mutated_the_same_way_each_time() -> None:
    mutants = generate()
    assert [mutant.text for mutant in mutants] == [mutant.text for mutant in generate()]
    without = {path.stem for path in FUNCTIONS.glob("*.sql")} - {one.function for one in mutants}
    assert all(name.startswith("deny_") for name in without), without
    assert len({(one.function, one.text) for one in mutants}) == len(mutants) > 1000


def test_the_list_fits_the_live_files() -> None:
    mutants = listed()
    assert len(mutants) >= 50
    assert all(mutant.why for mutant in mutants)
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        if "language plpgsql" in mutant.text:
            parse_plpgsql_json(mutant.text.replace("public.outbox_attempt_state[]", "text[]"))


def test_a_mutant_that_does_not_fit_any_more_is_an_error() -> None:
    with pytest.raises(LookupError, match="0 times"):
        replaced("uuid_strategy", "what was never there", "")
    with pytest.raises(LookupError, match="2 times"):
        replaced("repair_expired_leases", "for update skip locked", "")


def test_a_mutant_is_killed_and_one_that_does_not_compile_is_stillborn() -> None:
    tried = {promise.place: Tried(frozenset(), 1) for promise in PROMISES}
    tried["limits.bump_participant_outbox_seq"] = Tried(
        frozenset({"bump_participant_outbox_seq"}), 0
    )
    mutant, broken = (
        Mutant(
            "m",
            "bump_participant_outbox_seq",
            replaced("bump_participant_outbox_seq", "'P7113'", new),
        )
        for new in ("'P7114'", "'P7113' +")
    )
    with Ground() as ground:
        verdict = judge(ground, mutant, tried)
        assert verdict.killer == "promises"
        assert "P7113" in verdict.finding
        assert judge(ground, broken, tried).stillborn


def test_a_survivor_is_a_finding_with_its_difference() -> None:
    mutant = Mutant(
        "m", "uuid_strategy", replaced("uuid_strategy", "then 'uuidv7'", "then 'uuidv8'"), "why"
    )
    killed = _report([Verdict(mutant, "promises", "found", 1)], [mutant], 1, 0)
    assert not killed["findings"]
    assert killed["counts"]["listed killed"] == 1
    report = _report([Verdict(mutant, "", "", 1)], [mutant], 1, 0)
    (finding,) = report["findings"]
    assert (
        "-        when to_regprocedure('pg_catalog.uuidv7()') is not null then 'uuidv7'" in finding
    )
    outdated = _report([Verdict(mutant, "", "syntax", 1, stillborn=True)], [mutant], 1, 0)
    assert outdated["findings"] == ["cannot be installed: m: syntax"]
