"""`ledgerdb adopt`: takes over a database that the earlier plain-SQL migrations built."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError, DatabaseUnavailable, MigrationError
from ledgerdb.migrate.adopt import (
    Effect,
    Finding,
    Inspection,
    NotAdoptable,
    NotAReference,
    look_at,
)
from ledgerdb.migrate.adopt import (
    adopt as adopt_database,
)

__all__ = ["adopt"]

_NOT_ADOPTABLE = 1
_NOT_FOUND_OUT = 2
_HEADINGS = {
    Effect.BLOCKS: "Blocks adoption: put it right first",
    Effect.NEEDS_ACCEPTANCE: "Needs acceptance: --accept KIND:NAME, once for each",
    Effect.ACCEPTED: "Accepted",
    Effect.MENDED: "Mended by adoption or by the upgrade",
    Effect.CREATED: "Created by adoption",
    Effect.REPLACED: "Replaced by the upgrade",
    Effect.KEPT: "Kept",
    Effect.NOTED: "To know before the upgrade",
}


def adopt(
    *,
    url: Url = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Adopt it; without this nothing is written.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="KIND:NAME",
            help="Sign for one difference that needs it; repeat for each.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write what was found to this file, as JSON."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Inspect a database that the earlier plain-SQL migrations built, and adopt it.

    Reads only, and lists every difference, until --confirm.

    Exit codes: 0 it can be adopted, or was.

    1: it cannot, or a difference needs acceptance.

    2: it could not be found out (unreachable, missing rights).
    """
    signed = frozenset(accept or ())
    try:
        if confirm:
            with _Progress() as progress:
                found = adopt_database(url, progress, accept=signed)
        else:
            found = look_at(url, accept=signed)
    except NotAdoptable as refusal:
        found = refusal.inspection
    except NotAReference as refusal:
        _fail(refusal, _NOT_ADOPTABLE)
    except MigrationError as error:
        _fail(error, _NOT_ADOPTABLE if confirm else _NOT_FOUND_OUT)
    except (DatabaseUnavailable, ConfigurationError) as error:
        _fail(error, _NOT_FOUND_OUT)
    adopted = confirm and not found.open and found.revision is None
    document = found.as_json() | {"adopted": adopted, "accepted": sorted(signed)}
    if report is not None:
        report.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(found, adopted=adopted, unused=signed - {f.key for f in found.findings})
    if found.open:
        raise typer.Exit(_NOT_ADOPTABLE)


def _fail(error: Exception, code: int) -> None:
    typer.echo(f"error: {error}", err=True)
    sys.exit(code)


def _print(found: Inspection, *, adopted: bool, unused: frozenset[str]) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    if found.revision is not None:
        console.print(
            f'"{found.database}" is at revision {found.revision}: there is nothing to adopt'
        )
        return
    console.print(
        f'"{found.database}", PostgreSQL {found.server}, at state {found.state} of the earlier'
        " migrations"
    )
    for effect, heading in _HEADINGS.items():
        if findings := [f for f in found.findings if f.effect is effect]:
            console.print(f"\n{heading} ({len(findings)})")
            for finding in findings:
                console.print(f"  {finding.key}: {finding.consequence}")
    for key in sorted(unused):
        console.print(f"\n--accept {key}: there is no such difference")
    console.print()
    if adopted:
        console.print("adopted at revision 0001; go on with: ledgerdb upgrade")
    elif found.open:
        console.print(f"not adoptable: {len(found.open)} differences block or need acceptance")
    else:
        console.print("adoptable; nothing was written. To adopt it: ledgerdb adopt --confirm")


class _Progress:
    """A bar over the changes on a terminal, one line per change elsewhere; all on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("adopting", total=None, visible=False)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def waiting(self, holder: str) -> None:
        self._console.print(f"waiting for another deployer: {holder}")

    def planned(self, changes: int) -> None:
        self._bar.update(self._task, total=changes, visible=bool(changes))

    def changing(self, finding: Finding) -> None:
        self._bar.update(self._task, description=finding.key, advance=1)
        self._console.print(finding.key)

    def blocked(self, finding: Finding, by: str) -> None:
        self._console.print(f"{finding.key} waits for its lock: {by}")
