"""A virtual clock: every function of the database asks it instead of the server's.

It is a sequence, so it is the same for all sessions and no rollback turns it back. The functions
are rewritten mechanically, as they are installed: the machine runs whatever text they have.
"""

from __future__ import annotations

import re
from typing import Any, Final

import psycopg
from psycopg import sql

__all__ = ["BEGINNING", "Clock"]

# In the real future: what asks the server's clock instead of this one is seen to be wrong.
BEGINNING: Final = 4_102_444_800_000_000  # 2100-01-01
_SETUP: Final = """
create schema if not exists proof_clock;
create sequence if not exists proof_clock.ticks;
create or replace function proof_clock.instant() returns timestamptz language sql volatile
return timestamptz 'epoch'
    + pg_sequence_last_value('proof_clock.ticks'::regclass) * interval '1 microsecond';
create or replace function proof_clock.next_instant() returns timestamptz language sql volatile
return timestamptz 'epoch' + nextval('proof_clock.ticks'::regclass) * interval '1 microsecond';
grant usage on schema proof_clock to public;
grant usage on sequence proof_clock.ticks to public;
grant select on sequence proof_clock.ticks to public;
"""
_FUNCTIONS: Final = """
select pg_get_functiondef(p.oid) from pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
"""
_DEFAULTS: Final = """
select c.oid::regclass::text, a.attname, pg_get_expr(d.adbin, d.adrelid)
from pg_attrdef as d
join pg_class as c on c.oid = d.adrelid
join pg_attribute as a on (a.attrelid, a.attnum) = (d.adrelid, d.adnum)
where c.relnamespace = 'public'::regnamespace and a.attgenerated = ''
"""
_ASKS: Final = re.compile(r"(?<![\w.])(?:clock_timestamp|statement_timestamp|now)\(\)")
_INSTANT: Final = "proof_clock.instant()"
# The items of a batch follow one another, as they do in real time: their order is total.
_NEXT_INSTANT: Final = "proof_clock.next_instant()"
_BATCHES: Final = "FUNCTION public._enqueue_outbox_items("


class Clock:
    """The clock of one database, over a superuser's session."""

    def __init__(self, admin: psycopg.Connection[Any]) -> None:
        self._admin = admin
        self._originals: list[str] = []

    def install(self) -> None:
        self._admin.execute(_SETUP)
        for (text,) in self._admin.execute(_FUNCTIONS).fetchall():
            if _ASKS.search(text):
                self._originals.append(text)
                self._run(_ASKS.sub(_NEXT_INSTANT if _BATCHES in text else _INSTANT, text))
        for table, column, expression in self._admin.execute(_DEFAULTS).fetchall():
            if _ASKS.search(expression):
                self._admin.execute(
                    sql.SQL("alter table {} alter column {} set default {}").format(
                        sql.SQL(table), sql.Identifier(column), sql.SQL(_INSTANT)
                    )
                )

    def uninstall(self) -> None:
        """The functions as they were, for a migration that reads them back. Defaults stay virtual
        until the migration changes them: the schema of the clock remains.
        """
        for text in self._originals:
            self._run(text)
        self._originals.clear()

    def set(self, microseconds: int) -> None:
        self._admin.execute("select setval('proof_clock.ticks', %s)", (microseconds,))

    def _run(self, text: str) -> None:
        self._admin.execute(text.encode())
