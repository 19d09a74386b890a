"""Revision after revision: traced on a clone of the shadow, then applied to it by the runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import URL

from ledgerdb.migrate import StepInfo, guard, history, upgrade
from ledgerdb.migrate.config import alembic_config
from ledgerdb.migrate.connection import connect as migrate_connect
from ledgerdb.migrate.ledger import bookkeeping
from ledgerdb.migrate.report import LogReport
from ledgerdb.migrate.route import route_from
from ledgerdb.planning.shadow import Shadow
from ledgerdb.planning.trace import TracedBatch, trace
from ledgerdb.planning.work import Work, work_of
from ledgerdb.verify.scratch import connect

__all__ = ["TracedRevision", "migrations", "require_room", "trace_line"]


@dataclass(frozen=True, slots=True)
class TracedRevision:
    """A revision, what it runs, and what that does."""

    info: StepInfo
    work: Work
    batches: tuple[TracedBatch, ...]


def migrations() -> Path:
    """The folder of the migrations."""
    return Path(_script().dir)


def require_room(live: URL, target: str) -> None:
    """An empty place for the first revision: nothing has our names yet, or it must be adopted.

    Raises:
        MigrationError: the database holds objects under ledgerdb's names.
    """
    script = _script()
    line = history.revisions(script, (target,))
    names = history.names_of(history.load_all(line, Path(script.dir)))
    with migrate_connect(live) as connection:
        guard.require_no_strangers(connection, names)


def trace_line(
    shadow: Shadow,
    heads: tuple[str, ...],
    target: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[TracedRevision]:
    """Traces what an upgrade of the shadow would run, revision by revision.

    Args:
        shadow: at `heads`; at `target` afterwards.
        heads: where it is; empty for base.
        target: where to stop.
        progress: told each revision before it is traced.

    Raises:
        MigrationError: a statement failed, or a file is not the pinned one.
    """
    script = _script()
    pending = list(script.iterate_revisions(target, heads or "base"))[::-1]
    for revision in pending:
        info = history.info(revision)
        progress(info.revision)
        work = work_of(revision, Path(script.dir), route_from(heads))
        with shadow.clone() as url, connect(url) as connection:
            # the runner makes its books first, where they are missing
            connection.execute(bookkeeping().text.encode())
            batches = trace(connection, work)
        upgrade(shadow.url, info.revision, report=_Quiet())
        yield TracedRevision(info, work, batches)


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


class _Quiet(LogReport):
    """What happens to the shadow is no news of the database."""

    def started(self, step: StepInfo) -> None: ...
    def verified(self, revision: str | None) -> None: ...
