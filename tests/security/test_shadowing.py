"""Defect 1, in full: no look-alike of a table, view, function, operator or type, in pg_temp or in a
schema that the attacker owns and puts first, is ever taken for the real thing.
"""

from __future__ import annotations

import pytest

from proof.attacks.calls import calls
from proof.attacks.grounds import OWN_SCHEMA, Grounds, outcome
from proof.attacks.suite import TAKEN, identifiers, trapped
from proof.attacks.traps import KINDS, SPRUNG

EXECUTABLE = """
    select p.proname as name from pg_proc as p
    where p.pronamespace = 'public'::regnamespace
        and has_function_privilege('mallory_all', p.oid, 'execute')
"""
FUNCTIONS = """
    select p.oid::regprocedure::text as name from pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.prosqlbody is null
"""


@pytest.mark.parametrize("schema", ["pg_temp", OWN_SCHEMA])
@pytest.mark.parametrize("kind", KINDS)
def test_no_look_alike_is_taken(grounds: Grounds, kind: str, schema: str) -> None:
    _, sprung, found = identifiers(grounds, kind, schema)
    assert sprung == grounds.either(reference=TAKEN.get((kind, schema), set()), head=set()), found
    if grounds.is_head:  # and each did its work
        assert set(found.values()) == {"ok"}, found


def test_every_function_that_somebody_may_execute_is_called(head: Grounds) -> None:
    assert {row.name for row in head.rows(EXECUTABLE)} == set(calls(head))


@pytest.mark.parametrize("kind", ["functions", "operators"])
def test_the_traps_work(head: Grounds, kind: str) -> None:
    """Without the pinned path they spring, so it is the path that holds."""
    with trapped(head, kind, OWN_SCHEMA, "postgres") as superuser:
        superuser.rows(f"grant execute on all functions in schema {OWN_SCHEMA} to public")
        for row in head.rows(FUNCTIONS):
            superuser.rows(
                f"alter function public.{row.name} set search_path = {OWN_SCHEMA}, pg_catalog"
            )
        found = {
            name: outcome(superuser, "set local session authorization mallory_all", call)
            for name, call in calls(head).items()
        }
    assert SPRUNG in found.values(), found
