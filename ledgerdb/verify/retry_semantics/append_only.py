"""The attempts cannot be changed: not by their owner, not by a superuser, not in replica mode."""

from __future__ import annotations

from typing import Any, Final, LiteralString

from psycopg import sql
from sqlalchemy import URL

from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session

__all__ = ["check"]

_REFUSED: Final = "P0001"
_STATEMENTS: Final[dict[str, LiteralString]] = {
    "update": "update public.payment_outbox_attempts set error_message = 'changed'",
    "delete": "delete from public.payment_outbox_attempts",
    "truncate": "truncate public.payment_outbox_attempts cascade",
}
_CONTENT: Final[LiteralString] = """
select count(*) || ' rows, ' || encode(sha256(convert_to(coalesce(
    string_agg(to_jsonb(a)::text, E'\\n' order by a.outbox_id, a.attempt_no), ''
), 'UTF8')), 'hex')
from public.payment_outbox_attempts as a
"""


def check(url: URL) -> Part:
    """Tries every statement as everybody who could, each in a transaction that is rolled back."""
    findings = []
    tried: dict[str, Any] = {}
    with Session(url) as session:
        (outbox_id,) = session.enqueue("append-only")
        item = session.claim_one(outbox_id, "worker")
        session.complete(item, "worker", "DISPATCHED")
        owner = session.value(
            """select pg_catalog.pg_get_userbyid(c.relowner) from pg_catalog.pg_class as c
            where c.oid = 'public.payment_outbox_attempts'::regclass"""
        )
        before = session.value(_CONTENT)
        for actor, role in {"superuser": None, "owner": owner}.items():
            for mode in ("origin", "replica"):
                for name, statement in _STATEMENTS.items():
                    what = f"{name} as {actor} in {mode} mode"
                    outcome, content = _try(session, statement, mode, role)
                    tried[what] = outcome
                    if outcome != _REFUSED:
                        findings.append(f"{what}: {outcome}, not refused with {_REFUSED}")
                    if content != before:
                        findings.append(f"{what}: the rows changed")
        after = session.value(_CONTENT)
    if after != before:
        findings.append("the rows are others than before")
    return Part({"rows_before": before, "rows_after": after, "tried": tried}, tuple(findings))


def _try(
    session: Session, statement: LiteralString, mode: LiteralString, role: str | None
) -> tuple[str, str]:
    """What became of the statement, and of the rows as its transaction saw them."""
    with session.transaction(keep=False):
        session.value("select set_config('session_replication_role', %s, true)", mode)
        if role is not None:
            session.connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        outcome = session.attempt(statement)
        session.rows("reset role")
        return outcome, session.value(_CONTENT)
