"""`ledgerdb drift`: is a database still what its revision made of it?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledgerdb.catalog.acceptance import read_acceptances
from ledgerdb.catalog.compare import Difference
from ledgerdb.cli.options import Url
from ledgerdb.errors import LedgerError
from ledgerdb.migrate.drift import Drift
from ledgerdb.migrate.drift import drift as find

__all__ = ["drift"]

_DRIFTED: Final = 1
_UNKNOWN: Final = 2
_CHARS_MAX: Final = 240  # of a definition in a line for people


def drift(
    *,
    url: Url = None,
    accepted: Annotated[
        Path | None,
        typer.Option(
            "--accepted",
            metavar="FILE",
            help="Differences that are meant, each with its reason (TOML, see docs/drift.md).",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Compare a database with what its revision makes; nothing is written to it.

    Exit code 0: no drift; 1: drift; 2: it could not be found out.
    """
    try:
        found = find(url, () if accepted is None else read_acceptances(accepted))
    except (LedgerError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_UNKNOWN) from error
    typer.echo(json.dumps(_document(found)) if as_json else _text(found))
    if found.differences:
        raise typer.Exit(_DRIFTED)


def _text(found: Drift) -> str:
    lines = [_line(difference) for difference in found.differences]
    lines += [f"accepted: {' '.join(d.key)} ({one.reason})" for d, one in found.accepted]
    lines += [f"stale acceptance: {one.object} ({one.reason})" for one in found.stale]
    lines += [f"note: {note}" for note in found.notes]
    count = len(found.differences)
    what = "no drift" if not count else f"{count} difference{'s' if count > 1 else ''}"
    return "\n".join([*lines, f"{what} at revision {found.revision} ({found.objects} objects)"])


def _line(difference: Difference) -> str:
    expected, found = (_cut(text) for text in difference.shown)
    rest = f": {difference.consequence}" if difference.consequence else ""
    return f"{' '.join(difference.key)}: expected {expected}, found {found}{rest}"


def _cut(text: str) -> str:
    return text if len(text) <= _CHARS_MAX else f"{text[:_CHARS_MAX]}... (whole with --json)"


def _document(found: Drift) -> dict[str, Any]:
    return asdict(found) | {
        "differences": [_entry(difference) for difference in found.differences],
        "accepted": [_entry(d) | {"reason": one.reason} for d, one in found.accepted],
    }


def _entry(difference: Difference) -> dict[str, Any]:
    expected_text, found_text = difference.shown
    return {
        "kind": difference.key.kind,
        "name": difference.key.name,
        "expected": difference.expected,
        "found": difference.found,
        "expected_text": expected_text,
        "found_text": found_text,
        "consequence": difference.consequence,
    }
