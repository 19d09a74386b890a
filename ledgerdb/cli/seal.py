"""`ledgerdb seal`: what is new in the ledger goes under a seal, once or again and again."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ledgerdb.cli.options import Url
from ledgerdb.errors import Contention, DatabaseUnavailable, OutcomeUnknown, StatementTimeout
from ledgerdb.rows import BATCH_SIZE_MAX, SealedBatch, SealOutcome
from ledgerdb.sync import Ledger

__all__ = ["seal"]

_PASSING: Final = (Contention, DatabaseUnavailable, OutcomeUnknown, StatementTimeout)
_PAUSE_SECONDS: Final = 0.2
_ROUND_SECONDS_MAX: Final = 86_400


def seal(
    *,
    batch_size: Annotated[
        int, typer.Option(min=1, max=BATCH_SIZE_MAX, help="Rows that a transaction seals.")
    ] = BATCH_SIZE_MAX,
    wait: Annotated[
        float,
        typer.Option(
            min=0, max=3_600, help="Seconds to wait for running transactions and other sealers."
        ),
    ] = 10.0,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=_ROUND_SECONDS_MAX,
            help="Seal every so many seconds, until SIGTERM or Ctrl-C.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines; one line a round.")
    ] = False,
    url: Url = None,
) -> None:
    """Seal what is new in attempts and attestations. Nobody waits for it; begin anew any time."""
    with Ledger.connect(url) as ledger, _stopping() as stopping:
        if every is None:
            _tell(_seal_all(ledger, batch_size, wait, stopping), as_json=as_json)
            return
        while not stopping.is_set():
            try:
                done = _seal_all(ledger, batch_size, 0, stopping)
            except _PASSING as error:
                typer.echo(f"trying again in {every:g} s: {error}", err=True)
            else:
                _tell(done, as_json=as_json)
            stopping.wait(every)


def _seal_all(
    ledger: Ledger, batch_size: int, wait_seconds: float, stopping: threading.Event
) -> SealedBatch:
    """Seals until nothing is left, the wait is over, or it is to stop; the sum of the batches."""
    until = time.monotonic() + wait_seconds
    console = Console(stderr=True, highlight=False)
    with Progress(
        SpinnerColumn(),
        TextColumn("sealing: {task.completed:,.0f} rows"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("sealing", total=None)
        done = ledger.seal_ledger(batch_size)
        progress.advance(task, done.attempts + done.attestations)
        while done.outcome is not SealOutcome.DONE and not stopping.is_set():
            if done.outcome is not SealOutcome.MORE:
                if time.monotonic() >= until:
                    break
                stopping.wait(_PAUSE_SECONDS)
            batch = ledger.seal_ledger(batch_size)
            progress.advance(task, batch.attempts + batch.attestations)
            done = replace(
                batch,
                seals=done.seals + batch.seals,
                attempts=done.attempts + batch.attempts,
                attestations=done.attestations + batch.attestations,
                last_seal_no=batch.last_seal_no or done.last_seal_no,
            )
    return done


def _tell(done: SealedBatch, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    left = {
        SealOutcome.MORE: "; stopped before the end",
        SealOutcome.WAITING: "; later rows wait for transactions that are still running",
        SealOutcome.BUSY: "; another sealer is at work",
    }.get(done.outcome, "")
    typer.echo(
        f"sealed {done.attempts:,} attempts and {done.attestations:,} attestations"
        f" under {done.seals:,} seals{left}"
    )


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Set by SIGTERM or SIGINT: the batch under way ends first. A second signal has its usual
    effect.
    """
    stopping = threading.Event()
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, _frame: object) -> None:
        stopping.set()
        signal.signal(number, usual[signal.Signals(number)])

    for number in usual:
        signal.signal(number, stop)
    try:
        yield stopping
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
