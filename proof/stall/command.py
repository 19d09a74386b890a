"""`python -m proof stall`: how long an application waits while the database is migrated."""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from proof.ground import BASELINE, Ground
from proof.stall.traffic import Stalls, migrating, seed, upgrade_under_traffic

__all__ = ["stall"]

_BOUNDS_MS: Final = (1, 2, 5, 10, 25, 50, 100, 250, 1000, 10_000)
_BUDGET_SECONDS: Final = 5.0
_MAX_MS: Final = 250
_LOOK_SECONDS: Final = 0.005
_WAITS: Final = """
    select from pg_catalog.pg_stat_activity as a
    where a.datname = pg_catalog.current_database() and a.application_name = 'ledgerdb-migrate'
        and a.wait_event_type = 'Lock'
"""
# The control: one try that waits for as long as it takes, as a migration without a budget does.
_PATIENT: Final = {"LEDGERDB_LOCK_TIMEOUT_MS": "10000"}


def stall(
    version: Annotated[list[int], typer.Option(help="Major versions of PostgreSQL.")] = [16, 18],  # noqa: B006
    items: Annotated[int, typer.Option(min=10, help="Items before the upgrade.")] = 5_000,
    writers: Annotated[int, typer.Option(min=1, help="Connections that write.")] = 4,
    rate: Annotated[float, typer.Option(min=1, help="Their statements per second.")] = 100,
    hold: Annotated[float, typer.Option(min=0, help="Seconds that a report reads.")] = 3,
) -> None:
    """Upgrade from the baseline under writers and a long reader; exit 1 where a statement waited.

    The control has no lock budget, and must stall.
    """
    console = Console(highlight=False)
    holds = True
    for major in version:
        found: dict[str, Stalls] = {}
        with Ground(major) as ground:
            for name, variables in (("budget", {}), ("control", _PATIENT)):
                with ground.database(BASELINE) as url:
                    seed(url, items)
                    found[name] = upgrade_under_traffic(
                        url,
                        writers=writers,
                        statements_per_second=rate,
                        hold_seconds=hold,
                        variables=variables,
                    )
            with ground.database(BASELINE) as url:
                blocked = _against_a_blocker(url)
        console.print(_table(major, found))
        console.print(blocked)
        mine, control = found["budget"], found["control"]
        holds &= mine.code == 0 and not mine.errors and 1000 * mine.longest <= _MAX_MS
        holds &= 1000 * control.longest > _MAX_MS or not hold
        for stalls in found.values():
            if stalls.errors or stalls.code:
                console.print(
                    f"{stalls.errors[:5]} exit {stalls.code}\n{stalls.said}", markup=False
                )
    raise typer.Exit(0 if holds else 1)


def _against_a_blocker(url: str) -> str:
    """A transaction that never ends: from its first try on, the upgrade takes its budget."""
    with (
        psycopg.connect(url, application_name="a-blocker") as blocker,
        psycopg.connect(url, autocommit=True) as witness,
    ):
        blocker.execute("lock table public.payment_outbox_pending in row exclusive mode")
        pid = blocker.info.backend_pid
        with migrating(url, {"LEDGERDB_LOCK_BUDGET_SECONDS": f"{_BUDGET_SECONDS:g}"}) as process:
            while not witness.execute(_WAITS).fetchall() and process.poll() is None:
                time.sleep(_LOOK_SECONDS)
            began = time.monotonic()
            _, said = process.communicate()
            seconds = time.monotonic() - began
    named = f"pid {pid} of a-blocker" in said
    return (
        f"a blocker for ever: exit {process.returncode} after {seconds:.2f} s (budget"
        f" {_BUDGET_SECONDS:g} s), it is {'named' if named else 'NOT NAMED'}"
    )


def _table(major: int, found: dict[str, Stalls]) -> Table:
    table = Table(title=f"PostgreSQL {major}: statements by time", title_justify="left")
    table.add_column("up to")
    for name in found:
        table.add_column(name, justify="right")
    counts = {name: _histogram(stalls) for name, stalls in found.items()}
    for number, bound in enumerate(_BOUNDS_MS):
        table.add_row(f"{bound} ms", *(f"{count[number]:,}" for count in counts.values()))
    for label, of in (
        ("median", lambda s: f"{1000 * statistics.median(s.seconds):.1f} ms"),
        ("p99", lambda s: f"{1000 * statistics.quantiles(s.seconds, n=100)[98]:.1f} ms"),
        ("longest", lambda s: f"{1000 * s.longest:.1f} ms"),
        ("statements", lambda s: f"{len(s.seconds):,}"),
        ("errors", lambda s: f"{len(s.errors):,}"),
        ("upgrade", lambda s: f"{s.took_seconds:.1f} s"),
    ):
        table.add_row(label, *map(of, found.values()))
    return table


def _histogram(stalls: Stalls) -> list[int]:
    counts = [0] * (len(_BOUNDS_MS) + 1)
    for seconds in stalls.seconds:
        counts[bisect_left(_BOUNDS_MS, 1000 * seconds)] += 1
    return counts
