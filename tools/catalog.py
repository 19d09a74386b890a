"""`make schema`: writes migrations/catalog/NNNN.json, what each revision changes in the catalog.

A throw-away PostgreSQL 18 is migrated to head and read on the way; `--check` fails when a file says
something else. `ledgerdb drift` and `ledgerdb adopt` read these files.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import psycopg
from alembic.script import Script, ScriptDirectory

from ledgerdb import migrate
from ledgerdb.catalog import Catalog, Names, read
from ledgerdb.catalog.document import render
from ledgerdb.catalog.expected import FOLDER, delta
from ledgerdb.catalog.model import frozen
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import history
from ledgerdb.migrate.config import alembic_config
from ledgerdb.migrate.guard import OWNER, ROLES
from tools.head import POSTGRES

__all__ = ["main", "names_at", "owned", "revisions", "states"]

ROOT: Final = Path(__file__).resolve().parent.parent
CATALOG: Final = ROOT / "migrations" / FOLDER

# The runner makes them, not a revision; they are ours since the one that gave them an owner.
BOOKKEEPING: Final = frozenset(
    {"ledgerdb_alembic_version", "ledgerdb_migrations", "ledgerdb_migration_steps"}
)
BOOKKEEPING_SINCE: Final = "0009"
DATABASE_OWNER: Final = "pg_database_owner"


def revisions() -> list[Script]:
    """From the first revision to the newest."""
    script = ScriptDirectory.from_config(alembic_config())
    return history.revisions(script, script.get_heads())


def names_at(line: Sequence[Script]) -> Names:
    """What counts after these revisions: what their files create, and the roles."""
    migrations = Path(line[-1].path).parent.parent
    names = history.names_of(history.load_all(line, migrations))
    books = BOOKKEEPING if line[-1].revision >= BOOKKEEPING_SINCE else frozenset()
    return names | Names(relations=books, roles=frozenset({OWNER, *ROLES}))


def owned(catalog: Catalog) -> Catalog:
    """Without owners that are the deployer: another one on every site."""
    return frozen(
        (key, value)
        for key, value in catalog.items()
        if key.kind != "owner" or value in {OWNER, DATABASE_OWNER}
    )


class _Reading(migrate.LogReport):
    """Reads the catalog after each revision of one run from base: the direct route."""

    def __init__(self, url: str, names: Callable[[str], Names]) -> None:
        self.found: dict[str, Catalog] = {}
        self._url = url
        self._names = names

    def committed(self, step: migrate.StepInfo) -> None:
        with psycopg.connect(self._url) as connection:
            self.found[step.revision] = owned(read(connection, self._names(step.revision)))


def states(url: str, names: Callable[[str], Names]) -> dict[str, Catalog]:
    """Migrates an empty database to head; its catalog at each revision, in order."""
    reading = _Reading(url, names)
    migrate.upgrade(url, report=reading)
    return reading.found


def documents() -> dict[str, str]:
    """File name -> what it must say."""
    line = revisions()
    places = {revision.revision: place for place, revision in enumerate(line, start=1)}
    with (
        tempfile.TemporaryDirectory(prefix="ledgerdb-catalog-") as folder,
        EmbeddedServer(Path(folder), version=POSTGRES) as server,
    ):
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create database ledger")
        found = states(server.url("ledger"), lambda revision: names_at(line[: places[revision]]))
    befores = [frozen(()), *found.values()]
    return {
        f"{revision}.json": render(delta(before, after))
        for before, (revision, after) in zip(befores, found.items(), strict=False)
    }


def main(arguments: Sequence[str] | None = None, *, folder: Path = CATALOG) -> int:
    """Exit code: 0 written or equal, 1 a file differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.catalog", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    texts = documents()
    if not options.check:
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8", newline="\n")
        print(f"wrote {len(texts)} files of {folder.name}/")
        return 0
    written = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    for name in sorted(texts.keys() | written.keys()):
        sys.stdout.writelines(
            difflib.unified_diff(
                written.get(name, "").splitlines(keepends=True),
                texts.get(name, "").splitlines(keepends=True),
                f"migrations/{folder.name}/{name}",
                "what the migrations make",
            )
        )
    return 0 if written == texts else 1


if __name__ == "__main__":
    sys.exit(main())
