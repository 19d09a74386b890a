"""Makes the plan of an upgrade: reads the live database, measures on a shadow of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import URL

import ledgerdb
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import status
from ledgerdb.migrate.connection import describe
from ledgerdb.migrate.route import route_from
from ledgerdb.planning.document import (
    FORMAT,
    PlanDocument,
    PlannedBatch,
    PlannedRevision,
    PlannedStatement,
    Risk,
)
from ledgerdb.planning.hazards import blocking
from ledgerdb.planning.line import TracedRevision, migrations, require_room, trace_line
from ledgerdb.planning.shadow import shadow_server, shadowed
from ledgerdb.planning.sizes import IN_BATCHES, Size, duration, read_sizes, seconds_of
from ledgerdb.planning.statements import require_parser
from ledgerdb.planning.trace import TracedBatch, TracedStatement
from ledgerdb.planning.waivers import Waiver, read_waivers, waiver_for
from ledgerdb.url import database_url
from ledgerdb.verify.fingerprint import schema_fingerprint
from ledgerdb.verify.scratch import connect

__all__ = ["make_plan"]


def make_plan(
    url: str | URL | None = None,
    revision: str = "head",
    *,
    shadow: str | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> PlanDocument:
    """Measures what an upgrade of a database would do, statement by statement.

    The live database is read only; everything runs on a shadow, which is dropped.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.
        revision: where to stop.
        shadow: a server to make the shadow on, as superuser; None starts an embedded one.
        progress: told what is done, how far, and of how much.

    Raises:
        ConfigurationError: the URL, the parser or a server for the shadow is missing.
        DatabaseUnavailable: a server cannot be reached.
        MigrationError: the revision is unknown, or the upgrade would fail; the message says where.
    """
    require_parser()
    live = url if isinstance(url, URL) else database_url(url)
    found = status(live)
    heads = () if found.revision is None else (found.revision,)
    pending = [step.revision for step in found.pending]
    if revision not in {"head", found.revision, *pending}:
        raise MigrationError(f"revision {revision} is not pending: {', '.join(pending) or 'none'}")
    target = found.head if revision == "head" else revision
    steps = len(pending) if target is None else len([r for r in pending if r <= target])
    if not heads and target is not None:
        require_room(live, target)
    with connect(live) as connection:
        version = connection.info.server_version
        fingerprint = schema_fingerprint(connection)
        sizes = read_sizes(connection)
    progress("making the shadow", 0, steps)
    with shadow_server(version // 10_000, shadow) as server, shadowed(live, server) as copy:
        with connect(copy.url) as connection:
            on_shadow = connection.info.server_version
            if schema_fingerprint(connection) != fingerprint:
                raise MigrationError("the shadow is not like the database: it changed meanwhile")
        traced = list(
            trace_line(
                copy,
                heads,
                target or "base",
                progress=lambda name: progress(name, pending.index(name), steps),
            )
        )
    progress("planned", steps, steps)
    waivers = read_waivers(migrations())
    return PlanDocument(
        format=FORMAT,
        release=ledgerdb.__version__,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        database=describe(live),
        server=_version(version),
        shadow=_version(on_shadow),
        revision=found.revision,
        target=target,
        route=str(route_from(heads)),
        schema=fingerprint,
        tables={name: asdict(sizes[name]) for name in sorted(_concerned(traced) & sizes.keys())},
        revisions=tuple(_revision(item, waivers, sizes) for item in traced),
    )


def _version(number: int) -> str:
    return f"{number // 10_000}.{number % 10_000}"


def _concerned(traced: Iterable[TracedRevision]) -> set[str]:
    return {
        table
        for revision in traced
        for batch in revision.batches
        for item in batch.statements
        for table in (*item.effect.locks, *(t for h in item.hazards for t in h.tables))
    }


def _revision(
    traced: TracedRevision, waivers: Sequence[Waiver], sizes: Mapping[str, Size]
) -> PlannedRevision:
    return PlannedRevision(
        revision=traced.info.revision,
        summary=traced.info.summary,
        files=dict(sorted(traced.work.files.items())),
        batches=tuple(
            _batch(traced.info.revision, batch, waivers, sizes) for batch in traced.batches
        ),
    )


def _batch(
    revision: str, traced: TracedBatch, waivers: Sequence[Waiver], sizes: Mapping[str, Size]
) -> PlannedBatch:
    items, in_batches = traced.statements, traced.batch.operation == "backfill"
    times = [(item, seconds_of(item.effect, item.reads, sizes)) for item in items]
    return PlannedBatch(
        phase=traced.batch.phase,
        operation=traced.batch.operation,
        transaction=all(item.statement.in_transaction for item in items),
        locks=dict(sorted(traced.locks.items())),
        work=IN_BATCHES if in_batches else duration(_sum(seconds for _, seconds in times)),
        work_blocking=duration(_sum(time for item, time in times if blocking(item.effect))),
        statements=tuple(
            _statement(revision, item, duration(time), waivers) for item, time in times
        ),
    )


def _sum(times: Iterable[float | None]) -> float | None:
    known = [seconds for seconds in times if seconds is not None]
    return sum(known) if known else None


def _statement(
    revision: str, item: TracedStatement, work: str, waivers: Sequence[Waiver]
) -> PlannedStatement:
    found = {hazard: waiver_for(waivers, revision, item, hazard) for hazard in item.hazards}
    return PlannedStatement(
        file=item.statement.file,
        line=item.statement.line,
        kind=item.statement.kind,
        statement=item.statement.headline,
        locks=dict(sorted(item.effect.locks.items())),
        rewritten=item.effect.rewritten,
        scanned=item.effect.scanned,
        indexed=item.effect.indexed,
        work=work,
        risks=tuple(
            Risk(hazard.name, hazard.tables, waiver.reason if waiver else None)
            for hazard, waiver in found.items()
        ),
    )
