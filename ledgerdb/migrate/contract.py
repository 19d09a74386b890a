"""Before a contract revision takes something away: is everybody gone who could still use it?

The library tells the server its release (`ledgerdb/0.1.0 ingress`), `pg_stat_activity` shows it.
The runner asks twice: before the step, and once more under its locks, when no old client can begin
anything on these tables any more. A script asks once, under its locks, in the same words.
"""

from __future__ import annotations

from typing import Final

from psycopg import sql
from sqlalchemy import Connection, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.phases import Phase

__all__ = ["require_nobody_needs_it", "script_guard"]

# Services act as these. Readers see views, which a contract revision keeps or replaces.
_SERVICE_ROLES: Final = ("symphony_ingest", "symphony_executor", "symphony_control")
_SESSIONS_SHOWN: Final = 5

_SEES_OTHERS: Final = "pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage')"
_BLIND: Final = (
    "revision {revision} needs every client at {since} or later, and this role may not see the"
    " sessions of others: grant pg_read_all_stats to it"
)
_IN_USE: Final = (
    "revision {revision} takes away what clients before {since} use, and they may be connected:"
    " stop them, then run it again"
)
# A transaction remembers what it saw of the sessions first: each look must be a new one.
_LOOK_AGAIN: Final = "pg_catalog.pg_stat_clear_snapshot()"
# Our own commands run with the release that deploys. Who names no release, but has a role of the
# services, may be any release.
_OLDER: Final = """
    select pg_catalog.format(
        'pid %s, role %s, %s, from %s, since %s', s.pid, s.usename,
        coalesce(nullif(s.application_name, ''), 'no application name'),
        coalesce(s.client_addr::text, 'local'),
        pg_catalog.to_char(s.backend_start, 'YYYY-MM-DD HH24:MI:SS')
    ) as line
    from (
        select a.*, u.rolsuper,
            pg_catalog.string_to_array(
                pg_catalog.substring(a.application_name, '^ledgerdb/([0-9]+[.][0-9]+[.][0-9]+)'),
                '.'
            )::int[] as release
        from pg_catalog.pg_stat_activity as a
        join pg_catalog.pg_roles as u on u.oid = a.usesysid
        where a.datname = pg_catalog.current_database() and a.backend_type = 'client backend'
            and a.pid <> pg_catalog.pg_backend_pid()
            and a.application_name !~ '^ledgerdb-(migrate|verify)'
    ) as s
    where s.release < {since}
        or s.release is null and (
            s.application_name like 'ledgerdb/%'
            or not s.rolsuper and exists (
                select from pg_catalog.pg_roles as r
                where r.rolname = any ({roles})
                    and pg_catalog.pg_has_role(s.usesysid, r.oid, 'member')
            )
        )
    order by s.backend_start, s.pid
"""
_JOURNAL: Final = "pg_catalog.to_regclass('public.ledgerdb_migration_steps') is not null"
_UNFINISHED: Final = """
    select pg_catalog.format(
        'revision {revision} takes away what a backfill still reads: revision %s, step %s (%s) is'
        ' at %s of about %s rows; let it finish',
        j.revision, j.step_no, j.name, j.rows_done, coalesce(j.rows_estimate::text, 'unknown')
    ) as line
    from public.ledgerdb_migration_steps as j
    where j.state <> 'DONE' and j.revision < '{revision}' order by j.revision, j.step_no limit 1
"""
_GUARD: Final = """\
do $ledgerdb$
declare
    v_line text;
begin
    if {journal} then
        v_line := ({unfinished});
        if v_line is not null then
            raise exception '%', v_line;
        end if;
    end if;
    if not {sees_others} then
        raise exception '%', {blind};
    end if;
    perform {look_again};
    select pg_catalog.string_agg(o.line, '; ') into v_line from ({older}) as o;
    if v_line is not null then
        raise exception '%', {in_use} || ': ' || v_line;
    end if;
end;
$ledgerdb$;"""


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
    if phase.since is None:
        return
    named = {"revision": revision, "since": phase.since}
    if connection.scalar(text(f"select {_JOURNAL}")):
        unfinished = connection.scalar(text(_UNFINISHED.format(revision=revision)))
        if unfinished is not None:
            raise MigrationError(unfinished)
    if not connection.scalar(text(f"select {_SEES_OTHERS}")):
        raise MigrationError(_BLIND.format(**named))
    connection.execute(text(f"select {_LOOK_AGAIN}"))
    older = list(connection.scalars(text(_older(phase.since))))
    if older:
        more = len(older) - _SESSIONS_SHOWN
        lines = older[:_SESSIONS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        raise MigrationError("\n  ".join([_IN_USE.format(**named), *lines]))


def script_guard(revision: str, phase: Phase) -> str | None:
    """The same question as a statement of a script; None for an expand revision."""
    if phase.since is None:
        return None
    named = {"revision": revision, "since": phase.since}
    return _GUARD.format(
        journal=_JOURNAL,
        unfinished=_UNFINISHED.format(revision=revision),
        sees_others=_SEES_OTHERS,
        look_again=_LOOK_AGAIN,
        older=_older(phase.since),
        blind=_literal(_BLIND.format(**named)),
        in_use=_literal(_IN_USE.format(**named)),
    )


def _older(since: str) -> str:
    numbers = "array[" + ", ".join(since.split(".")) + "]"
    roles = "array[" + ", ".join(map(_literal, _SERVICE_ROLES)) + "]"
    return _OLDER.format(since=numbers, roles=roles)


def _literal(value: str) -> str:
    return sql.Literal(value).as_string()
