"""The database that a machine plays on: under the virtual clock, emptied before each program."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import psycopg

from proof.model.clock import BEGINNING, Clock
from proof.model.state import State, Tenant
from proof.model.world import TENANTS

__all__ = ["CEILING", "Arena", "LateId"]

CEILING: Final = 3
LateId = tuple[UUID, UUID, UUID, str, str | None]
_EMPTIED: Final = (
    "payment_outbox_pending, payment_outbox_attempts, payment_outbox_identities, "
    "payment_outbox_late_results, payment_outbox_operator_actions, outbox_controls, "
    "participant_outbox_sequences, ingress_attestations, tenants, tenant_clients, tenant_members"
)
_EMPTIED_BASELINE: Final = (
    "payment_outbox_pending, payment_outbox_attempts, participant_outbox_sequences"
)


class Arena:
    """A superuser's view of one database."""

    def __init__(self, url: str, *, oldest: bool = False) -> None:
        self.admin: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
        self.clock = Clock(self.admin)
        self.oldest = oldest
        self._prepare()

    def _prepare(self) -> None:
        """The virtual clock, the ceiling, and tables that may be emptied between programs."""
        self.clock.install()
        self.admin.execute(
            "do $$ begin execute format('alter database %I set symphony.outbox_retry_ceiling = "
            f"{CEILING}', current_database()); end $$"
        )
        for table, trigger in self.admin.execute(
            "select tgrelid::regclass::text, tgname from pg_trigger where tgname like '%truncate'"
        ).fetchall():
            self.admin.execute(f"alter table {table} disable trigger {trigger}".encode())

    def empty(self) -> State:
        """Everything empty, at the beginning of time; what the model knows of that."""
        emptied = _EMPTIED_BASELINE if self.oldest else _EMPTIED
        self.admin.execute(f"truncate {emptied}".encode())
        state = State(ceiling=CEILING, now=BEGINNING)
        self.clock.set(state.now)
        if not self.oldest:
            self.admin.execute("select setval('outbox_due_mark', 0), setval('outbox_due_sweep', 0)")
            self.admin.execute(
                "delete from outbox_retry_policies; insert into outbox_retry_policies "
                "(rail_type, strategy, base_seconds, factor, max_seconds, jitter) "
                "values ('*', 'EXPONENTIAL', 1, 2, 300, 0)"
            )
            for number, tenant in enumerate(TENANTS[:2]):
                name = f"t{number}"
                self.admin.execute(
                    "insert into tenants (tenant_id, tenant_key, tenant_name, tenant_type) "
                    "values (%s, %s, %s, 'NGO')",
                    (tenant, name, name),
                )
                state.tenants[tenant] = Tenant(name, name, "NGO")
        return state

    def late_ids(self) -> list[LateId]:
        rows = self.admin.execute(
            "select late_result_id, outbox_id, lease_token, state::text, rail_reference "
            "from payment_outbox_late_results order by received_at, state, rail_reference"
        )
        return rows.fetchall()

    def close(self) -> None:
        self.admin.close()
