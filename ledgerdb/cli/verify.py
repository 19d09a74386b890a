"""`ledgerdb verify ...`: independent witnesses, and the evidence that they write.

Exit codes: 0 it holds, 1 it does not, 2 it could not be found out. A command of the group runs its
verifier within `checking` and hands the evidence to `conclude`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ledgerdb.errors import ConfigurationError, LedgerError
from ledgerdb.verify import ledger_evidence, retry_semantics
from ledgerdb.verify.evidence import Evidence, Status, checkout
from ledgerdb.verify.ledger import PAYLOADS_DEFAULT

__all__ = ["Json", "Out", "checking", "conclude", "folder_of", "verify"]

verify = typer.Typer(
    name="verify",
    help="Check the ledger from outside, and write evidence.",
    no_args_is_help=True,
)

_FAILED: Final = 1
_UNKNOWN: Final = 2

Json = Annotated[bool, typer.Option("--json", help="Print the evidence.")]
Scratch = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="A server to make a scratch database on, as superuser; never one in use.",
        show_default="an embedded PostgreSQL",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder of the evidence.",
        show_default="evidence/ of the checkout",
        file_okay=False,
    ),
]


@verify.command("retry-semantics")
def retry_semantics_command(
    *,
    url: Scratch = None,
    live: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Also read drift and retry pressure of this database; nothing is written.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Attack the numbering, closing and ending of attempts in a scratch database."""
    with checking("retry semantics") as step:
        folder = folder_of(out)
        found = retry_semantics.verify_retry_semantics(
            url, live_url=live, quick=quick, progress=step
        )
        found.write(folder / retry_semantics.ARTEFACT)
    conclude(found, folder / retry_semantics.ARTEFACT, as_json=as_json)


@verify.command("ledger")
def ledger_command(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            help="The database; a login that may read its tables.",
            show_default="LEDGERDB_URL, else DATABASE_URL",
        ),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Earlier evidence of this check: only what came since is read.",
            show_default="everything",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    ceiling: Annotated[
        int | None,
        typer.Option(
            min=1, max=1_000, help="The highest retry ceiling ever.", show_default="today's"
        ),
    ] = None,
    payloads: Annotated[
        int, typer.Option(min=0, help="So many of the newest payloads are hashed.")
    ] = PAYLOADS_DEFAULT,
    rows: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="So many of the newest sealed rows are hashed; all are counted.",
            show_default="all",
        ),
    ] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Check the seals and the invariants of a database in use; nothing is written to it."""
    with checking("ledger") as step:
        folder = folder_of(out)
        found = ledger_evidence.verify_ledger(
            url,
            since=None if since is None else ledger_evidence.watermark_of(since),
            ceiling=ceiling,
            payloads=payloads,
            rows=rows,
            progress=step,
        )
        found.write(folder / ledger_evidence.ARTEFACT)
    conclude(found, folder / ledger_evidence.ARTEFACT, as_json=as_json)


@contextmanager
def checking(title: str) -> Iterator[Callable[[str], None]]:
    """Shows each step on stderr; an error of ours ends the command with 2, "could not be checked".

    Yields:
        What is told of each step.
    """
    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task(escape(title), total=None)
    try:
        with bar:
            yield lambda step: bar.update(task, description=escape(step))
    except (LedgerError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_UNKNOWN) from error


def conclude(found: Evidence, path: Path, *, as_json: bool) -> None:
    """Says what was found and where it stands; the exit code is its status."""
    if as_json:
        typer.echo(found.text(), nl=False)
    else:
        findings: list[str] = [*found.details.get("findings", ())]
        for finding in findings:
            typer.echo(f"{found.check_id}: {finding}")
        typer.echo(f"{found.check_id}: {found.status} ({path})")
    if found.status is Status.FAIL:
        raise typer.Exit(_FAILED)


def folder_of(out: Path | None) -> Path:
    """Where evidence is written: what was asked for, else `evidence/` of the checkout."""
    if out is not None:
        return out
    root = checkout()
    if root is None:
        raise ConfigurationError("no checkout to write the evidence to: give --out")
    return root / "evidence"
