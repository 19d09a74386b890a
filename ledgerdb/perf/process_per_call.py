"""The way that the reference goes to its database: a psql process for each call.

It sends the same functions of the same database as the pooled client, so that what differs is the
way and nothing else.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final
from uuid import UUID

from psycopg import sql

from ledgerdb.errors import DatabaseError

__all__ = ["ProcessPerCall", "ask_psql"]

_SECONDS_MAX: Final = 60


def ask_psql(program: Path, url: str, text: str, **values: str) -> str:
    """Runs statements in a psql process and gives what it printed.

    Args:
        program: psql.
        url: of the database.
        text: statements; `:'name'` stands for a value.
        values: by name, quoted by psql.

    Raises:
        DatabaseError: it was refused; the message is what psql said.
    """
    variables = [f"--set={name}={value}" for name, value in values.items()]
    done = subprocess.run(  # noqa: S603 - psql of the embedded server
        [str(program), "-XqAt", "--set=ON_ERROR_STOP=1", *variables, "-d", url, "-f", "-"],
        check=False,
        capture_output=True,
        text=True,
        input=text,
        timeout=_SECONDS_MAX,
    )
    if done.returncode != 0:
        raise DatabaseError(f"psql was refused: {done.stderr.strip()}")
    return done.stdout


class ProcessPerCall:
    """The calls of ingress and worker.

    Args:
        psql: the program.
        url: of the database.
    """

    def __init__(self, psql: Path, url: str) -> None:
        self._psql = psql
        self._url = url

    def ingest(self, tenant_id: UUID, name: str, payload: str) -> None:
        """Accepts an instruction."""
        self._ask(
            sql.SQL(
                """select * from public.ingest_instruction(
                    p_tenant_id => {}, p_instruction_id => {}, p_participant_id => 'participant',
                    p_idempotency_key => {}, p_rail_type => 'SEPA', p_payload => {})"""
            ).format(str(tenant_id), name, name, payload)
        )

    def evidence_pack(self, tenant_id: UUID, name: str) -> None:
        """Reads what the ledger holds about an instruction."""
        self._ask(sql.SQL("select public.evidence_pack({}, {})").format(str(tenant_id), name))

    def dispatch(self) -> None:
        """Claims an item and completes it: two processes."""
        claimed = self._ask(
            sql.SQL(
                """select c.outbox_id, c.lease_token
                from public.claim_outbox_items(1, 'process', 60) as c"""
            )
        )
        outbox_id, lease_token = claimed.strip().split("|")
        self._ask(
            sql.SQL(
                """select * from public.complete_outbox_attempts(
                    p_worker_id => 'process', p_outbox_ids => array[{}]::uuid[],
                    p_lease_tokens => array[{}]::uuid[],
                    p_states => array['DISPATCHED']::public.outbox_attempt_state[],
                    p_rail_references => array['rail'])"""
            ).format(outbox_id, lease_token)
        )

    def _ask(self, query: sql.Composable) -> str:
        said = ask_psql(self._psql, self._url, query.as_string(None))
        if not said.strip():
            raise DatabaseError("psql was refused: it said nothing")
        return said
