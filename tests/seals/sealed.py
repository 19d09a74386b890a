"""A ledger under seals, and ways to break it that only its owner has."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from ledgerdb.verify.ledger import LedgerReport, Watermark, check_ledger
from tests.sql.operations import Operator, dead_letter
from tests.sql.queue import Queue

__all__ = ["Sealed", "connect", "fill"]

_ALWAYS = """
select tgname::text from pg_trigger where tgrelid = %s::regclass and tgenabled = 'A'
"""


class Sealed(Queue):
    """The outbox functions, the sealer and the witness."""

    def seal_all(self, limit: int = 10_000) -> None:
        """Until nothing is left."""
        while (sealed := self.seal(limit)).outcome == "MORE":
            pass
        assert sealed.outcome == "DONE"

    def check(self, since: Watermark | None = None, **more: Any) -> LedgerReport:  # noqa: ANN401
        return check_ledger(self.connection, since=since, **more)

    def assert_sound(self) -> LedgerReport:
        """The full check finds nothing."""
        report = self.check()
        assert report.findings == ()
        return report

    def broken(self, since: Watermark | None = None) -> set[str]:
        """The names of the invariants that do not hold."""
        return {finding.invariant for finding in self.check(since).findings}

    def attest(self, *names: str) -> None:
        """Attestations of one tenant."""
        self.connection.execute(
            """insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type, status)
            values ('00000000-0000-0000-0000-000000000001', 'k', 'n', 'NGO', 'ACTIVE')
            on conflict do nothing"""
        )
        for name in names:
            self.connection.execute(
                """insert into public.ingress_attestations (instruction_id, tenant_id, payload_hash)
                values (%s, '00000000-0000-0000-0000-000000000001', 'h')""",
                [name],
            )

    def tamper(self, table: str, *statements: str) -> None:
        """Statements as the owner of a table who switches its triggers off, and on again."""
        name = sql.Identifier("public", table)
        with self.connection.transaction():
            always = [row.tgname for row in self.rows(_ALWAYS, f"public.{table}")]
            self.connection.execute(sql.SQL("alter table {} disable trigger user").format(name))
            for statement in statements:
                self.connection.execute(statement)
            self.connection.execute(sql.SQL("alter table {} enable trigger user").format(name))
            for trigger in always:
                self.connection.execute(
                    sql.SQL("alter table {} enable always trigger {}").format(
                        name, sql.Identifier(trigger)
                    )
                )


def fill(ledger: Sealed) -> None:
    """Items in every state, attestations, and several seals over both."""
    for name in ("one", "two", "three"):
        ledger.enqueue(name, payload='{"amount": 1.50, "to": "\\u20ac \\" \\n"}')
    ledger.complete(ledger.claim(), "RETRYABLE", reference='a "quoted"\ttab \\ and é')
    ledger.complete(ledger.claim(limit=2))
    ledger.attest("one", "two", "three")
    redriven = dead_letter(ledger, "redriven")
    Operator(ledger).redrive(redriven)
    ledger.complete(ledger.claim(), "FAILED")
    ledger.enqueue("waiting")
    ledger.complete(ledger.claim(), "RETRYABLE")
    ledger.enqueue("leased")
    ledger.claim(limit=1)
    ledger.seal_all(limit=3)


def connect(url: str) -> psycopg.Connection[Any]:
    """Another session, in autocommit."""
    return psycopg.connect(url, autocommit=True)
