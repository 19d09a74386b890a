"""install_function and run_script send any text as it is, to a live database and to a script.

`op.execute` would not: it takes `:x` for a parameter and `%` for a format.
"""

from __future__ import annotations

import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.commands import assert_refused, run
from tests.migrations.databases import catalog, functions, query, revisions
from tests.migrations.project import Project

BODIES = {
    "percent": "begin raise notice '100% of %', 1, 3 % 2; return format('%s %%', 'x'); end",
    "format": "begin return format('%(name)s {x} {} $1 ?', 1); end",
    "parameter": "begin return ' :x :name := 1'; end",
    "slice": "declare n int := 1; begin return (array['a', 'b'])[:n]::text; end",
    "casts": "begin return 1::text || '1'::int::text; end",
    "backslash": "begin return 'a\\b\\n\\\\' || E'\\t\\x41\\'' || '\\echo \\q'; end",
    "document": """begin return '{"k":1, "l":true, "m": "n"}'::jsonb ->> 'k'; end""",
    "quotes": 'begin return $$it\'s $x$ "q" $x$ $$ || $inner$ $$ $inner$; end',
    "newlines": "\nbegin\n\treturn 'a\n\n  b ';\n\n-- a comment; :y %s\nend;\n\n",
    "unicode": "begin return 'Žluťoučký 支払い 💶 \u00a0'; end",
    "separator": "begin return '; go; ' || chr(59); /* ;; */ end",
}
FUNCTION = """\
create or replace function public.{name}() returns text language plpgsql as $function${body}\
$function$;
"""
SCRIPT = """\
create table public.notes (note text, tags jsonb default '{"k":1, "l":true}');
insert into public.notes (note) values
('100% %s %% %(x)s'), (' :x ::text [:n]'), ('a\\b\\q'), ($x$it's $$ $x$), (E'\\t\\\\');
insert into public.notes (note) select (array['c', 'd'])[:2]::text;
"""
NOTES = ["100% %s %% %(x)s", " :x ::text [:n]", "a\\b\\q", "it's $$ ", "\t\\", "{c,d}"]


@pytest.fixture
def bodies(own_project: Project) -> Project:
    """One revision with a function per body, and a script."""
    files = {
        f"frozen/0001_{name}.sql": FUNCTION.format(name=name, body=body)
        for name, body in BODIES.items()
    }
    own_project.add_revision("0001", files | {"ddl/0001_notes.sql": SCRIPT})
    return own_project


def assert_as_written(url: str) -> None:
    assert functions(url) == {f"{name}()": body for name, body in BODIES.items()}
    assert [row[0] for row in query(url, "select note from public.notes")] == NOTES
    assert query(url, "select distinct tags from public.notes") == [({"k": 1, "l": True},)]


def test_online(bodies: Project, empty_database_url: str) -> None:
    done = bodies.alembic("upgrade", "head", url=empty_database_url)
    assert done.code == 0, done.stderr
    assert_as_written(empty_database_url)


def test_offline(bodies: Project, server: EmbeddedServer, empty_database_url: str) -> None:
    script = bodies.alembic("upgrade", "head", "--sql")
    assert (script.code, script.stderr) == (0, "")
    psql = server.bin_dir / "psql"
    done = run(psql, "-X", "-d", empty_database_url, "-f", "-", stdin=script.stdout)
    assert done.code == 0, done.stderr
    assert_as_written(empty_database_url)


@pytest.mark.parametrize("ending", ["commit;", "rollback;"])
def test_a_file_must_not_end_the_transaction_of_its_revision(
    own_project: Project, empty_url: str, ending: str
) -> None:
    own_project.add_revision("0001", {"ddl/0001_ends.sql": f"select 1;\n{ending}\n"})
    done = own_project.alembic("upgrade", "head", url=empty_url)
    assert_refused(done, "ddl/0001_ends.sql ends the transaction of its revision", lines=2)
    assert revisions(empty_url) == []


def test_an_error_names_file_line_and_state(own_project: Project, empty_url: str) -> None:
    text = "create table public.first (id int);\n\nselect nothing\nfrom public.missing;\n"
    own_project.add_revision("0001", {"ddl/0001_bad.sql": text})
    before = catalog(empty_url)
    done = own_project.alembic("upgrade", "head", url=empty_url)
    assert done.code != 0
    assert "revision 0001, ddl/0001_bad.sql line 4 failed: 42P01" in done.stderr
    assert "nothing of this step was written" in done.stderr
    assert "Traceback" not in done.stderr
    assert catalog(empty_url) == before


def test_earlier_steps_stay_and_the_next_run_goes_on(own_project: Project, empty_url: str) -> None:
    own_project.add_revision("0001", {"ddl/0001_a.sql": "create table public.a (id int);\n"})
    own_project.add_revision("0002", {"ddl/0002_b.sql": "insert into public.b values (1);\n"})
    own_project.add_revision("0003", {"ddl/0003_c.sql": "create table public.c (id int);\n"})
    failed = own_project.alembic("upgrade", "head", url=empty_url)
    assert failed.code != 0
    assert "revision 0002, ddl/0002_b.sql line 1 failed: 42P01" in failed.stderr
    assert query(empty_url, "select version_num from public.ledgerdb_alembic_version") == [
        ("0001",)
    ]
    query(empty_url, "create table public.b (id int)")
    done = own_project.alembic("upgrade", "head", url=empty_url)
    assert done.code == 0, done.stderr
    assert query(empty_url, "select id from public.b") == [(1,)]
    assert query(empty_url, "select to_regclass('public.c')::text") == [("c",)]
