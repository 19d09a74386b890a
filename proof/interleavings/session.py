"""A session whose statements are sent and not waited for: libpq without blocking."""

from __future__ import annotations

import select
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import pq
from psycopg.pq import abc

__all__ = ["Answer", "Control", "Session", "wait_for_any"]

_GATE: Final = b"01G00"
_GATES: Final = 3
_BLOCKED: Final = b"blocked"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement said: rows by column, as text, or the SQLSTATE of its error."""

    rows: tuple[dict[str, str | None], ...]
    sqlstate: str | None
    message: str
    tag: str


class Session:
    """One of the sessions that are interleaved.

    Attributes:
        pid: of its backend.
        gate: where it stands, or None.
        is_running: it was let go, and neither answered nor stopped since.
    """

    def __init__(self, url: str, number: int) -> None:
        self.number = number
        self.connection = _connect(url)
        self.pid = self.connection.backend_pid
        self.gate: str | None = None
        self.is_running = False
        self._gate_number = 0
        self._results: list[abc.PGresult] = []
        self.connection.notice_handler = self._notice

    def set_gates(self, *, stop: bool, clock_moves: bool) -> None:
        """Whether it stops at gates from now on, and at those where only the clock is read."""
        number = self.number if stop else ""
        _run(
            self.connection,
            f"set explorer.session = '{number}';"
            f" set explorer.clock_moves = {'on' if clock_moves else 'off'}",
        )

    def forget_gates(self) -> None:
        """Gives back the lock of its last gate."""
        _run(self.connection, "select pg_advisory_unlock_all()")

    def send(self, statement: str) -> None:
        self._results = []
        self.is_running = True
        self.connection.send_query(statement.encode())

    def open_gate(self, control: Control) -> None:
        """Lets it go on from its gate."""
        self.gate = None
        self.is_running = True
        control.pass_on(self.number, self._gate_number)

    def read(self) -> Answer | None:
        """Takes in what came; the answer, if the statement is over."""
        connection = self.connection
        connection.consume_input()
        while not connection.is_busy():
            result = connection.get_result()
            if result is None:
                self.is_running = False
                return _answer(self._results)
            self._results.append(result)
        return None

    @property
    def is_in_transaction(self) -> bool:
        return self.connection.transaction_status != pq.TransactionStatus.IDLE

    def end(self) -> None:
        """Rolls back what a schedule left open."""
        _run(self.connection, "rollback")

    def cancel(self, control: Control) -> None:
        """Ends a statement that would not end by itself."""
        control.run(f"select pg_cancel_backend({self.pid})")
        self.gate = None
        while self.read() is None:
            wait_for_any([self], 1.0)

    def fileno(self) -> int:
        return self.connection.socket

    def close(self) -> None:
        self.connection.finish()

    def _notice(self, result: abc.PGresult) -> None:
        if result.error_field(pq.DiagnosticField.SQLSTATE) == _GATE:
            place = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b""
            self.gate = place.decode()
            self._gate_number = int(result.error_field(pq.DiagnosticField.MESSAGE_DETAIL) or 0)
            self.is_running = False


class Control:
    """The explorer's own connection: moves the clock, opens the gates, looks who is blocked."""

    def __init__(self, url: str, sessions: Sequence[Session]) -> None:
        self.connection = _connect(url)
        self._held: dict[int, set[int]] = {}
        pids = ",".join(str(session.pid) for session in sessions)
        self.connection.prepare(
            _BLOCKED,
            f"select pg_isolation_test_session_is_blocked($1, '{{{pids}}}')".encode(),
        )

    def run(self, statement: str) -> Answer:
        """Runs a statement and waits for it."""
        return _run(self.connection, statement)

    def is_blocked(self, session: Session) -> bool:
        """Whether it waits for a lock that another of the sessions holds."""
        result = self.connection.exec_prepared(_BLOCKED, [str(session.pid).encode()])
        return result.get_value(0, 0) == b"t"

    def hold_gates(self, session: int) -> None:
        """Takes the locks at which the session will stop."""
        held = self._held.setdefault(session, set())
        if missing := set(range(_GATES)) - held:
            locks = ", ".join(f"pg_advisory_lock({session}, {lock})" for lock in missing)
            self.run(f"select {locks}")
            held |= missing

    def pass_on(self, session: int, gate_number: int) -> None:
        """Takes back the lock of the gate before the last one, lets go of this one."""
        held, last, this = self._held[session], (gate_number + 1) % _GATES, gate_number % _GATES
        lock = f"pg_advisory_lock({session}, {last}), " if last not in held else ""
        self.run(f"select {lock}pg_advisory_unlock({session}, {this})")
        held.add(last)
        held.remove(this)

    def close(self) -> None:
        self.connection.finish()


def wait_for_any(sessions: Iterable[Session], seconds: float) -> bool:
    """Whether one of them has something to read by then."""
    readable, _, _ = select.select(list(sessions), [], [], seconds)
    return bool(readable)


def _connect(url: str) -> abc.PGconn:
    connection: abc.PGconn = pq.PGconn.connect(url.encode())
    if connection.status != pq.ConnStatus.OK:
        raise ConnectionError(connection.error_message.decode())
    return connection


def _run(connection: abc.PGconn, statement: str) -> Answer:
    connection.send_query(statement.encode())
    results = []
    while (result := connection.get_result()) is not None:
        results.append(result)
    return _answer(results)


def _answer(results: Sequence[abc.PGresult]) -> Answer:
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            code = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
            message = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b""
            return Answer((), code.decode(), message.decode(), "")
    last = results[-1]
    names = [(last.fname(column) or b"").decode() for column in range(last.nfields)]
    rows = tuple(
        {
            name: None if (value := last.get_value(row, column)) is None else value.decode()
            for column, name in enumerate(names)
        }
        for row in range(last.ntuples)
    )
    return Answer(rows, None, "", (last.command_status or b"").decode())
