"""The frame of a psql script: what is said, checked and locked around the steps.

The checks are those of guard.py and lock.py, the same queries, in one block before the first step.
It also finds out which steps are still to run, so that a script that was cut off goes on.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledgerdb.migrate import guard, lock
from ledgerdb.migrate.config import POSTGRES_MIN, VERSION_SCHEMA, VERSION_TABLE
from ledgerdb.migrate.connection import LOCK_TIMEOUT, SESSION, SET_SESSION
from ledgerdb.migrate.history import Names
from ledgerdb.migrate.report import StepInfo

__all__ = ["Revision", "begin", "end", "head", "tail"]

_WIDTH: Final = 100
_INDENT: Final = " " * 12
_BIND = re.compile(r"(?<![:\w]):(\w+)")


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of the line, as the script speaks of it.

    Attributes:
        info: its identifier and summary.
        before: the one that it follows; None for the first.
        locks: what its docstring says of locks, for people.
        files: label -> sha256 of what it runs.
        creates: names in schema public that no earlier revision took.
        variables: words of its files that psql could take for variables of its own.
    """

    info: StepInfo
    before: str | None
    locks: str
    files: Mapping[str, str]
    creates: Names
    variables: frozenset[str]


_HEAD: Final = """\
-- ledgerdb: from revision {start} to {target}.
--
-- Run it:    psql -d DATABASE -f FILE
--            with psql 14 or later, as the role that migrates; no flag is needed.
-- Exit code: 0, every step is committed. 3, it stopped at the first error and says why: the step
--            that failed left nothing behind, the steps before it are kept.
-- Again:     run the same file again after it stopped or was killed; it goes on with the first step
--            that is not committed. When none is left, it refuses.
-- Refuses:   before anything is written, with one message: a database at another revision, or whose
--            revisions ran other files; a standby; PostgreSQL before {postgres}; an encoding other
--            than UTF8; a role without the rights; objects of others under our names; another
--            deployer at work.
-- After it:  `ledgerdb upgrade` finds nothing to do, and reads back that the database is right.
--
{steps}

-- For squawk. Each step has a transaction of its own:
-- squawk-disable-assume-in-transaction
-- The contract counts attempts in integers; the version table is Alembic's, with a varchar:
-- squawk-ignore-file prefer-bigint-over-int, prefer-text-field

\\set ON_ERROR_STOP on
\\set ON_ERROR_ROLLBACK off
\\set AUTOCOMMIT on
\\set SINGLELINE off
\\set SHOW_CONTEXT never
\\set QUIET on
{unset}
set client_encoding = 'UTF8';
set statement_timeout = 0;
set lock_timeout = '{lock_timeout}';

{guard}

select
{decisions}
from (
    select pg_catalog.current_setting('ledgerdb.steps_done')::integer as done
) as s
\\gset
\\set SHOW_CONTEXT errors
"""

_GUARD: Final = """\
do $ledgerdb$
declare
    v_line constant text[] := '{{{line}}}';
    v_start constant integer := {start};
    v_schema constant text := '{schema}';
    v_owner constant text := '{owner}';
    v_roles constant text := '{{{roles}}}';
    v_key constant bigint := {key};
    v_settings constant text := '{settings}';
    v_database text;
    v_done integer;
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

    if not pg_catalog.pg_try_advisory_lock(v_key) then
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

    -- Which names are ours, and which are we about to take?
    select
        pg_catalog.array_agg(n.name) filter (where n.kind = 'relations' and n.step <= v_done),
        pg_catalog.array_agg(n.name) filter (where n.kind = 'relations' and n.step > v_done),
        pg_catalog.array_agg(n.name) filter (where n.kind = 'types' and n.step > v_done),
        pg_catalog.array_agg(n.name) filter (where n.kind = 'functions' and n.step > v_done)
    into v_tables, v_relations, v_types, v_functions
    from (
        select taken.step, taken.kind, words.name
        from (
            values
            {names}
        ) as taken (step, kind, names)
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
    v_missing := pg_catalog.concat_ws(
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
end;
$ledgerdb$;"""

