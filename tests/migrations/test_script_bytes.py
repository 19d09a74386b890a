"""What a script sends is what a live run sends, statement for statement, by the server's log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import run
from tests.migrations.project import REVISIONS, Project
from tests.migrations.server_log import LoggingServer, Recorded
from tests.migrations.test_bodies import BODIES, bodies

__all__ = ["bodies"]


STATEMENTS_MIN = 500


@pytest.fixture(scope="module", params=[16, 18], ids=lambda version: f"pg{version}")
def logging_server(request: pytest.FixtureRequest) -> Iterator[LoggingServer]:
    logged = LoggingServer(request.param)
    with logged.server:
        yield logged


def live(logged: LoggingServer, url: str, *command: str | Path) -> list[list[str]]:
    with logged.recording("ledgerdb-migrate") as recorded:
        done = run("alembic", *command, "upgrade", "head", url=url)
    assert done.code == 0, done.stderr
    return _of_steps(recorded)


def scripted(logged: LoggingServer, url: str, span: str, *command: str | Path) -> list[list[str]]:
    script = run("alembic", *command, "upgrade", span, "--sql")
    assert script.code == 0, script.stderr
    psql = logged.server.bin_dir / "psql"
    with logged.recording("ledgerdb-script-") as recorded:
        done = run(psql, "-X", "-d", url, "-f", "-", stdin=script.stdout)
    assert done.code == 0, done.stderr
    return _of_steps(recorded)


def _of_steps(recorded: Recorded) -> list[list[str]]:
    """The statements of each transaction, and those outside of any, without what is not of the
    revisions: look-ups, settings, the locks that are taken first, savepoints, the journal."""
    work = [[_normal(one) for one in unit if not _FRAME.match(one)] for unit in recorded.work()]
    return [statements for statements in work if statements]


_FRAME = re.compile(
    r"""(select|with)\s.*(pg_catalog\.|ledgerdb_|current_schema|\bfrom\s+pg_)
    | (insert|update)\s.*ledgerdb_migration_steps | update\ public\.ledgerdb_migrations\s
    | (savepoint|release|set|show)\b | do\ \$ledgerdb\$
    | lock\ table\ public\.\w+\ in\ [a-z ]+\ mode$
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def _normal(statement: str) -> str:
    if "alembic_version" in statement[:60]:
        return " ".join(statement.split())  # Alembic indents with tabs, and with spaces in scripts
    if "$" in statement:
        return statement
    return re.sub(r"\n\s*\n", "\n", statement)  # psql leaves out empty lines, but in quotes


@pytest.mark.parametrize("start", ["base", "0001"])
def test_from_the_start_to_head(logging_server: LoggingServer, start: str) -> None:
    with logging_server.database() as first, logging_server.database() as second:
        if start != "base":
            for url in (first, second):
                assert run("alembic", "upgrade", start, url=url).code == 0
        sent = live(logging_server, first)
        assert scripted(logging_server, second, f"{start}:head") == sent
    assert len(sent) >= len(REVISIONS) - (start != "base")
    assert sum(map(len, sent)) > STATEMENTS_MIN


def test_bodies_that_look_like_something_else(
    logging_server: LoggingServer, bodies: Project
) -> None:
    ini = bodies.root / "alembic.ini"
    with logging_server.database() as first, logging_server.database() as second:
        (sent,) = live(logging_server, first, "-c", ini)
        (written,) = scripted(logging_server, second, "head", "-c", ini)
    assert written == sent
    for body in BODIES.values():
        assert any(f"$function${body}$function$" in one for one in sent)
