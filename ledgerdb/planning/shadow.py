"""A copy of a live database without its rows, to try migrations on, and clones of it to break.

The live database is read by pg_dump, which takes ACCESS SHARE for as long as it reads the catalog.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import URL

from ledgerdb._programs import SERVER_VERSIONS, Programs
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, MigrationError
from ledgerdb.migrate.connection import describe
from ledgerdb.migrate.guard import OWNER, ROLES
from ledgerdb.url import database_url
from ledgerdb.verify.scratch import connect

__all__ = ["Shadow", "shadow_server", "shadowed"]

# Rows that the runner reads: where the database is, what was applied in which bytes.
_BOOKKEEPING: Final = ("ledgerdb_alembic_version", "ledgerdb_migrations", "schema_migrations")
_ROLES: Final = "select r.rolname from pg_catalog.pg_roles as r where r.rolname !~ '^pg_'"
_KEPT: Final = """
    select c.relname from pg_catalog.pg_class as c
    where c.relnamespace = 'public'::pg_catalog.regnamespace and c.relkind = 'r'
        and c.relname = any (%s)
"""
_LOCK_WAIT_MS: Final = 2000
_ERROR_CHARS_MAX: Final = 500
# The server of a moment: its data are never needed again.
_SETTINGS: Final = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Shadow:
    """A database on a server on which the login may do anything.

    Attributes:
        url: of the shadow.
        server: of another database of its server.
    """

    url: URL
    server: URL

    @contextmanager
    def clone(self) -> Iterator[URL]:
        """A copy of the shadow, dropped at the end; nobody may be connected to the shadow."""
        with _database(self.server, template=str(self.url.database)) as url:
            yield url


@contextmanager
def shadow_server(major: int, server_url: str | None) -> Iterator[URL]:
    """A server for shadows: the given one, else a private one of this version or the next newer.

    Raises:
        ConfigurationError: there is none that is new enough, or the login is no superuser there.
        DatabaseUnavailable: it cannot be reached.
    """
    if server_url is not None:
        url = database_url(server_url)
        with connect(url) as connection:
            version = connection.info.server_version // 10_000
            if connection.info.parameter_status("is_superuser") != "on":
                raise ConfigurationError(
                    "the shadow needs a superuser of its server: it makes databases and roles"
                )
        if version < major:
            raise ConfigurationError(
                f"the shadow's server is PostgreSQL {version}, the database's is {major}:"
                " a shadow must be as new"
            )
        yield url
        return
    newer = [version for version in SERVER_VERSIONS if version >= major]
    if not newer:
        raise ConfigurationError(
            f"no embedded PostgreSQL is as new as the database's {major}: name a server by --shadow"
        )
    with EmbeddedServer(version=min(newer), settings=_SETTINGS) as server:
        yield database_url(server.url())


@contextmanager
def shadowed(live: URL | None, server: URL) -> Iterator[Shadow]:
    """A shadow of a database, dropped at the end, with the roles that had to be made for it.

    Args:
        live: the database; None: an empty one.
        server: from `shadow_server`.

    Raises:
        MigrationError: the live database could not be read, or its copy not be made.
    """
    with connect(server) as connection:
        present = {row[0] for row in connection.execute(_ROLES)}
        major = connection.info.server_version // 10_000
        roles = _live_roles(live) if live is not None else set()
        for role in sorted(roles - present):
            connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
        try:
            with _database(server) as url:
                if live is not None:
                    _copy(live, url, major)
                yield Shadow(url, server)
        finally:
            for role in sorted((roles | {OWNER, *ROLES}) - present):
                # somebody else's database may have begun to use it meanwhile
                with suppress(psycopg.errors.DependentObjectsStillExist):
                    drop = sql.SQL("drop role if exists {}").format(sql.Identifier(role))
                    connection.execute(drop)


@contextmanager
def _database(server: URL, template: str = "template0") -> Iterator[URL]:
    name = f"ledgerdb_shadow_{uuid.uuid4().hex[:12]}"
    identifiers = sql.Identifier(name), sql.Identifier(template)
    with connect(server) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(*identifiers))
        try:
            yield server.set(database=name)
        finally:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


def _live_roles(live: URL) -> set[str]:
    with connect(live) as connection:
        return {row[0] for row in connection.execute(_ROLES)}


def _copy(live: URL, shadow: URL, major: int) -> None:
    programs = _programs(major)
    wait = f"--lock-wait-timeout={_LOCK_WAIT_MS}"
    dumps = [_dump(programs, live, "--schema-only", wait)]
    with connect(live) as connection:
        kept = [row[0] for row in connection.execute(_KEPT, [list(_BOOKKEEPING)])]
    if kept:
        tables = [f"--table=public.{table}" for table in kept]
        dumps.append(_dump(programs, live, "--data-only", wait, *tables))
    done = subprocess.run(  # noqa: S603  our own program, no shell
        [programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", _conninfo(shadow)],
        input="\n".join(_without_public(dump) for dump in dumps),
        check=False,
        capture_output=True,
        text=True,
        env=_environment(shadow),
    )
    if done.returncode != 0:
        raise MigrationError(
            "the shadow could not be made (name a server that has what the database has, by"
            f" --shadow): {_reason(done.stderr)}"
        )


def _without_public(dump: str) -> str:
    # every new database has the schema already
    return re.sub(r"^CREATE SCHEMA public;$", "", dump, flags=re.MULTILINE)


def _dump(programs: Path, live: URL, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603
        [programs / "pg_dump", *arguments, "-d", _conninfo(live)],
        check=False,
        capture_output=True,
        text=True,
        env=_environment(live),
    )
    if done.returncode != 0:
        raise MigrationError(
            f"database {describe(live)} could not be read by pg_dump: {_reason(done.stderr)}"
        )
    return done.stdout


def _programs(major: int) -> Path:
    if major in SERVER_VERSIONS:
        return Programs(major).bin_dir
    found = shutil.which("pg_dump")
    said = "" if found is None else _version_of(found)
    if found is None or not re.search(rf"\b{major}\b", said):
        raise ConfigurationError(f"a shadow on PostgreSQL {major} needs its pg_dump in PATH")
    return Path(found).parent


def _version_of(program: str) -> str:
    done = subprocess.run(  # noqa: S603
        [program, "--version"], check=False, capture_output=True, text=True
    )
    return done.stdout


def _conninfo(url: URL) -> str:
    # the password goes by the environment: arguments are for everyone to see
    libpq = url.set(drivername="postgresql", password=None)
    return libpq.render_as_string(hide_password=False)


def _environment(url: URL) -> dict[str, str]:
    password: dict[str, Any] = {"PGPASSWORD": str(url.password)} if url.password else {}
    return {**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "", **password}


def _reason(stderr: str) -> str:
    return " ".join(stderr.split())[:_ERROR_CHARS_MAX]
