"""Defect 1, in full: no look-alike of a table, view, function, operator or type, in pg_temp or in a
schema that the attacker owns and puts first, is ever taken for the real thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.defects.site import Session
from tests.security.calls import calls
from tests.security.grounds import OWN_SCHEMA, Grounds, outcome
from tests.security.traps import KINDS, SPRUNG, statements

EXECUTABLE = """
    select p.proname as name from pg_proc as p
    where p.pronamespace = 'public'::regnamespace
        and has_function_privilege('mallory_all', p.oid, 'execute')
"""
FUNCTIONS = """
    select p.oid::regprocedure::text as name from pg_proc as p
    where p.pronamespace = 'public'::regnamespace and p.prosqlbody is null
"""
# Who takes them on the reference, where pg_temp comes first for tables and types: each runs the
# attacker's code as a superuser.
TAKEN = {
    ("tables", "pg_temp"): {
        "bump_participant_outbox_seq",
        "claim_outbox_batch",
        "enqueue_payment_outbox",
    },
    ("views", "pg_temp"): {
        "claim_outbox_batch",
        "complete_outbox_attempt",
        "enqueue_payment_outbox",
        "repair_expired_leases",
    },
    ("types", "pg_temp"): {"complete_outbox_attempt"},
}


@contextmanager
def trapped(grounds: Grounds, kind: str, schema: str, role: str) -> Iterator[Session]:
    """The session of a role, with look-alikes of one kind planted, and gone at the end."""
    url = grounds.url.replace("//postgres@", f"//{role}@")
    with psycopg.connect(url) as connection:
        session = Session(connection)
        for statement in statements(grounds, kind, schema):
            session.rows(statement)
        session.rows(f"set search_path = {schema}, pg_catalog, public, pg_temp")
        connection.commit()  # seal_ledger wants to be the first write of its transaction
        try:
            yield session
        finally:
            connection.rollback()
            if schema == OWN_SCHEMA:
                grounds.make_own_schema()


@pytest.mark.parametrize("schema", ["pg_temp", OWN_SCHEMA])
@pytest.mark.parametrize("kind", KINDS)
def test_no_look_alike_is_taken(grounds: Grounds, kind: str, schema: str) -> None:
    with trapped(grounds, kind, schema, "mallory_all") as attacker:
        found = {name: outcome(attacker, call) for name, call in calls(grounds).items()}
    sprung = {name for name, state in found.items() if state == SPRUNG}
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
