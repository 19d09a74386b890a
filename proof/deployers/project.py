"""Projects of many small revisions, each of which shows how often it was applied."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ledgerdb

__all__ = ["NAIVE_ENV", "is_index", "table_of", "write_project"]

_INI: Final = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
_REVISION: Final = '''\
"""Step {number}."""

from alembic import op

revision = "{number}"
down_revision = {before}
branch_labels = None
depends_on = None


def upgrade() -> None:
{body}
'''
# The control: a blocking lock around plain Alembic, as many projects have it.
NAIVE_ENV: Final = """\
import os

import psycopg
from alembic import context
from sqlalchemy import create_engine, make_url

url = os.environ["LEDGERDB_URL"]
with psycopg.connect(url, autocommit=True, application_name="naive-guard") as guard:
    guard.execute("select pg_advisory_lock(42)")
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""
_EVERY_INDEX: Final = 4  # every fourth revision builds an index concurrently


def table_of(number: int) -> str:
    """The table that a revision creates, with one row."""
    return f"r_{number:04}"


def is_index(number: int) -> bool:
    """Whether a revision builds an index, of the table of the revision before it."""
    return number % _EVERY_INDEX == 0


def write_project(root: Path, scripts: Sequence[str], *, env: str | None = None) -> None:
    """Writes one revision per script, and between them those that build an index.

    Args:
        root: an empty folder.
        scripts: what revision 1, 2, ... also runs; not used where it builds an index.
        env: another env.py, whose revisions are plain Alembic's.
    """
    versions, ddl = root / "migrations/versions", root / "migrations/ddl"
    for folder in (versions, ddl):
        folder.mkdir(parents=True)
    (root / "alembic.ini").write_text(_INI)
    ours = Path(ledgerdb.__file__).parent.parent / "migrations/env.py"
    if env is None:
        shutil.copy(ours, root / "migrations")
    else:
        (root / "migrations/env.py").write_text(env)
    for number, script in enumerate(scripts, 1):
        text = _index(number) if is_index(number) else _table(number, script)
        name = f"{number:04}_step.sql"
        (ddl / name).write_text(text)
        if env is None:
            operation = "build_index" if is_index(number) else "run_script"
            digest = hashlib.sha256(text.encode()).hexdigest()
            body = f'    op.{operation}("{name}", sha256="{digest}")'
        elif is_index(number):
            body = f"    with op.get_context().autocommit_block():\n        op.execute({text!r})"
        else:
            body = f"    op.execute({text!r})"
        before = f'"{number - 1:04}"' if number > 1 else None
        (versions / f"{number:04}_step.py").write_text(
            _REVISION.format(number=f"{number:04}", before=before, body=body)
        )


def _table(number: int, script: str) -> str:
    table = f"public.{table_of(number)}"
    return (
        f"create table {table} (n integer not null);\ninsert into {table} (n) select 1;\n{script}\n"
    )


def _index(number: int) -> str:
    table = table_of(number - 1)
    return f"create index concurrently if not exists i_{table} on public.{table} using btree (n);\n"
