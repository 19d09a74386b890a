"""Checks the rules of items, and payloads against their fingerprints."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import psycopg
from psycopg.sql import SQL

from ledgerdb.verify.ledger_readers import Readers
from ledgerdb.verify.ledger_report import FINDINGS_MAX, Findings
from ledgerdb.verify.ledger_rules import CHANGED, RULES, SEVERAL, USED

__all__ = ["INVARIANTS", "PAYLOADS", "check_items", "check_payloads"]

PAYLOADS: Final = "a payload is the one that its identity is bound to"
INVARIANTS: Final = (*RULES, PAYLOADS)

_CEILING: Final = """
select coalesce(max(split_part(entry.line, '=', 2)), '20')
from pg_catalog.pg_db_role_setting as s
join pg_catalog.pg_database as d on d.oid = s.setdatabase and d.datname = current_database()
cross join unnest(s.setconfig) as entry (line)
where s.setrole = 0 and split_part(entry.line, '=', 1) = 'symphony.outbox_retry_ceiling'
"""
_FIRST: Final = """
select x.what, count(*) over () from ({rule}) as x (what) limit {limit}
"""
_PAYLOADS: Final = """
select outbox_id, participant_id, rail_type, payload::text, fingerprint,
    jsonb_build_array(participant_id, rail_type, payload::jsonb)::text
from public.payment_outbox_identities
where payload is not null order by outbox_id desc limit %s
"""


def check_items(
    connection: psycopg.Connection[Any],
    readers: Readers,
    *,
    since: int | None,
    ceiling: int | None,
    findings: Findings,
    progress: Callable[[str, int], None],
) -> tuple[str, ...]:
    """Every rule; the names of those that were checked.

    Args:
        connection: reads the ceiling.
        readers: each rule is read by one of them.
        since: look at items with attempts behind this position only; None for all.
        ceiling: the highest retry ceiling that ever was in force; None takes today's.
        findings: what is wrong goes there.
        progress: told how many rules are checked.
    """
    if ceiling is None:
        ((configured,),) = connection.execute(_CEILING).fetchall()
        ceiling = int(configured) if configured.isdecimal() else 20
    changed = SQL("true" if since is None else CHANGED)
    several = SQL(SEVERAL).format(changed=changed)

    def read(reader: psycopg.Connection[Any], name: str) -> list[tuple[str, int]]:
        rule = SQL(RULES[name].query).format(changed=changed, several=several, used=SQL(USED))
        query = SQL(_FIRST).format(rule=rule, limit=SQL(str(FINDINGS_MAX)))
        return reader.execute(query, {"since": since, "ceiling": ceiling}).fetchall()

    checked = tuple(name for name, rule in RULES.items() if since is None or not rule.whole)
    for number, (name, broken) in enumerate(readers.map(read, checked), 1):
        for thing, count in broken:
            findings.add(name, thing, RULES[name].consequence, count=count)
        progress("rules", number)
    return checked


def check_payloads(connection: psycopg.Connection[Any], limit: int, findings: Findings) -> None:
    """The newest payloads against their fingerprints; those from before revision 0004 are bound to
    the value instead of the bytes.
    """
    with connection.cursor("payloads") as cursor:
        cursor.itersize = 100  # a payload has up to 1 MiB
        for outbox_id, participant, rail, payload, fingerprint, value in cursor.execute(
            _PAYLOADS, [limit]
        ):
            parts = f"{len(participant)}:{participant}{len(rail)}:{rail}{payload}"
            if bytes(fingerprint) not in (_sha256(parts), _sha256(value)):
                findings.add(
                    PAYLOADS, f"item {outbox_id}", "another payment than was accepted may be sent"
                )


def _sha256(text: str) -> bytes:
    return sha256(text.encode()).digest()
