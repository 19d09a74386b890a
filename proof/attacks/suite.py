"""What is attacked, and what must come of it on the reference and at head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from proof.attacks.calls import calls
from proof.attacks.grounds import DENIED, EVERYONE, OWN_SCHEMA, Grounds, outcome
from proof.attacks.listed import ATTACKS
from proof.attacks.traps import SPRUNG, statements
from proof.session import Session

__all__ = [
    "TAKEN",
    "identifiers",
    "kept",
    "outcomes_of",
    "settings_read",
    "trapped",
    "wrong_listed",
]

# There is no such relation, column, function, type or role on the reference.
_ABSENT: Final = {"42P01", "42703", "42883", "42704", "22023"}
# Who takes look-alikes on the reference, where pg_temp comes first for tables and types: each runs
# the attacker's code as a superuser.
TAKEN: Final = {
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
_TOKENS: Final = "select lease_token from public.payment_outbox_pending"
_BODIES: Final = """
select lower(coalesce(p.prosrc, '') || ' ' || coalesce(pg_get_function_sqlbody(p.oid), '')) as body
from pg_proc as p where p.pronamespace = 'public'::regnamespace
"""


def outcomes_of(grounds: Grounds, name: str) -> dict[str, str]:
    """The SQLSTATE, or `ok`, of a listed attack by each attacker."""
    statement = ATTACKS[name].statement.replace("{leased}", grounds.ids["leased"])
    statement = statement.replace("{token}", grounds.token)
    return {who: grounds.outcome(who, statement) for who in EVERYONE}


def wrong_listed(grounds: Grounds, name: str) -> str | None:
    """What is not as it must be: who succeeds, and how the others are refused."""
    attack, found = ATTACKS[name], outcomes_of(grounds, name)
    succeeded = tuple(who for who in EVERYONE if found[who] == "ok")
    refused = {*found.values()} - {"ok"}
    if grounds.is_head:
        right = succeeded == attack.may and refused <= {DENIED}
    else:
        can_work = grounds.connection.info.server_version >= attack.since * 10_000
        right = succeeded == (attack.worked if can_work else ()) and refused <= {DENIED} | _ABSENT
    return None if right else f"{name}: {found}"


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


def identifiers(grounds: Grounds, kind: str, schema: str) -> tuple[int, set[str], dict[str, str]]:
    """Look-alikes of one kind: how many were planted, which functions took one, and what each
    function ended with.
    """
    planted = sum(1 for _ in statements(grounds, kind, schema))
    with trapped(grounds, kind, schema, "mallory_all") as attacker:
        found = {name: outcome(attacker, call) for name, call in calls(grounds).items()}
    return planted, {name for name, state in found.items() if state == SPRUNG}, found


def settings_read(grounds: Grounds) -> set[str]:
    """The settings that the bodies read, from their texts, and that somebody can change."""
    fixed = grounds.rows("select name from pg_settings where context = 'internal'")
    bodies = " ".join(row.body for row in grounds.rows(_BODIES))
    read = re.findall(r"(?:current_setting|_database_setting)\(\s*'([\w.]+)'", bodies)
    return {*read} - {row.name for row in fixed}


def kept(grounds: Grounds) -> Iterator[tuple[str, str, str]]:
    """What is kept beyond RESET ROLE: a plan or a cursor of a role that an attacker had.

    Yields:
        What it is, who tried, and the SQLSTATE or `ok`.
    """
    for who in EVERYONE[1:]:
        session = grounds.attacker(who)
        role = f"symphony_{who}"
        for name, make, use in (
            ("plan", f"prepare kept as {_TOKENS}", "execute kept"),
            ("cursor", f"declare kept cursor for {_TOKENS}", "fetch kept"),
        ):
            yield name, who, outcome(session, f"set local role {role}", make, "reset role", use)
