"""The block before the first step of a script: everything that a live run checks, in one statement.

The queries are those of guard.py and lock.py. It also finds out which steps are still to run, so
that a script that was cut off goes on.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledgerdb.catalog import Names
from ledgerdb.migrate import guard, lock
from ledgerdb.migrate.config import POSTGRES_MIN, VERSION_SCHEMA, VERSION_TABLE
from ledgerdb.migrate.connection import SESSION, SET_SESSION
from ledgerdb.migrate.ledger import JOURNAL_TABLE, LEDGER_TABLE
from ledgerdb.migrate.plan import Plan
from ledgerdb.migrate.report import StepInfo
from ledgerdb.migrate.script_text import in_block

__all__ = ["Revision", "begins", "guard_block"]

_WIDTH: Final = 100
_INDENT: Final = " " * 12
_SEPARATOR: Final = f",\n{_INDENT}"
_DIGEST_DIGITS: Final = 16
_LOCK_TRIES: Final = 15
_LOCK_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of the line, as the script speaks of it.

    Attributes:
        info: its identifier and summary.
        locks: what its docstring says of locks, for people.
        files: label -> sha256 of what it runs.
        creates: names in schema public that no earlier revision took.
        prepares: those of them that are there before its transaction.
        variables: words of its files that psql could take for variables of its own.
    """

    info: StepInfo
    locks: str
    files: Mapping[str, str]
    creates: Names
    prepares: Names
    variables: frozenset[str]