_BEGIN: Final = """\
\\if :ledgerdb_runs_{revision}
\\echo {title}
begin;"""

_END: Final = """\
commit;
\\endif
"""

_TAIL: Final = """\
do $ledgerdb$
begin
    perform pg_catalog.pg_advisory_unlock({key});
end;
$ledgerdb$;
\\echo at {target}"""


def head(line: Sequence[Revision], start: int) -> str:
    """All that stands before the first step.

    Args:
        line: every revision from the first one to the last step.
        start: how many of them the script begins after.
    """
    steps = line[start:]
    # psql would replace `:name` outside of quotes, if the user's psqlrc has set the name
    variables = sorted({name for step in steps for name in step.variables})
    return _HEAD.format(
        start=_begins(line, start),
        target=line[-1].info.revision,
        postgres=POSTGRES_MIN,
        steps="\n".join(map(_in_words, steps)),
        unset="".join(f"\\unset {name}\n" for name in variables),
        lock_timeout=LOCK_TIMEOUT,
        guard=_guard(line, start),
        decisions=",\n".join(
            f"    s.done < {number} as ledgerdb_runs_{revision.info.revision}"
            for number, revision in enumerate(line, start=1)
            if number > start
        ),
    )


def begin(revision: Revision) -> str:
    """What stands before the statements of a step."""
    return _BEGIN.format(
        revision=revision.info.revision,
        title=_quoted(f"{revision.info.revision} {revision.info.summary}"),
    )


def end() -> str:
    """What stands after the statements of a step."""
    return _END


def tail(line: Sequence[Revision]) -> str:
    """What stands after the last step."""
    return _TAIL.format(key=lock.LOCK_KEY, target=line[-1].info.revision)


def _guard(line: Sequence[Revision], start: int) -> str:
    return _GUARD.format(
        line=", ".join(revision.info.revision for revision in line),
        start=start,
        begins=_begins(line, start),
        target=line[-1].info.revision,
        schema=VERSION_SCHEMA,
        version_table=VERSION_TABLE,
        table=f"{VERSION_SCHEMA}.{VERSION_TABLE}",
        owner=guard.OWNER,
        roles=", ".join((guard.OWNER, *guard.ROLES)),
        key=lock.LOCK_KEY,
        settings=json.dumps(SESSION),
        postgres=POSTGRES_MIN,
        set_session=_block(SET_SESSION.replace("%s", "v_settings")),
        holder=_block(lock.HOLDER.text),
        facts=_block(guard.FACTS.text),
        strangers=_block(guard.STRANGERS.text),
        names=f",\n{_INDENT}".join(_names(line)),
    )


def _names(line: Sequence[Revision]) -> Iterable[str]:
    for number, revision in enumerate(line, start=1):
        for kind in ("relations", "types", "functions"):
            names = " ".join(sorted(getattr(revision.creates, kind)))
            if names:
                wrapped = textwrap.fill(
                    names, _WIDTH, subsequent_indent=_INDENT, initial_indent=_INDENT
                )
                yield f"({number}, '{kind}', '{wrapped.strip()}')"


def _block(query: str) -> str:
    # The parameters of the query are variables of the block.
    return _BIND.sub(r"v_\1", textwrap.indent(textwrap.dedent(query), " " * 8)).strip()


def _begins(line: Sequence[Revision], start: int) -> str:
    return line[start - 1].info.revision if start else "base"


def _in_words(revision: Revision) -> str:
    words = f"{revision.info.revision}  {revision.info.summary} {revision.locks}".rstrip()
    return textwrap.fill(
        words, _WIDTH, initial_indent="-- ", subsequent_indent="--       ", break_on_hyphens=False
    )


def _quoted(text: str) -> str:
    # as an argument of a psql command
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
