"""Before a contract revision takes something away: is everybody gone who could still use it?

The library tells the server its release (`ledgerdb/0.1.0 ingress`), `pg_stat_activity` shows it.
The runner asks twice: before the step, and once more under its locks, when no old client can begin
anything on these tables any more.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import DBAPIError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.phases import Phase, version_of

__all__ = ["require_nobody_needs_it"]

# Roles that services act as. Readers see views, which a contract revision keeps or replaces.
_SERVICE_ROLES: Final = ("symphony_ingest", "symphony_executor", "symphony_control")
_RELEASE: Final = re.compile(r"ledgerdb/(\S+)")
# Our own commands run with this release and hold nothing.
_COMMAND: Final = re.compile(r"ledgerdb-(?:migrate|verify)\b")
_SESSIONS_SHOWN: Final = 5

_SEES_OTHERS = text("select pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage')")
# A transaction remembers what it saw of the sessions first: the second look must be a new one.
_LOOK_AGAIN = text("select pg_catalog.pg_stat_clear_snapshot()")
_SESSIONS = text("""
    select a.pid, a.usename as role, a.application_name as application,
        coalesce(a.client_addr::text, 'local') as address, a.backend_start as since,
        exists (
            select from pg_catalog.pg_roles as r
            where r.rolname = any (cast(:roles as text[])) and not u.rolsuper
                and pg_catalog.pg_has_role(u.oid, r.oid, 'member')
        ) as serves
    from pg_catalog.pg_stat_activity as a
    join pg_catalog.pg_roles as u on u.oid = a.usesysid
    where a.datname = pg_catalog.current_database() and a.backend_type = 'client backend'
        and a.pid <> pg_catalog.pg_backend_pid()
    order by a.backend_start, a.pid
""")
_JOURNAL = text("select pg_catalog.to_regclass('public.ledgerdb_migration_steps') is not null")
_UNFINISHED = text("""
    select revision, step_no, name, rows_done, rows_estimate
    from public.ledgerdb_migration_steps
    where state <> 'DONE' and revision < :revision order by revision, step_no
""")


def require_nobody_needs_it(connection: Connection, revision: str, phase: Phase) -> None:
    """What a contract revision takes away is not in use; an expand revision takes nothing away.

    Reads only. May run in the revision's own transaction.

    Args:
        connection: of the role that deploys.
        revision: the one about to run.
        phase: of it.

    Raises:
        MigrationError: an older client, or one that does not say what it is, is connected; or the
            role may not see who is; or an earlier backfill is not done. The message names them.
    """
    if phase.kind != "contract" or phase.since is None:
        return
    _require_backfilled(connection, revision)
    if not connection.scalar(_SEES_OTHERS):
        raise MigrationError(
            f"revision {revision} needs every client at {phase.since} or later, and this role may"
            " not see the sessions of others: grant pg_read_all_stats to it"
        )
    connection.execute(_LOOK_AGAIN)
    sessions = connection.execute(_SESSIONS, {"roles": list(_SERVICE_ROLES)}).mappings()
    older = [told for row in sessions if (told := _told(row, phase.since)) is not None]
    if older:
        more = len(older) - _SESSIONS_SHOWN
        lines = older[:_SESSIONS_SHOWN] + ([f"  and {more} more"] if more > 0 else [])
        raise MigrationError(
            f"revision {revision} takes away what clients before {phase.since} use, and"
            f" {len(older)} may be connected: stop them, then run it again\n" + "\n".join(lines)
        )


def _require_backfilled(connection: Connection, revision: str) -> None:
    if not connection.scalar(_JOURNAL):
        return
    try:
        rows = connection.execute(_UNFINISHED, {"revision": revision}).all()
    except DBAPIError as error:
        raise MigrationError(
            f"revision {revision}: cannot read the journal: {error.orig}"
        ) from error
    for row in rows:
        estimate = "" if row.rows_estimate is None else f" of about {row.rows_estimate}"
        raise MigrationError(
            f"revision {revision} takes away what a backfill still reads: revision {row.revision},"
            f" step {row.step_no} ({row.name}) is at {row.rows_done}{estimate} rows; let it finish"
        )


def _told(row: RowMapping, since: str) -> str | None:
    """The line about a session that is in the way, or None."""
    application = row["application"] or ""
    if _COMMAND.match(application):
        return None
    release = _RELEASE.match(application)
    version = None if release is None else version_of(release[1])
    if version is None and not row["serves"] and release is None:
        return None  # somebody else's: it has none of our roles
    needed = version_of(since)
    if version is not None and needed is not None and version >= needed:
        return None
    return (
        f"  pid {row['pid']}, role {row['role']}, {application or 'no application name'},"
        f" from {row['address']}, since {row['since']:%Y-%m-%d %H:%M:%S}"
    )
