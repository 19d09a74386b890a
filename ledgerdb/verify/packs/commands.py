"""The commands for evidence packs as a user runs them, in processes of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

from ledgerdb.errors import LedgerError
from ledgerdb.verify.program import last_line, python

__all__ = ["examine", "export"]

_REFUSED: Final = 1
_BROKEN: Final = 1
_UNKNOWN: Final = 2
_FILES_MAX: Final = 250
# Each list of arguments is one command, as a user would give it; the program answers with the exit
# code of each. Starting Python for each would take most of the time.
_PROGRAM: Final = """
import json, sys
from ledgerdb.cli import main
codes = []
for sys.argv in json.load(sys.stdin):
    try:
        codes.append(main() or 0)
    except SystemExit as end:
        codes.append(end.code or 0)
print(json.dumps(codes))
"""


def export(url: URL, folder: Path, asked: Sequence[Sequence[str]]) -> list[bytes | None]:
    """The files that `ledgerdb evidence export` writes for these arguments; None where it refuses.

    Raises:
        LedgerError: it broke, or refused otherwise than by 1.
    """
    files = [folder / f"exported-{place}" for place in range(len(asked))]
    done = python(
        "-c",
        _PROGRAM,
        url=url,
        stdin=json.dumps(
            [
                ["ledgerdb", "evidence", "export", "--out", str(file), *one]
                for file, one in zip(files, asked, strict=True)
            ]
        ),
    )
    try:
        codes = json.loads(done.stdout)
    except ValueError:
        codes = []
    if codes != [0 if file.exists() else _REFUSED for file in files]:
        raise LedgerError(f"evidence export broke: {last_line(done)}")
    return [file.read_bytes() if file.exists() else None for file in files]


def examine(files: Sequence[Path], *more: str | Path) -> list[dict[str, Any]]:
    """What `ledgerdb evidence verify --json` says of each file; it has no database to ask.

    Raises:
        LedgerError: it broke, or its exit code says otherwise than its answer.
    """
    groups = [files[first : first + _FILES_MAX] for first in range(0, len(files), _FILES_MAX)]
    with ThreadPoolExecutor(os.cpu_count()) as running:
        answers = running.map(lambda group: _examine(group, more), groups)
        return [answer for group in answers for answer in group]


def _examine(files: Sequence[Path], more: Sequence[str | Path]) -> list[dict[str, Any]]:
    done = python(
        *("-m", "ledgerdb", "evidence", "verify", "--json"), *map(str, more), "--", *map(str, files)
    )
    try:
        packs: list[dict[str, Any]] = json.loads(done.stdout)["packs"]
    except (ValueError, KeyError):
        raise LedgerError(f"evidence verify broke: {last_line(done)}") from None
    said = {pack["status"] for pack in packs}
    if done.returncode != (_BROKEN if "BROKEN" in said else _UNKNOWN if "UNKNOWN" in said else 0):
        raise LedgerError(f"evidence verify: exit code {done.returncode} for its answer")
    return packs
