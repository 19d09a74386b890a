"""`python -m proof deployers`: many at once, killed at random; and a guard that hangs."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from proof.deployers.project import NAIVE_ENV, write_project
from proof.deployers.rounds import Outcome, run_round, scratch_database
from proof.ground import Ground

__all__ = ["REVISIONS", "SCRIPTS", "deployers"]

REVISIONS: Final = 20
SCRIPTS: Final = ["select pg_catalog.pg_sleep(0.02);"] * REVISIONS
_CONTROL_SECONDS: Final = 10.0


def deployers(
    version: Annotated[list[int], typer.Option(help="Major versions of PostgreSQL.")] = [16, 18],  # noqa: B006
    rounds: Annotated[int, typer.Option(min=1, help="Rounds on each.")] = 50,
    seed: Annotated[int, typer.Option(help="Of what is done to whom.")] = 20261124,
    faults: Annotated[int, typer.Option(min=0, help="Kills per round.")] = 6,
) -> None:
    """Run 8 deployers at once, kill them at random, and look at the database; exit 1 for findings.

    The control guards plain Alembic with a lock that waits, and must hang.
    """
    console = Console(highlight=False)
    holds = True
    for major in version:
        with Ground(major) as ground, tempfile.TemporaryDirectory() as folder:
            ours, naive = Path(folder, "ours"), Path(folder, "naive")
            write_project(ours, SCRIPTS)
            write_project(naive, SCRIPTS, env=NAIVE_ENV)
            outcomes = []
            for number in range(rounds):
                with scratch_database(ground.url(), ground.url) as url:
                    outcomes.append(run_round(ours, url, REVISIONS, seed + number, faults=faults))
            with scratch_database(ground.url(), ground.url) as url:
                control = run_round(
                    naive, url, REVISIONS, seed, faults=0, limit_seconds=_CONTROL_SECONDS
                )
        holds &= not any(outcome.findings for outcome in outcomes) and bool(control.findings)
        console.print(_summary(major, outcomes), markup=False)
        console.print(f"  the control: {control.findings or 'NO FINDING'}", markup=False)
    raise typer.Exit(0 if holds else 1)


def _summary(major: int, outcomes: list[Outcome]) -> str:
    faults: Counter[str] = sum((outcome.faults for outcome in outcomes), Counter())
    free = [seconds for outcome in outcomes for seconds in outcome.free_seconds]
    lines = [
        f"PostgreSQL {major}: {len(outcomes)} rounds, faults: {dict(faults)}",
        f"  {sum(bool(o.findings) for o in outcomes)} rounds with findings",
        f"  the lock was free after at most {max(free, default=0):.2f} s ({len(free)} kills)",
        f"  a round took at most {max(o.seconds for o in outcomes):.1f} s",
    ]
    lines += [f"  round {n}: {o.findings}" for n, o in enumerate(outcomes) if o.findings]
    return "\n".join(lines)
