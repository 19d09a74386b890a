"""A call straight on a driver connection: one statement, one implicit transaction, one round trip.

SQLAlchemy keeps the pool; its execution of a statement costs several times the driver's. A
statement of ours is one call of one function with named, cast parameters: nothing is left to
compile. psycopg adapts the parameters and loads the rows, libpq sends and waits, and what is sent
outside of a transaction block commits by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import generators
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Executable, TextClause
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from ledgerdb._adapt import know_wire_types
from ledgerdb._connection import is_idle
from ledgerdb.calls import Call
from ledgerdb.errors import ConfigurationError

__all__ = ["asking"]

# A session that has met so many statements prepares no further ones: they are not its verbs.
_STATEMENTS_MAX: Final = 200
# The session does not know the prepared statement any more (DISCARD ALL, a pooler), or a migration
# has changed what the function returns. Nothing was executed then.
_UNUSABLE: Final = frozenset({b"26000", b"0A000"})
_DIALECT: Final = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_EXISTS: Final = b"42P05"  # its name is made of the statement, so it is this one

_Key = tuple[bytes, tuple[int, ...]]


@dataclass(slots=True)
class _Statements:
    """What one session has executed, and how often; what it has prepared, and under which name."""

    executions: dict[_Key, int] = field(default_factory=dict)
    names: dict[_Key, bytes] = field(default_factory=dict)


_sessions: WeakKeyDictionary[psycopg.BaseConnection[Any], _Statements] = WeakKeyDictionary()


def asking(driver: psycopg.BaseConnection[Any], call: Call[Any]) -> PQGen[Sequence[Any]]:
    """Sends a call and gives its rows; psycopg's `Connection.wait` runs it, in either colour.

    Args:
        driver: an idle connection that nobody else uses.
        call: executed in a transaction of its own.

    Raises:
        psycopg.Error: as psycopg raises it; nothing is translated here.
        ConfigurationError: an event of the engine left a transaction open; nothing was sent.
    """
    if not is_idle(driver):
        # the verb would be acknowledged, and the pool would roll it back
        raise ConfigurationError(
            "a verb is a transaction of its own: an event of the engine has left one open on its"
            " connection"
        )
    know_wire_types(driver)
    text, names = _numbered(call.statement)
    transformer = Transformer.from_context(driver)
    sent = transformer.dump_sequence(
        [call.parameters[name] for name in names], [PyFormat.AUTO] * len(names)
    )
    key = text, transformer.types or ()
    name = yield from _prepared(driver, key)
    if name is not None:
        driver.pgconn.send_query_prepared(name, sent, transformer.formats)
        result = yield from _answer(driver)
        if result.error_field(DiagnosticField.SQLSTATE) in _UNUSABLE:
            _sessions[driver].names.pop(key, None)
            name = None
    if name is None:
        driver.pgconn.send_query_params(text, sent, transformer.types, transformer.formats)
        result = yield from _answer(driver)
    if result.status != ExecStatus.TUPLES_OK:
        raise error_from_result(result, driver.info.encoding)
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)


@lru_cache(maxsize=256)
def _numbered(statement: Executable) -> tuple[bytes, tuple[str, ...]]:
    """The statement with $1 to $n, and the names of its parameters in that order."""
    if not isinstance(statement, TextClause):
        raise TypeError("statement: a statement of SQLAlchemy's is executed in a transaction")
    compiled = statement.compile(dialect=_DIALECT)
    return str(compiled).encode(), tuple(compiled.positiontup or ())


def _prepared(driver: psycopg.BaseConnection[Any], key: _Key) -> PQGen[bytes | None]:
    """The name under which the statement is prepared, if it was executed often enough: after
    `prepare_threshold` executions, as psycopg does.
    """
    threshold = driver.prepare_threshold
    if threshold is None:
        return None
    session = _sessions.get(driver)
    if session is None:
        session = _sessions[driver] = _Statements()
    name = session.names.get(key)
    if name is not None:
        return name
    if key not in session.executions and len(session.executions) >= _STATEMENTS_MAX:
        return None
    executed = session.executions[key] = session.executions.get(key, 0) + 1
    if executed != threshold + 1:  # once: what became unusable stays unprepared
        return None
    text, types = key
    name = b"ledgerdb_" + sha256(b"%s %s" % (text, repr(types).encode())).hexdigest()[:24].encode()
    driver.pgconn.send_prepare(name, text, types)
    result = yield from _answer(driver)
    refused = result.error_field(DiagnosticField.SQLSTATE)
    if refused is not None and refused != _EXISTS:
        return None  # the execution says why
    session.names[key] = name
    return name


def _answer(driver: psycopg.BaseConnection[Any]) -> PQGen[PGresult]:
    """The result, or the error behind its rows: the commit comes last, and may fail."""
    results: list[PGresult] = yield from generators.execute(driver.pgconn)
    return next((one for one in results if one.status == ExecStatus.FATAL_ERROR), results[0])
