"""`ledgerdb verify migrations`: the checks of all revisions that a database has. Reads only."""

from __future__ import annotations

from collections.abc import Callable

from alembic.script import ScriptDirectory
from sqlalchemy import URL

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import guard, history
from ledgerdb.migrate.checks import Check, check, check_of
from ledgerdb.migrate.config import alembic_config, migrations_dir
from ledgerdb.migrate.connection import connect
from ledgerdb.url import database_url

__all__ = ["check_all"]


def check_all(
    url: str | URL | None = None,
    revision: str | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Check]:
    """Asks every check up to where the database is, or one.

    Args:
        url: None takes LEDGERDB_URL, else DATABASE_URL.
        revision: only this one.
        progress: told each revision before it is checked.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: it is not ledgerdb's, at a revision that this release does not know, or not
            yet at the one asked for.
    """
    script = ScriptDirectory.from_config(alembic_config())
    known = [found.revision for found in history.revisions(script, script.get_heads())]
    with connect(url if isinstance(url, URL) else database_url(url)) as connection:
        heads = guard.read_heads(connection)
        connection.rollback()
        guard.require_known(heads, known)
        if not heads:
            raise MigrationError("the database is not one of ledgerdb: it has no revision")
        applied = known[: known.index(heads[0]) + 1]
        if revision is not None and revision not in applied:
            raise MigrationError(f"the database is at {heads[0]}: revision {revision} is not there")
        found = []
        for number in applied if revision is None else [revision]:
            progress(number)
            file = check_of(migrations_dir(), number)
            if file is not None:
                found.append(check(connection, number, file))
        return found
