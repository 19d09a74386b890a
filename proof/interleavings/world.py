"""What can be done in a database of one revision: calls, and situations made by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from proof.interleavings.gates import DEADLOCK_TIMEOUT, instrument
from proof.interleavings.plan import Call
from proof.interleavings.trace import Event

__all__ = ["CEILING", "TENANT", "World"]

CEILING: Final = 3
TENANT: Final = "0f000000-0000-4000-8000-000000000001"
# Nobody was ever given these; nobody is under this payload.
_NEVER: Final = "00000000-0000-4000-8000-000000000000"
UNKNOWN: Final = {
    "o1": _NEVER,
    "o2": _NEVER,
    "t1": _NEVER,
    "t2": _NEVER,
    "own_o": _NEVER,
    "own_t": _NEVER,
    "last_o": _NEVER,
    "last_t": _NEVER,
    "last_me": "w1",
    "late": _NEVER,
    "previous": _NEVER,
    "tenant": TENANT,
    "holder": "w1",
    "payload": '{"amount": 1}',
    "other": '{"amount": 2}',
}
_SETTINGS: Final = {
    "symphony.outbox_retry_ceiling": str(CEILING),
    "symphony.retention_days_min": "1",
    "timezone": "UTC",
    "deadlock_timeout": DEADLOCK_TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class World:
    """The vocabulary of a revision.

    Attributes:
        script: SQL that defines explorer.reset, explorer.drain and explorer.held.
        calls: by name.
        situations: the calls that make each, by name; `tick n` moves the clock n seconds.
    """

    script: Path
    calls: Mapping[str, Call]
    situations: Mapping[str, tuple[str, ...]]

    def prepare(self, url: str) -> None:
        """Makes a database ready to be explored, in place."""
        instrument(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(self.script.read_bytes())
            name = sql.Identifier(connection.info.dbname)
            for setting, value in _SETTINGS.items():
                connection.execute(
                    sql.SQL("alter database {} set {} = {}").format(
                        name,
                        sql.SQL(setting),
                        sql.Literal(value),
                    )
                )

    @staticmethod
    def bind(event: Event) -> dict[str, str]:
        """What everybody knows after a call that made the situation."""
        bound: dict[str, str] = {}
        for row in event.rows:
            if event.call in {"enqueue", "ingest"}:
                bound["o1"] = str(row["outbox_id"])
            elif event.call == "enqueue_2":
                bound["o2"] = str(row["outbox_id"])
            elif "lease_token" in row and row["outbox_id"] in event.bound.values():
                which = "1" if row["outbox_id"] == event.bound["o1"] else "2"
                bound[f"t{which}"] = str(row["lease_token"])
            bound |= {name: str(row[name]) for name in ("previous", "late") if row.get(name)}
        return bound

    @staticmethod
    def bind_own(event: Event) -> dict[str, str]:
        """What a session knows after its call: the lease that it was given."""
        for row in event.rows:
            if "rail_type" in row and row.get("lease_token"):
                return {"own_o": str(row["outbox_id"]), "own_t": str(row["lease_token"])}
        return {}

    @staticmethod
    def bind_last(event: Event) -> dict[str, str]:
        """What the workers of one process know: the lease that one of them was given last."""
        own = World.bind_own(event)
        if not own:
            return {}
        return {"last_o": own["own_o"], "last_t": own["own_t"], "last_me": event.bound["me"]}
