"""The ways in: raw SQL in a role, the blocking Ledger and the AsyncLedger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import ANY

import psycopg

from ledgerdb import (
    AsyncLedger,
    DatabaseError,
    EngineSettings,
    LeaseLost,
    Ledger,
    create_async_ledger_engine,
)
from proof.model.calls import FUNCTIONS, Call, Outcome
from proof.model.verbs import VERBS, completions

__all__ = ["Entry", "Way", "microseconds"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SETTINGS: Final = EngineSettings(application_name="proof", role="symphony_control", pool_size=1)
_STATEMENTS: Final = {name: f.statement(name).encode() for name, f in FUNCTIONS.items()}


def microseconds(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, str):
        return str(value)  # without its enum
    if isinstance(value, Decimal) and value == int(value):
        return int(value)
    return value


def _rows(rows: Sequence[Sequence[Any]]) -> Outcome:
    return Outcome(tuple(tuple(map(_plain, row)) for row in rows))


class Raw:
    """A session of its own that calls the functions in SQL, in any role."""

    name = "raw"

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self._role: str | None = None

    def be(self, role: str) -> None:
        if role != self._role:
            self.connection.execute(f"set role {role}".encode())
            self._role = role

    def run(self, call: Call) -> Outcome:
        try:
            cursor = self.connection.execute(_STATEMENTS[call.function], call.arguments)
            return _rows(cursor.fetchall())
        except psycopg.Error as error:
            of = error.diag
            return Outcome((), error.sqlstate, of.column_name, of.constraint_name)

    def command(self, text: str) -> None:
        self.connection.execute(text.encode())
        if text.startswith("rollback"):
            self._role = None  # so is the role that was set inside

    def close(self) -> None:
        self.connection.close()


def _shaped(call: Call, result: Any) -> Outcome:
    found = () if result is None else result if isinstance(result, tuple) else (result,)
    columns = FUNCTIONS[call.function].columns
    return _rows([[_shown(row, column) for column in columns] for row in found])


def _shown(row: object, column: str) -> Any:
    value = getattr(row, column)
    return json.dumps(value, default=int) if column == "payload" else value


def _refused(error: DatabaseError) -> Outcome:
    field = None if error.field is None else f"p_{error.field}"
    return Outcome((), error.sqlstate, field, error.rule)


class Blocking:
    """The blocking Ledger, or its verbs inside one transaction."""

    name = "blocking"

    def __init__(self, url: str) -> None:
        self.ledger = Ledger.connect(url, _SETTINGS)

    def run(self, call: Call) -> Outcome:
        alone = call.function == "complete_outbox_attempts" and len(call.arguments["p_states"]) == 1
        try:
            if alone:
                return _shaped(call, self._complete(call))
            return _shaped(call, VERBS[call.function](self.ledger, call.arguments))
        except LeaseLost as lost:
            [outbox_id], [token] = (
                call.arguments[f"p_{name}"] for name in ("outbox_ids", "lease_tokens")
            )
            return Outcome(((outbox_id, token, lost.outcome, ANY, ANY),))
        except DatabaseError as error:
            return _refused(error)

    def _complete(self, call: Call) -> Any:
        [c] = completions(call.arguments)
        return self.ledger.complete(
            c.item,
            call.arguments["p_worker_id"],
            c.state,
            rail_reference=c.rail_reference,
            error_code=c.error_code,
            latency_ms=c.latency_ms,
            retry_delay_seconds=c.retry_delay_seconds,
        )

    def reset(self) -> None:
        """The pool loses its connections."""
        self.ledger.engine.dispose()

    def close(self) -> None:
        self.ledger.close()


class Awaited:
    """The AsyncLedger, on a loop of its own."""

    name = "async"

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self.ledger = AsyncLedger(create_async_ledger_engine(url, _SETTINGS))

    def run(self, call: Call) -> Outcome:
        try:
            verb = VERBS[call.function](self.ledger, call.arguments)
            return _shaped(call, self._loop.run_until_complete(verb))
        except DatabaseError as error:
            return _refused(error)

    def reset(self) -> None:
        self._loop.run_until_complete(self.ledger.engine.dispose())

    def close(self) -> None:
        self.reset()
        self._loop.close()


Way = Raw | Blocking | Awaited


class Entry:
    """All ways into one database."""

    def __init__(self, url: str) -> None:
        self.raw = Raw(url)
        self.blocking = Blocking(url)
        self.awaited = Awaited(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for entry in (self.raw, self.blocking, self.awaited):
            entry.close()
