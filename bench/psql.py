"""One psql process per call: how the services called the database before there was a library."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.perf.process_per_call import ask_psql

__all__ = ["psql"]


def psql(url: str, text: str, **values: str) -> str:
    """Runs statements in a psql process of the wheel; see `ask_psql`."""
    return ask_psql(_program(), url, text, **values)


@cache
def _program() -> Path:
    """The newest of the wheel, which speaks to every server; this one is asked and not started."""
    return EmbeddedServer(Path("/")).bin_dir / "psql"
