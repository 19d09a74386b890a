"""`ledgerdb top`: the outbox, live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.keys import listening
from ledgerdb.cli.operations.layout import console, print_lines
from ledgerdb.cli.operations.options import AsJson, Limit, Role
from ledgerdb.cli.operations.screen import BUCKETS, Frame, draw
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.operations.standing import Thresholds, findings, look
from ledgerdb.cli.operations.status import as_document
from ledgerdb.cli.options import Url
from ledgerdb.errors import Contention, DatabaseUnavailable, StatementTimeout
from ledgerdb.rows import ACTIVITY_MINUTES_MAX, BreakdownBy

__all__ = ["top"]

# What passes by itself: a restart, a failover, a server with too much to do.
_PASSING: Final = (DatabaseUnavailable, Contention, StatementTimeout)


def top(
    *,
    every: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, max=3600, help="How often to look."),
    ] = 2.0,
    by: Annotated[
        BreakdownBy, typer.Option("--by", case_sensitive=False, help="Parts of the queue.")
    ] = BreakdownBy.PARTICIPANT,
    limit: Limit = 20,
    minutes: Annotated[
        int, typer.Option(min=1, max=ACTIVITY_MINUTES_MAX, help="How far back the bars go.")
    ] = 30,
    once: Annotated[bool, typer.Option("--once", help="Print one frame and stop.")] = False,
    frames: Annotated[
        int | None,
        typer.Option(min=1, help="Stop after so many frames.", show_default="1 in a pipe"),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Show the queue, its rates and what needs a person, again and again.

    Keys: q quits, p pauses, any other looks at once. A restart of the database is said, and waited
    for. Where there is no terminal it prints one frame.

    Examples:

      ledgerdb top --by tenant --every 5

      ledgerdb top --once --json
    """
    bucket_seconds = max(minutes * 60 // BUCKETS, 1)
    out = console()

    with opened(url, role) as ledger:

        def read() -> Frame:
            return Frame(
                look(ledger, by, limit),
                by,
                minutes,
                ledger.activity(minutes, bucket_seconds=bucket_seconds),
                bucket_seconds,
            )

        if as_json:
            _echo(read())
        elif out.is_terminal and not once:
            _watch(out, read, every, frames)
        else:
            _print(out, read, every, 1 if once else frames or 1)


def _echo(frame: Frame) -> None:
    echo(
        {
            "status": as_document(frame.standing, findings(frame.standing, Thresholds())),
            "minutes": frame.minutes,
            "bucket_seconds": frame.bucket_seconds,
            "activity": frame.activity,
        }
    )


def _print(out: Console, read: Callable[[], Frame], every: float, frames: int) -> None:
    """Frames below each other; a pipe has no height."""
    width = out.width
    with listening() as wait:
        for number in range(frames):
            if number:
                wait(every)
                out.print()
            print_lines(out, draw(read(), width=width, height=None), width)


def _watch(out: Console, read: Callable[[], Frame], every: float, frames: int | None) -> None:
    """One frame over the other until q, Ctrl-C, or as many as were asked for."""
    frame, remark, shown = read(), "", 1  # an error at the start ends it: nothing is there to show
    with (
        listening() as wait,
        Live(console=out, screen=True, auto_refresh=False, transient=True) as live,
    ):
        paused = False
        while True:
            live.update(
                draw(frame, width=out.width, height=out.height, remark=remark), refresh=True
            )
            if shown == frames:
                return
            key = wait(every)
            if key == "q":
                return
            if key == "p":
                paused = not paused
            if paused:
                remark = "paused: p goes on"
                continue
            try:
                frame, remark = read(), ""
            except _PASSING as error:
                remark = f"no answer at {datetime.now(UTC):%H:%M:%S} UTC, trying again: {error}"
            shown += 1
