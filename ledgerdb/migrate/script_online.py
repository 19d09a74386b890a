"""Online operations in a script: what `ledgerdb.migrate.online` does, in statements of psql.

A script cannot look at what it waits for while it waits; it stops, and is run again.
"""

from __future__ import annotations

import re
from typing import Final

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, pins
from ledgerdb.migrate.config import VERSION_SCHEMA
from ledgerdb.migrate.ledger import JOURNAL_TABLE
from ledgerdb.migrate.online import index_catalog
from ledgerdb.migrate.online.watch import WAIT_SECONDS
from ledgerdb.migrate.script_text import literal

__all__ = ["backfill", "statement"]

# Waits of these statements stand in nobody's way, so they may be long.
_PATIENTLY: Final = """\
set lock_timeout = '{seconds:g}s';
{statements}
set lock_timeout = '200ms';"""

# An invalid index is what an earlier try left behind: `if not exists` would be content with it.
_BUILD: Final = """\
select pg_catalog.format('drop index concurrently if exists public.%I', c.relname)
from pg_catalog.pg_index as x
inner join pg_catalog.pg_class as c on x.indexrelid = c.oid
where
    x.indrelid = pg_catalog.to_regclass({table}) and not x.indisvalid
    and c.relname ~ {names}
\\gexec
{file}
do $ledgerdb$
declare
    v_wanted text;
    v_found text;
begin
    -- The server itself says what the statement means: on an empty twin that is then taken back.
    begin
        create temporary table ledgerdb_twin (like {table_name});
        execute {twin_statement};
        v_wanted := pg_catalog.pg_get_indexdef({twin_index}::regclass);
        raise exception using errcode = 'P0001', message = 'taken back';
    exception
        when raise_exception then null;
    end;
    select pg_catalog.pg_get_indexdef(x.indexrelid) into v_found
    from pg_catalog.pg_index as x
    where
        x.indexrelid = pg_catalog.to_regclass({index}) and x.indisvalid
        and x.indrelid = pg_catalog.to_regclass({table});
    if v_found is null
        or pg_catalog.split_part(v_found, ' USING ', 2)
            <> pg_catalog.split_part(v_wanted, ' USING ', 2)
        or (v_found like 'CREATE UNIQUE%') <> (v_wanted like 'CREATE UNIQUE%')
    then
        raise exception '% is not the valid index that is wanted: %',
            {index}, coalesce(v_found, 'it is invalid, or no index of this table');
    end if;
end;
$ledgerdb$;"""

_BACKFILL: Final = """\
do $ledgerdb$
declare
    v_rows integer := 200;
    v_after text;
    v_failures integer := 0;
    v_began timestamptz;
    v_seconds double precision;
begin
    loop
        v_began := pg_catalog.clock_timestamp();
        begin
            perform pg_catalog.set_config('lock_timeout', '100ms', true);
            with batch as materialized (
                select b.last, b.done
                from {journal} as s
                cross join lateral pg_temp.ledgerdb_batch(s.last_key, v_rows) as b
                where s.revision = {revision} and s.step_no = {number} and s.state = 'RUNNING'
            )
            update {journal} as s
            set
                last_key = batch.last,
                rows_done = s.rows_done + batch.done,
                state = case when batch.last is null then 'DONE' else s.state end,
                finished_at = case
                    when batch.last is null then pg_catalog.clock_timestamp()
                end,
                updated_at = pg_catalog.clock_timestamp()
            from batch
            where s.revision = {revision} and s.step_no = {number} and s.state = 'RUNNING'
            returning s.last_key into strict v_after;
            v_failures := 0;
        exception
            when lock_not_available or deadlock_detected then
                v_failures := v_failures + 1;
                if v_failures = 50 then
                    raise;
                end if;
                v_rows := greatest(v_rows / 2, 10);
        end;
        commit;
        exit when v_failures = 0 and v_after is null;
        v_seconds := extract(epoch from pg_catalog.clock_timestamp() - v_began);
        if v_failures = 0 then
            v_rows := least(greatest(
                v_rows * least(0.05 / greatest(v_seconds, 0.000001), 2), 10
            ), 20000)::integer;
        end if;
        perform pg_catalog.pg_sleep(least(v_seconds, 0.2));
        -- or the next batch would begin with the snapshot of the pause
        commit;
    end loop;
end;
$ledgerdb$;"""


def statement(pin: pins.Pin, file: frozen.SqlFile) -> str:
    """The statement of a file, from whatever an earlier try of it left."""
    text = _build(file) if pin.operation == "build_index" else file.text
    return _PATIENTLY.format(seconds=WAIT_SECONDS, statements=text)


def backfill(revision: str, number: int) -> str:
    """The batches of a backfill, each in a transaction of its own, paced by the time they take."""
    return _BACKFILL.format(
        journal=f"{VERSION_SCHEMA}.{JOURNAL_TABLE}", revision=revision, number=number
    )


def _build(file: frozen.SqlFile) -> str:
    wanted = index_catalog.parse(file)
    if re.search(r"\bif\s+not\s+exists\b", file.text, re.IGNORECASE) is None:
        raise MigrationError(f"{file.label} must say `if not exists`, so that a script may go on")
    name = f"public.{wanted.name}"
    return _BUILD.format(
        file=file.text,
        table=literal(wanted.on_table),
        table_name=wanted.on_table,
        index=literal(name),
        names=literal(f"^{wanted.name}(_cc(new|old)[0-9]*)?$"),
        twin_statement=literal(
            f"create {wanted.unique}index {wanted.name} on pg_temp.ledgerdb_twin {wanted.rest}"
        ),
        twin_index=literal(f"pg_temp.{wanted.name}"),
    )
