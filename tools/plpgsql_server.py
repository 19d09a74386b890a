"""A private PostgreSQL 15 with plpgsql_check and the schema of head, for `tools.plpgsql_check`.

Debian has plpgsql_check for 15 and for no later version, and the migrations need 16. So
migrations/schema.sql is loaded instead of migrating, through a filter that is all of this list:

    pg_catalog.pg_input_is_valid, pg_catalog.uuidv7    functions of 16 and 18: stand-ins
    x is [not] json object [with unique keys]          syntax of 16: another boolean of x
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.guard import OWNER, ROLES

__all__ = ["NotInstalled", "install", "schema_for_15", "server_with_schema"]

SCHEMA: Final = Path(__file__).resolve().parent.parent / "migrations" / "schema.sql"
VERSION: Final = 15
INSTALLATION: Final = Path("/usr/lib/postgresql") / str(VERSION)
EXTENSION: Final = Path("/usr/share/postgresql") / str(VERSION) / "extension/plpgsql_check.control"
PACKAGES: Final = (f"postgresql-{VERSION}", f"postgresql-{VERSION}-plpgsql-check")
# Debian would make a cluster of its own and start it.
_NO_CLUSTER: Final = Path("/etc/postgresql-common/createcluster.d/no-main-cluster.conf")

_SETTINGS: Final = {"fsync": "off", "max_connections": "10", "shared_buffers": "16MB"}
_STAND_INS: Final = """
    create extension plpgsql_check;
    create function pg_catalog.pg_input_is_valid(text, text) returns boolean
        language sql stable strict as 'select true';
    create function pg_catalog.uuidv7() returns uuid
        language sql volatile as 'select pg_catalog.gen_random_uuid()';
"""
_IS_JSON: Final = re.compile(
    r"(\b[\w.]+) is (?:not )?json object(?: with unique keys)?", re.IGNORECASE
)


class NotInstalled(Exception):
    """There is no PostgreSQL 15 with plpgsql_check on this machine."""


def install() -> None:
    """Installs what is missing from Debian's packages, as root; starts no server.

    Raises:
        NotInstalled: it could not be done; the message is that of apt-get.
    """
    if EXTENSION.exists():
        return
    try:
        _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        _NO_CLUSTER.write_text("create_main_cluster = false\n")
        for command in (("update",), ("install", "--yes", "--no-install-recommends", *PACKAGES)):
            done = subprocess.run(
                ["apt-get", "--quiet", *command],
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
            if done.returncode != 0:
                raise NotInstalled(f"apt-get {command[0]}: {done.stderr.strip()}")
    except OSError as error:
        raise NotInstalled(str(error)) from error


def schema_for_15(text: str) -> str:
    """The schema in the words that PostgreSQL 15 has."""
    return _IS_JSON.sub(r"(\1 is not distinct from \1)", text)


@contextmanager
def server_with_schema(schema: Path = SCHEMA) -> Iterator[psycopg.Connection[Any]]:
    """The superuser's connection, in autocommit, to a database with the objects of head.

    Raises:
        NotInstalled: of course.
    """
    if not EXTENSION.exists():
        raise NotInstalled(
            f"plpgsql_check for PostgreSQL {VERSION} is not installed: as root, run"
            f" python -m tools.plpgsql_check --install, or apt-get install {' '.join(PACKAGES)}"
        )
    with (
        EmbeddedServer(version=VERSION, installation=INSTALLATION, settings=_SETTINGS) as server,
        psycopg.connect(server.url(), autocommit=True) as connection,
    ):
        for role in (OWNER, *ROLES):
            connection.execute(
                psycopg.sql.SQL("create role {}").format(psycopg.sql.Identifier(role))
            )
        connection.execute(_STAND_INS)
        connection.execute("set check_function_bodies = off")  # pg_dump's order is by name
        connection.execute(schema_for_15(schema.read_text("utf-8")).encode())
        connection.execute("reset check_function_bodies")
        yield connection