_GUARD: Final = """\
do $ledgerdb$
declare
    v_line constant text[] := '{{{line}}}';
    v_start constant integer := {start};
    v_schema constant text := '{schema}';
    v_owner constant text := '{owner}';
    v_roles constant text := '{{{roles}}}';
    v_key constant bigint := {key};
    v_script constant text := '{script}';
    v_settings constant text := '{settings}';
    v_locked boolean;
    v_database text;
    v_done integer;
    v_begun boolean := false;
    v_ledger boolean;
    v_opens_books boolean;
    v_facts record;
    v_missing text;
    v_found text;
    v_tables text[];
    v_relations text[];
    v_types text[];
    v_functions text[];
    v_strangers text[];
begin
    if pg_catalog.now() <> pg_catalog.statement_timestamp() then
        raise exception 'a transaction is open: run this script without --single-transaction';
    end if;
    perform from (
        {set_session}
    ) as applied;
    perform pg_catalog.set_config('application_name', v_script, false);

    -- The session of a run that was killed a moment ago ends within a second.
    for v_try in 1..{lock_tries} loop
        v_locked := pg_catalog.pg_try_advisory_lock(v_key)
            and pg_catalog.pg_try_advisory_lock(v_key + 1);
        exit when v_locked;
        perform pg_catalog.pg_sleep({lock_pause_seconds});
    end loop;
    if not v_locked then
        select pg_catalog.format(
            'pid %s, application %s, user %s, since %s UTC',
            h.pid, h.application_name, h.usename, h.since
        )
        into v_found
        from (
        {holder}
        ) as h (pid, usename, application_name, hostname, address, since);
        raise exception 'another deployer is at work on this database: %',
            coalesce(v_found, 'it ended just now');
    end if;

    -- Which steps are done?
    if pg_catalog.to_regclass('{table}') is not null then
        select pg_catalog.string_agg(v.version_num, ', ') into v_database from {table} as v;
    end if;
    v_done := coalesce(pg_catalog.array_position(v_line, v_database), 0);
    -- who may not read the ledger may not migrate either, which is said below
    v_ledger := coalesce(
        pg_catalog.has_table_privilege(pg_catalog.to_regclass('{ledger}')::oid, 'select'), false
    );
    if v_ledger then
        select pg_catalog.bool_or(j.revision = v_line[v_done + 1]) into v_begun
        from {journal} as j;
    end if;

    -- Which names are ours, and which are we about to take?
    select
        pg_catalog.array_agg(n.name) filter (where n.kind = 'relations' and n.step <= v_done),
        pg_catalog.array_agg(n.name) filter (where n.kind = 'relations' and n.is_new),
        pg_catalog.array_agg(n.name) filter (where n.kind = 'types' and n.is_new),
        pg_catalog.array_agg(n.name) filter (where n.kind = 'functions' and n.is_new)
    into v_tables, v_relations, v_types, v_functions
    from (
        select
            taken.step,
            taken.kind,
            words.name,
            taken.step > v_done and not (taken.prepared and v_begun is true) as is_new
        from (
            values
            {names}
        ) as taken (step, prepared, kind, names)
        cross join lateral pg_catalog.regexp_split_to_table(taken.names, '\\s+') as words (name)
    ) as n;
    v_tables := pg_catalog.array_append(v_tables, '{version_table}');

    select f.* into strict v_facts from (
        {facts}
    ) as f;
    if v_facts.major < {postgres} then
        raise exception 'PostgreSQL % is too old: ledgerdb needs {postgres} or later',
            v_facts.version;
    elsif v_facts.standby then
        raise exception 'the server of database "%" is a standby: deploy on the primary',
            v_facts.database;
    elsif v_facts.read_only then
        raise exception 'database "%" is read-only for role "%"', v_facts.database, v_facts.role;
    elsif v_facts.encoding <> 'UTF8' then
        raise exception 'database "%" has encoding %: ledgerdb needs UTF8',
            v_facts.database, v_facts.encoding;
    elsif v_database is not null and v_done = 0 or v_done < v_start then
        raise exception 'this script goes from revision {begins} to {target},'
            ' but the database is at %', coalesce(v_database, 'base');
    elsif v_done = pg_catalog.cardinality(v_line) then
        raise exception 'the database is at {target} already: nothing is left to do';
    end if;

    -- Was every revision applied with these files, and by this script where it is one of its steps?
    if v_ledger then
        select pg_catalog.format(
            '%s was changed after revision %s was applied with it: applied sha256 %s, here %s',
            f.label, f.revision, m.files ->> f.label, f.sha256
        )
        into v_found
        from {ledger} as m
        inner join (
            values
            {files}
        ) as f (revision, label, sha256) on m.revision = f.revision
        where m.files ->> f.label <> f.sha256
        order by f.revision, f.label
        limit 1;
        if found then
            raise exception '%', v_found;
        end if;
        select pg_catalog.bool_or(m.revision is null) into v_opens_books
        from pg_catalog.unnest(v_line[:v_start]) as a (revision)
        left join {ledger} as m on a.revision = m.revision;
    end if;
    if v_done > v_start then
        select a.revision into v_found
        from pg_catalog.unnest(v_line[v_start + 1:v_done]) as a (revision)
        left join {ledger} as m on a.revision = m.revision
        where m.client is distinct from v_script
        limit 1;
        if found then
            raise exception 'this script goes from revision {begins} to {target}, but the database'
                ' is at %, and revision % was not applied by it', v_database, v_found;
        end if;
    end if;
{journaled}    v_missing := pg_catalog.concat_ws(
        '; ',
        case when not v_facts.may_create then 'CREATE on schema ' || v_schema end,
        case
            when pg_catalog.cardinality(v_facts.missing_roles) > 0 and not v_facts.may_create_roles
                then 'CREATEROLE (or the roles '
                    || pg_catalog.array_to_string(v_facts.missing_roles, ', ') || ')'
        end,
        case
            when v_done = 0 and not v_facts.owns_database
                then 'ownership of the database (it belongs to ' || v_facts.owner || ')'
        end,
        case
            when pg_catalog.cardinality(v_facts.not_owned) > 0
                then 'ownership of ' || pg_catalog.array_to_string(v_facts.not_owned, ', ')
        end,
        case
            when not v_facts.may_own
                then 'membership of ' || v_owner || ' with inherit and set'
        end
    );
    if v_missing <> '' then
        raise exception 'role "%" may not migrate database "%": it lacks %',
            v_facts.role, v_facts.database, v_missing;
    end if;

    v_strangers := array(
        {strangers}
    );
    if pg_catalog.cardinality(v_strangers) > 0 then
        raise exception 'the database already holds % objects under ledgerdb''s names that ledgerdb'
            ' did not create (%)', pg_catalog.cardinality(v_strangers),
            pg_catalog.array_to_string(v_strangers[:5], ', ');
    end if;

    perform pg_catalog.set_config('ledgerdb.steps_done', v_done::text, false);
    perform pg_catalog.set_config(
        'ledgerdb.opens_books', (not v_ledger or v_opens_books is true)::text, false
    );
end;
$ledgerdb$;"""

