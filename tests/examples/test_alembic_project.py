"""A project with Alembic revisions of its own lives beside ledgerdb in one database."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest
from alembic.util import CommandError
from sqlalchemy import NullPool, create_engine

from ledgerdb import migrate
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import LedgerBehind, include_name, include_object, require_revision
from ledgerdb.schema import tenants
from tests.commands import ROOT, Result, run
from tests.migrations.databases import query, revisions
from tests.migrations.project import HEAD

OWN = "select version_num from public.invoices_alembic_version"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy: what autogenerate would write must not land in the checkout."""
    copy = tmp_path / "project"
    shutil.copytree(
        ROOT / "examples" / "alembic-project", copy, ignore=shutil.ignore_patterns("__pycache__")
    )
    return copy


def alembic(project: Path, *arguments: str, url: str) -> Result:
    return run("alembic", *arguments, url=url, cwd=project)


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_it_waits_for_ledgerdb_and_then_lives_beside_it(
    project: Path, empty_database_url: str
) -> None:
    url = empty_database_url
    refused = alembic(project, "upgrade", "head", url=url)
    assert refused.code != 0
    assert refused.stdout.splitlines() == [
        (
            "FAILED: the database is at revision base of ledgerdb and must be at 0008 or later:"
            " run `ledgerdb upgrade` first"
        )
    ]
    assert query(url, "select to_regclass('public.invoices')") == [(None,)]

    migrate.upgrade(url)
    upgraded = alembic(project, "upgrade", "head", url=url)
    assert upgraded.code == 0, upgraded.stderr
    assert (query(url, OWN), revisions(url)) == ([("0001",)], [HEAD])

    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "insert into public.invoices (tenant_id, amount) values (%s, 1)", ["0" * 32]
        )

    clean = alembic(project, "check", url=url)
    assert (clean.code, clean.stderr) == (0, ""), clean
    query(url, "alter table public.invoices add column note text")
    assert "remove_column" in alembic(project, "check", url=url).stdout

    assert migrate.upgrade(url) == HEAD  # nothing to do, and nothing in the way
    query(url, "drop table public.invoices")


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_a_required_revision(database_url: str) -> None:
    engine = create_engine(
        database_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
    )
    with engine.connect() as connection:
        require_revision(connection)
        require_revision(connection, "0001")
        # Alembic would take an open transaction for someone else's, and commit nothing
        assert not connection.in_transaction()
        with pytest.raises(MigrationError, match="no revision 9999: the newest here is"):
            require_revision(connection, "9999")
        with connection.begin(), pytest.raises(MigrationError, match="before the transaction"):
            require_revision(connection)
        query(database_url, "update public.ledgerdb_alembic_version set version_num = '0002'")
        require_revision(connection, "0002")
        with pytest.raises(LedgerBehind, match="at revision 0002 of ledgerdb and must be at 0003"):
            require_revision(connection, "0003")
    assert issubclass(LedgerBehind, CommandError)


def test_autogenerate_leaves_tables_of_ledgerdb_alone_and_no_others() -> None:
    here, there = {"schema_name": None}, {"schema_name": "app"}
    for name in ("tenants", "ledgerdb_alembic_version", "ledgerdb_migrations"):
        assert not include_name(name, "table", here)
        assert include_name(name, "table", there)
    assert include_name("invoices", "table", here)
    assert include_name("tenants", "index", here)
    reflected = True
    assert not include_object(tenants, "tenants", "table", reflected, None)
    assert include_object(tenants.c.status, "status", "column", reflected, None)
    elsewhere = tenants.to_metadata(tenants.metadata.__class__(), schema="app")
    assert include_object(elsewhere, "tenants", "table", reflected, None)
