"""One run of the verifier: a scratch database, every check in turn, and the evidence."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import psycopg
from sqlalchemy import URL

from ledgerdb.errors import DatabaseError, DatabaseUnavailable
from ledgerdb.url import database_url
from ledgerdb.verify.evidence import (
    Evidence,
    Status,
    git_sha,
    has_uncommitted_changes,
    timestamp_utc,
)
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.retry_semantics import (
    append_only,
    ceiling,
    collision,
    cost,
    drift,
    queue,
    race,
    telemetry,
)
from ledgerdb.verify.retry_semantics.part import Part
from ledgerdb.verify.retry_semantics.session import Session, is_lost
from ledgerdb.verify.retry_semantics.sizes import FULL, QUICK, Sizes
from ledgerdb.verify.scratch import scratch_database

__all__ = ["ARTEFACT", "CHECK_ID", "verify_retry_semantics"]

CHECK_ID: Final = "outbox_retry_semantics"
ARTEFACT: Final = "phase1/outbox_retry_semantics.json"
_LIVE_SECONDS_MAX: Final = 600

Progress = Callable[[str], None]


def verify_retry_semantics(
    url: str | None = None,
    *,
    live_url: str | None = None,
    quick: bool = False,
    revision: str = "head",
    progress: Progress = lambda _step: None,
) -> Evidence:
    """Torments a scratch database and says what it saw.

    Args:
        url: where the scratch database is made; None starts an embedded PostgreSQL.
        live_url: a database whose drift and retry pressure are read as well; nothing is written.
        quick: smaller sizes; the evidence says so.
        revision: of the scratch database; an old one is the negative control.
        progress: is told of each step.

    Raises:
        ConfigurationError: no commit to name, no superuser, or no embedded server.
        DatabaseUnavailable: a server was lost.
        DatabaseError: the live database has no ledger, or may not be read.
    """
    sizes = QUICK if quick else FULL
    made_at, commit = timestamp_utc(), git_sha()
    try:
        live = {} if live_url is None else {"live": _live(database_url(live_url), progress)}
        progress("making the scratch database")
        with scratch_database(url, revision=revision) as scratch:
            fingerprint, conditions = _conditions(scratch, sizes, quick=quick, revision=revision)
            parts = _checks(scratch, sizes, progress) | live
    except psycopg.Error as error:
        reason = error.diag.message_primary or " ".join(str(error).split())
        if is_lost(error):
            raise DatabaseUnavailable(f"the verifier lost the database: {reason}") from error
        raise DatabaseError(
            f"the verifier was refused: {reason}", sqlstate=error.sqlstate
        ) from error
    findings = [f"{name}: {what}" for name, part in parts.items() for what in part.findings]
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=fingerprint,
        details={
            "conditions": conditions,
            "findings": findings,
            "checks": {name: dict(part.seen) for name, part in parts.items()},
        },
    )


def _checks(url: URL, sizes: Sizes, progress: Progress) -> dict[str, Part]:
    """In this order: the census looks at what the checks before it left behind."""
    parts: dict[str, Part] = {}

    def add(name: str, check: Callable[[], Part]) -> None:
        progress(name.replace("_", " "))
        try:
            parts[name] = check()
        except psycopg.Error as error:
            if is_lost(error):
                raise
            parts[name] = Part({}, (f"stopped by {error.sqlstate}",))

    def reading(check: Callable[[Session], Part]) -> Part:
        with Session(url) as session:
            return check(session)

    add("collision", lambda: collision.check(url, sizes))
    add("races", lambda: race.check(url))
    add("queue", lambda: queue.check(url))
    add("append_only", lambda: append_only.check(url))
    add("ceiling", lambda: ceiling.check(url))
    add("drift_census", lambda: reading(drift.check))
    add("retry_pressure", lambda: reading(telemetry.check))
    add("cost_of_the_counter", lambda: cost.check(url, sizes, progress))
    return parts


def _live(url: URL, progress: Progress) -> Part:
    """What a database in use says, in one read-only snapshot."""
    progress("reading the live database")
    with Session(url) as session, session.transaction():
        session.rows("set transaction isolation level repeatable read, read only")
        session.value("select set_config('statement_timeout', %s, true)", f"{_LIVE_SECONDS_MAX}s")
        census, pressure = drift.check(session), telemetry.check(session)
        fingerprint = schema_fingerprint(session.connection)
    return Part(
        {
            "schema_fingerprint": fingerprint,
            "drift_census": dict(census.seen),
            "retry_pressure": dict(pressure.seen),
        },
        census.findings,
    )


def _conditions(
    url: URL, sizes: Sizes, *, quick: bool, revision: str
) -> tuple[str, dict[str, Any]]:
    with Session(url) as session:
        fingerprint = schema_fingerprint(session.connection)
        server = session.value("select current_setting('server_version')")
        installed = session.value("select version_num from public.ledgerdb_alembic_version")
    return fingerprint, {
        "postgresql": server.split()[0],
        "revision_asked": revision,
        "revision": installed,
        "quick": quick,
        "uncommitted_changes": has_uncommitted_changes(),
        "seed": sizes.seed,
        "processors": os.cpu_count(),
        "load_average_1_minute": round(os.getloadavg()[0], 2),
        "noise": "times are of a machine that may have other work: see the load; compare ratios",
    }
