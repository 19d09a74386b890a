"""A database with work in it, the reference's or one at head, and those who attack it.

An attacker is a login role of its own, connected as itself: with no grants at all, or a member of
one capability role. What an attack does is rolled back, so all attacks share a database.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg

from proof.session import Place, Session

__all__ = ["DENIED", "EVERYONE", "NOBODY", "OWN_SCHEMA", "Grounds"]

DENIED: Final = "42501"
NOBODY: Final = "nobody"
EVERYONE: Final = (NOBODY, "control", "executor", "ingest", "readonly", "auditor")
# Each attacker may create what it likes in it.
OWN_SCHEMA: Final = "mallory"

_MAKE_ATTACKER: Final = """
do $$ begin create role mallory_{name} login; exception when duplicate_object then null; end $$
"""
# One row in each append-only table.
_ROWS: Final = (
    """insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type)
    values ('00000000-0000-4000-8000-000000000001', 't', 't', 'NGO')""",
    """insert into public.ingress_attestations (instruction_id, tenant_id, payload_hash)
    values ('done', '00000000-0000-4000-8000-000000000001', 'h')""",
    "insert into public.revoked_client_certs values ('f')",
    "insert into public.revoked_tokens values ('j')",
)
_ROWS_AT_HEAD: Final = (
    """insert into public.payment_outbox_late_results
        (outbox_id, lease_token, worker_id, state, outcome)
    select outbox_id, gen_random_uuid(), 'w', 'DISPATCHED', 'STOLEN'
    from public.payment_outbox_identities where instruction_id = 'done'""",
    """insert into public.payment_outbox_operator_actions
        (action, scope, scope_key, actor, reason) values ('PAUSE', 'QUEUE', '*', 'a', 'r')""",
    """insert into public.ledger_retention_runs
        (run_id, actor, reason, horizon, items, attempts, bytes)
    values ('00000000-0000-4000-8000-000000000002', 'a', 'r', 'epoch', 1, 1, 1)""",
    """insert into public.payment_outbox_outcomes (outbox_id, run_id, sequence_id, state, attempts,
        first_claimed_at, completed_at, digest)
    values (gen_random_uuid(), '00000000-0000-4000-8000-000000000002', 1, 'DISPATCHED', 1, 'epoch',
        'epoch', sha256(''))""",
    """insert into public.ledger_retired_leaves (attempt_id, outbox_id, attempt_no, leaf)
    values (gen_random_uuid(), gen_random_uuid(), 1, sha256(''))""",
    "select * from public.seal_ledger(100)",
)


class Grounds(Place):
    """The superuser on it; `ids` has the items by name, `token` is the lease of item `leased`."""

    def __init__(
        self, connection: psycopg.Connection[Any], url: str, version: int, *, is_head: bool
    ) -> None:
        super().__init__(connection, url, version, is_head=is_head)
        self._attackers: dict[str, Session] = {}
        self._make_attackers()
        self.token = ""
        self.ids: dict[str, str] = {}
        self._fill()

    def _make_attackers(self) -> None:
        for name in (*EVERYONE, "all"):
            self.rows(_MAKE_ATTACKER.format(name=name))
        for name in EVERYONE[1:]:
            self.rows(f"grant symphony_{name} to mallory_{name}, mallory_all")
        self.make_own_schema()

    def make_own_schema(self) -> None:
        """Empty."""
        self.rows(f"drop schema if exists {OWN_SCHEMA} cascade")
        self.rows(f"create schema {OWN_SCHEMA}")
        self.rows(f"grant all on schema {OWN_SCHEMA} to public")

    def _fill(self) -> None:
        for name, state in (("done", "DISPATCHED"), ("failed", "FAILED"), ("doubt", None)):
            self.ids[name] = str(self.enqueue(name).outbox_id)
            (item,) = self.claim()
            if state:
                self.complete(item, state)
            elif self.is_head:
                self.rows(
                    "select * from public.begin_outbox_dispatch(%s, %s, 'w')",
                    *([item.outbox_id], [item.lease_token]),
                )
                self.expire_leases()
                self.rows(
                    "update public.payment_outbox_pending set next_attempt_at = clock_timestamp()"
                )
                self.repair()
        self.ids["leased"] = str(self.enqueue("leased").outbox_id)
        self.token = str(self.claim(lease_seconds=3600)[0].lease_token)
        self.ids["queued"] = str(self.enqueue("queued").outbox_id)
        for statement in (*_ROWS, *(_ROWS_AT_HEAD if self.is_head else ())):
            self.rows(statement)

    def attacker(self, name: str) -> Session:
        """The session of an attacker, always the same one."""
        if name not in self._attackers:
            url = self.url.replace("//postgres@", f"//mallory_{name}@")
            self._attackers[name] = Session(psycopg.connect(url, autocommit=True))
        return self._attackers[name]

    def outcome(self, name: str, *statements: str) -> str:
        """The SQLSTATE that an attack ends with, or `ok`; nothing of it stays."""
        return outcome(self.attacker(name), *statements)

    def close(self) -> None:
        for session in self._attackers.values():
            session.connection.close()
        self.connection.close()


def outcome(session: Session, *statements: str) -> str:
    """The SQLSTATE that the statements end with, or `ok`; they are rolled back."""
    try:
        with session.connection.transaction(force_rollback=True):
            for statement in statements:
                session.rows(statement)
    except psycopg.Error as error:
        return str(error.sqlstate)
    return "ok"
