"""`make schema`: writes migrations/schema.sql, what the newest revision amounts to.

A throw-away PostgreSQL 18 is migrated to head and dumped, so that a review of a migration shows its
effect. `--check` fails when the file is not what the migrations make.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.guard import OWNER, ROLES
from tools.head import database_at_head

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "migrations" / "schema.sql"

# They name the programs that made the dump, or are random.
_VARYING = re.compile(
    r"^(?:-- Dumped (?:from|by) .*|\\(?:un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)\n",
    re.MULTILINE,
)
_BLANK_LINES = re.compile(r"\n{3,}")


def dump(server: EmbeddedServer, database: str) -> str:
    """The schema of a database as text that depends on nothing but the schema."""
    done = subprocess.run(
        [
            str(server.bin_dir / "pg_dump"),
            "--schema-only",
            "--no-owner",
            f"--dbname={server.url(database)}",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )
    return _BLANK_LINES.sub("\n\n", _VARYING.sub("", done.stdout)).strip() + "\n"


def current() -> str:
    """What schema.sql must say."""
    with database_at_head() as (server, name, revision):
        text = dump(server, name)
    return (
        f"-- Schema of ledgerdb at revision {revision}: written by `make schema`, never by hand.\n"
        f"-- Roles (NOLOGIN, of the cluster): {', '.join([OWNER, *ROLES])}.\n\n{text}"
    )


def main(arguments: Sequence[str] | None = None, *, path: Path = SCHEMA) -> int:
    """Exit code: 0 written or equal, 1 the file differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    text = current()
    if not options.check:
        path.write_text(text, "utf-8", newline="\n")
        print(f"wrote {path.name}")
        return 0
    written = path.read_text("utf-8") if path.exists() else ""
    difference = difflib.unified_diff(
        written.splitlines(keepends=True),
        text.splitlines(keepends=True),
        "migrations/schema.sql",
        "what the migrations make",
    )
    sys.stdout.writelines(difference)
    return 0 if written == text else 1


if __name__ == "__main__":
    sys.exit(main())
