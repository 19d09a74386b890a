"""Our own program as a user runs it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from sqlalchemy import URL

import ledgerdb
from ledgerdb.errors import LedgerError

__all__ = ["last_line", "python"]

_SECONDS_MAX: Final = 600


def python(
    *arguments: str, url: URL | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs Python with the ledgerdb that runs here, wherever that was found, to its end.

    Args:
        arguments: of the interpreter.
        url: the database; None for none.
        stdin: that it gets.

    Raises:
        LedgerError: it did not end.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("LEDGERDB_")
    }
    root = str(Path(ledgerdb.__file__).resolve().parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [kept.get("PYTHONPATH")])])
    if url is not None:
        kept["LEDGERDB_URL"] = url.render_as_string(hide_password=False)
    try:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, *arguments],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=_SECONDS_MAX,
            env=kept,
        )
    except subprocess.TimeoutExpired:
        raise LedgerError(f"a command did not end within {_SECONDS_MAX} s") from None


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What it said at last, on stderr."""
    return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
