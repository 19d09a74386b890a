"""One psql process per call: how the services called the database before there was a library."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from ledgerdb import DatabaseUnavailable
from ledgerdb.embedded import EmbeddedServer

__all__ = ["psql"]

_SECONDS_MAX: Final = 60


def psql(url: str, text: str, **values: str) -> str:
    """Runs statements in a psql process and gives what it printed.

    Args:
        url: the database.
        text: statements; `:'name'` stands for a value.
        values: by name, quoted by psql.

    Raises:
        DatabaseUnavailable: it failed; the message is what it said.
    """
    variables = [f"--set={name}={value}" for name, value in values.items()]
    options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    done = subprocess.run(  # noqa: S603 - psql of the wheel
        [_program(), url, *options, *variables],
        input=text,
        check=False,
        capture_output=True,
        text=True,
        timeout=_SECONDS_MAX,
    )
    if done.returncode != 0:
        raise DatabaseUnavailable(f"psql: {done.stderr.strip()}")
    return done.stdout


@cache
def _program() -> Path:
    """The newest of the wheel, which speaks to every server; this one is asked and not started."""
    return EmbeddedServer(Path("/")).bin_dir / "psql"
