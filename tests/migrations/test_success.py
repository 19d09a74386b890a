"""Success is what another session reads, never what the run says.

Alembic prints "Running upgrade", exits 0 and commits nothing when someone else opened the
transaction. Each spoilt env.py must end with another code than 0, and with nothing done.
"""

from __future__ import annotations

import textwrap

import pytest

from tests.commands import assert_refused, run
from tests.migrations.databases import catalog, functions, query, revisions
from tests.migrations.project import HEAD, Project

SPOILT = {
    "a statement on the connection": """
        from sqlalchemy import Engine, event
        @event.listens_for(Engine, "engine_connect")
        def _(connection):
            connection.exec_driver_sql("set lock_timeout = '5s'")
        """,
    "an open transaction": """
        from sqlalchemy import Engine, event
        @event.listens_for(Engine, "engine_connect")
        def _(connection):
            if connection.get_isolation_level() != "AUTOCOMMIT":
                connection.begin()
        """,
    "a transaction of the driver": """
        from sqlalchemy import Engine, event
        @event.listens_for(Engine, "checkout")
        def _(raw, record, proxy):
            if not raw.autocommit:
                raw.execute("select 1")
        """,
    "commits that roll back": """
        from sqlalchemy import RootTransaction
        RootTransaction.commit = RootTransaction.rollback
        """,
    "a savepoint instead of a transaction": """
        import contextlib
        from alembic.runtime.migration import MigrationContext
        MigrationContext.begin_transaction = lambda self, _=False: self.connection.begin_nested()
        """,
    "no steps": """
        from alembic.runtime.migration import MigrationContext
        MigrationContext.run_migrations = lambda self, **_: None
        """,
    "another env.py": """
        from alembic import context
        from sqlalchemy import create_engine
        import ledgerdb.migrate
        from ledgerdb.url import database_url
        with create_engine(database_url()).connect() as connection:
            connection.exec_driver_sql("set lock_timeout = '5s'")
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
}
HARMLESS = """
    import sqlalchemy
    from sqlalchemy import Engine, event
    @event.listens_for(Engine, "connect")
    def _(raw, record):
        raw.execute("set application_name = 'mine'")
        raw.commit()
    """


def spoil(project: Project, code: str) -> None:
    env = project.migrations / "env.py"
    replaces = "context.run_migrations()" in code
    env.write_text(textwrap.dedent(code) + ("" if replaces else env.read_text()))


@pytest.mark.parametrize("name", SPOILT)
def test_never_zero_with_nothing_committed(project: Project, empty_url: str, name: str) -> None:
    spoil(project, SPOILT[name])
    before = catalog(empty_url)
    done = project.alembic("upgrade", "head", url=empty_url)
    assert done.code != 0, done.stderr
    assert "(verified)" not in done.stderr
    assert catalog(empty_url) == before


def test_the_mutations_are_what_fails(project: Project, empty_url: str) -> None:
    """Negative control: the same copy with a harmless addition succeeds."""
    spoil(project, HARMLESS)
    done = project.alembic("upgrade", "head", url=empty_url)
    assert done.code == 0, done.stderr
    assert revisions(empty_url) == [HEAD]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            """create or replace function public.uuid_strategy() returns text language sql
            as $$ select 'mine' $$""",
            "uuid_strategy (differs from frozen/0003_uuid_strategy.sql)",
        ),
        ("drop function public.outbox_backlog()", "outbox_backlog (missing)"),
        (
            """create function public.outbox_retry_ceiling(int) returns int language sql
            as $$ select 20 $$""",
            "outbox_retry_ceiling (differs from",
        ),
    ],
    ids=["changed", "dropped", "overloaded"],
)
def test_functions_changed_behind_the_back(head_url: str, statement: str, message: str) -> None:
    query(head_url, statement)
    before = functions(head_url)
    done = run("ledgerdb", "upgrade", url=head_url)
    assert_refused(done, f"not verified at {HEAD}: 1 of ", message)
    assert functions(head_url) == before
