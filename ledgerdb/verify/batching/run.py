"""One run of the verifier: a program with telemetry on, and what the server counted of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Any, Final

import psycopg

from ledgerdb.errors import DatabaseError, DatabaseUnavailable
from ledgerdb.verify.batching import program
from ledgerdb.verify.batching.counted import counted, prepare
from ledgerdb.verify.batching.judge import ITEMS_PER_STATEMENT_MIN, findings
from ledgerdb.verify.batching.told import STEPS, sets_of
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.scratch import connect, scratch_database

__all__ = ["ARTEFACT", "CHECK_ID", "verify_batching"]

CHECK_ID: Final = "perf_driver_batching_telemetry"
ARTEFACT: Final = "phase1/perf_driver_batching_telemetry.json"
_ITEMS: Final = 5_000
_ITEMS_QUICKLY: Final = 600
_SIZE: Final = 200
_CONCURRENCY: Final = 64

Progress = Callable[[str], None]


def verify_batching(
    url: str | None = None,
    *,
    quick: bool = False,
    size: int = _SIZE,
    concurrency: int = _CONCURRENCY,
    progress: Progress = lambda _step: None,
) -> Evidence:
    """Runs the program in each of its ways, on a scratch database for each.

    Args:
        url: where the scratch databases are made; None starts an embedded PostgreSQL.
        quick: fewer items; the evidence says so.
        size: of a set at most, in items.
        concurrency: handlers of the worker.
        progress: is told of each step.

    Raises:
        ConfigurationError: no commit to name, no superuser, no embedded server, no SDK.
        DatabaseUnavailable: the server was lost.
        DatabaseError: it refused something.
        LedgerError: the program broke.
    """
    made_at, commit = timestamp_utc(), git_sha()
    items = _ITEMS_QUICKLY if quick else _ITEMS
    said: list[str] = []
    runs: dict[str, Any] = {}
    fingerprint = server = ""
    for way in program.WAYS:
        progress(f"{way}: making the scratch database")
        try:
            with scratch_database(url) as scratch, closing(connect(scratch)) as connection:
                fingerprint = schema_fingerprint(connection)
                server = connection.info.parameter_status("server_version") or ""
                prepare(connection)
                progress(f"{way}: {items} items in sets of {size}")
                metrics = program.run(way, scratch, items=items, size=size, concurrency=concurrency)
                seen = counted(connection)
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(f"the verifier lost the database: {error}") from error
        except psycopg.Error as error:
            raise DatabaseError(
                f"the verifier was refused: {error}", sqlstate=error.sqlstate
            ) from error
        told = {step: sets_of(metrics, step) for step in STEPS}
        said += [f"{way}: {line}" for line in findings(told, seen, items)]
        runs[way] = {
            "told": {step: asdict(sets) for step, sets in told.items()},
            "counted": {
                **asdict(seen),
                "calls": {step: seen.calls.get(STEPS[step][0], 0) for step in STEPS},
            },
        }
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if said else Status.PASS,
        schema_fingerprint=fingerprint,
        details={
            "postgresql": server.split()[0],
            "quick": quick,
            "items": items,
            "set_size_max": size,
            "concurrency": concurrency,
            "items_per_statement_min": ITEMS_PER_STATEMENT_MIN,
            "findings": said,
            "runs": runs,
        },
    )