# Steps that run outside of a transaction: those that were begun must be these.
_JOURNALED: Final = """
    if v_begun then
        select pg_catalog.format(
            'revision %s, step %s began as %s (sha256 %s) and is %s (sha256 %s) here',
            j.revision, j.step_no, j.name, j.sha256, p.name, p.sha256
        )
        into v_found
        from {journal} as j
        inner join (
            values
            {steps}
        ) as p (revision, step_no, name, sha256)
            on j.revision = p.revision and j.step_no = p.step_no
        where (j.name, j.sha256) <> (p.name, p.sha256)
        limit 1;
        if found then
            raise exception '%: go on with the release that began it', v_found;
        end if;
    end if;
"""


def begins(plan: Plan) -> str:
    """Where the script expects the database, in words."""
    return plan.heads[0] if plan.heads else "base"


def guard_block(line: Sequence[Revision], plan: Plan) -> str:
    """The block, for a line of revisions whose last ones are the steps of the plan."""
    ledger, journal = f"{VERSION_SCHEMA}.{LEDGER_TABLE}", f"{VERSION_SCHEMA}.{JOURNAL_TABLE}"
    files = [
        f"('{revision.info.revision}', '{label}', '{sha256}')"
        for revision in line
        for label, sha256 in sorted(revision.files.items())
    ]
    steps = [
        f"('{step.info.revision}', {number}, '{pin.file_name}', '{pin.sha256}')"
        for step in plan.steps
        for number, pin in enumerate(step.preparation.steps, 1)
    ]
    digest = hashlib.sha256("\n".join([begins(plan), *files, *steps]).encode()).hexdigest()
    return _GUARD.format(
        line=", ".join(revision.info.revision for revision in line),
        start=len(line) - len(plan.steps),
        begins=begins(plan),
        target=plan.target[0],
        schema=VERSION_SCHEMA,
        version_table=VERSION_TABLE,
        table=f"{VERSION_SCHEMA}.{VERSION_TABLE}",
        ledger=ledger,
        journal=journal,
        owner=guard.OWNER,
        roles=", ".join((guard.OWNER, *guard.ROLES)),
        key=lock.LOCK_KEY,
        lock_tries=_LOCK_TRIES,
        lock_pause_seconds=_LOCK_PAUSE_SECONDS,
        script=f"ledgerdb-script-{digest[:_DIGEST_DIGITS]}",
        settings=json.dumps(SESSION),
        postgres=POSTGRES_MIN,
        set_session=in_block(SET_SESSION.replace("%s", ":settings"), 8),
        holder=in_block(lock.HOLDER.text, 8),
        facts=in_block(guard.FACTS.text, 8),
        strangers=in_block(guard.STRANGERS.text, 8),
        names=_SEPARATOR.join(_names(line)),
        files=_SEPARATOR.join(files),
        journaled=_JOURNALED.format(journal=journal, steps=_SEPARATOR.join(steps)) if steps else "",
    )


def _names(line: Sequence[Revision]) -> Iterable[str]:
    for number, revision in enumerate(line, start=1):
        for prepared, taken in (
            (False, revision.creates - revision.prepares),
            (True, revision.prepares),
        ):
            for kind in ("relations", "types", "functions"):
                names = " ".join(sorted(getattr(taken, kind)))
                if names:
                    wrapped = textwrap.fill(
                        names, _WIDTH, subsequent_indent=_INDENT, initial_indent=_INDENT
                    )
                    yield f"({number}, {str(prepared).lower()}, '{kind}', '{wrapped.strip()}')"
