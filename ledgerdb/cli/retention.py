"""`ledgerdb retention plan` and `ledgerdb retention run`: old history retires."""

from __future__ import annotations

import getpass
import json
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError
from ledgerdb.retention import BATCH_SIZE_DEFAULT, RetentionPlan, RetiredBatch, plan, retire
from ledgerdb.rows import BATCH_SIZE_MAX
from ledgerdb.sync import Ledger

__all__ = ["retention"]

retention = typer.Typer(
    name="retention",
    help="Retire old attempts of ended items; identities and outcomes stay for life.",
    no_args_is_help=True,
)

_INTERRUPTED: Final = 130
_DAYS: Final = {"d": 1, "w": 7, "y": 365}
_Before = Annotated[
    str | None,
    typer.Option(
        "--before", help="A date or time, ISO 8601; UTC unless it says.", show_default=False
    ),
]
_OlderThan = Annotated[
    str | None,
    typer.Option("--older-than", help="An age such as 400d, 52w or 2y.", show_default=False),
]
_Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@retention.command("plan")
def plan_command(
    *,
    before: _Before = None,
    older_than: _OlderThan = None,
    as_json: _Json = False,
    url: Url = None,
) -> None:
    """Show what would retire and what would stay, and why. Reads only."""
    moment, age = _horizon(before, older_than)
    with Ledger.connect(url) as ledger:
        found = plan(ledger, before=moment, older_than=age)
    if as_json:
        typer.echo(json.dumps([asdict(group) for group in found.groups], default=str))
    else:
        _show(found)


@retention.command("run")
def run_command(
    *,
    reason: Annotated[str, typer.Option(help="Why; kept with the run.")],
    actor: Annotated[
        str | None,
        typer.Option(help="Who asks for it; kept with the run.", show_default="the login name"),
    ] = None,
    before: _Before = None,
    older_than: _OlderThan = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many items.", show_default="all")
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, max=BATCH_SIZE_MAX, help="Items that a transaction looks at.")
    ] = BATCH_SIZE_DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: _Json = False,
    url: Url = None,
) -> None:
    """Retire history, batch by batch. Ctrl-C loses no batch that is done, and the server may
    still end the one under way; begin anew any time.
    """
    moment, age = _horizon(before, older_than)
    with Ledger.connect(url) as ledger:
        found = plan(ledger, before=moment, older_than=age)
        if not as_json:
            _show(found)
        if found.retired.items and not yes:
            _ask(found)
        done: list[RetiredBatch] = []
        interrupted = False
        try:
            with _Progress(min(found.retired.items, limit or found.retired.items)) as progress:
                for batch in retire(
                    ledger,
                    before=found.horizon,
                    actor=actor or getpass.getuser(),
                    reason=reason,
                    limit=limit,
                    batch_size=batch_size,
                ):
                    done.append(batch)
                    progress.retired(batch)
        except KeyboardInterrupt:
            interrupted = True
    _tell(found, done, interrupted=interrupted, as_json=as_json)
    if interrupted:
        raise typer.Exit(_INTERRUPTED)


def _horizon(
    before: str | None, older_than: str | None
) -> tuple[datetime | None, timedelta | None]:
    """The arguments for `plan`, exactly one of the two."""
    if (before is None) == (older_than is None):
        raise typer.BadParameter("give one of --before and --older-than")
    if before is not None:
        try:
            moment = datetime.fromisoformat(before)
        except ValueError:
            raise typer.BadParameter(f"--before {before}: is no ISO 8601 time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC), None
    age = re.fullmatch(r"([0-9]{1,5})([dwy])", older_than or "")
    if age is None:
        raise typer.BadParameter(f"--older-than {older_than}: write it as 400d, 52w or 2y")
    return None, timedelta(days=int(age[1]) * _DAYS[age[2]])


def _show(found: RetentionPlan) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"history from before {found.horizon:%Y-%m-%d %H:%M:%S %Z}")
    table = Table("verdict", "items", "attempts", "bytes", "oldest", "newest", box=None)
    for group in found.groups:
        if group.items or group is found.retired:
            table.add_row(
                group.verdict,
                *(f"{number:,}" for number in (group.items, group.attempts, group.bytes)),
                *(f"{day:%Y-%m-%d}" if day else "" for day in (group.oldest, group.newest)),
            )
    console.print(table)
    if any(group.verdict == "UNSEALED" and group.items for group in found.groups):
        console.print("UNSEALED: `ledgerdb seal` seals them; then they may retire")


def _ask(found: RetentionPlan) -> None:
    if not sys.stdin.isatty():
        raise ConfigurationError("retention run: --yes is needed where nobody can be asked")
    typer.confirm(
        f"Delete {found.retired.attempts:,} attempts for ever? Their outcomes stay.", abort=True
    )


def _tell(
    found: RetentionPlan, done: list[RetiredBatch], *, interrupted: bool, as_json: bool
) -> None:
    totals = {
        "horizon": str(found.horizon),
        "runs": [str(batch.run_id) for batch in done if batch.run_id is not None],
        "examined": sum(batch.examined for batch in done),
        "items": sum(batch.items for batch in done),
        "attempts": sum(batch.attempts for batch in done),
        "bytes": sum(batch.bytes for batch in done),
        "interrupted": interrupted,
    }
    if as_json:
        typer.echo(json.dumps(totals))
        return
    typer.echo(
        f"retired {totals['items']:,} items with {totals['attempts']:,} attempts"
        + (" (interrupted; the batch under way may still end)" if interrupted else "")
    )


class _Progress:
    """A bar over the items on a terminal, silence elsewhere; on stderr."""

    def __init__(self, items: int) -> None:
        console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("retiring"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("retiring", total=items)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def retired(self, batch: RetiredBatch) -> None:
        self._bar.advance(self._task, batch.items)
