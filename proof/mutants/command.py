"""`python -m proof mutants`."""

from __future__ import annotations

import random
import re
import secrets
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from proof.ground import FAST, Ground
from proof.mutants.equivalent import reason_for
from proof.mutants.generated import generate
from proof.mutants.kill import Verdict, judge_all
from proof.mutants.listed import listed
from proof.mutants.mutant import Mutant
from proof.promises.registry import PROMISES
from proof.promises.run import learn
from proof.report import Report, conclude

__all__ = ["mutants"]

_LEAST_LISTED = 50
_CREATES = re.compile(r"create\s+or\s+replace\s+function\s+(?:public\.)?(\w+)", re.IGNORECASE)


def mutants(
    generated: Annotated[int, typer.Option(min=0, help="So many made by rule, drawn.")] = 50,
    seed: Annotated[int | None, typer.Option(help="Of what is drawn.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes, with a server each.")] = 2,
    file: Annotated[
        Path | None, typer.Option(help="Try this function only.", exists=True, dir_okay=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the artefact.")] = None,
) -> None:
    """Functions with a mistake in them: who notices each."""
    began = time.monotonic()
    seed = secrets.randbelow(2**31) if seed is None else seed
    if file is not None:
        by_hand, drawn, generated = [_of(file)], [], 0
    else:
        by_hand, drawn = listed(), generate()
        random.Random(seed).shuffle(drawn)
    with Ground(settings={**FAST, "track_functions": "all"}) as ground:
        with ground.database() as url:
            server_version, fingerprint = Report.server_of(url)
        tried = learn(ground)
    verdicts: list[Verdict] = []
    columns = (TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=len(by_hand) + generated)
        for batch, viable in ((by_hand, len(by_hand)), (drawn, generated)):
            for verdict in judge_all(batch, tried, viable=viable, jobs=jobs):
                verdicts.append(verdict)
                if not (verdict.killer or verdict.stillborn or reason_for(verdict.mutant)):
                    progress.console.print(f"survived: {verdict.mutant.name}", markup=False)
                progress.advance(task, not verdict.stillborn)
    report = _report(verdicts, by_hand, seed, generated)
    if file is not None:
        for verdict in verdicts:
            print(f"{file}: {verdict.killer or 'nobody'}: {verdict.finding}")
        raise typer.Exit(not all(verdict.killer for verdict in verdicts))
    conclude(
        Report(
            **report,
            command=f"python -m proof mutants --generated {generated} --seed {seed}",
            server_version=server_version,
            schema_fingerprint=fingerprint,
            seconds=time.monotonic() - began,
        ),
        out,
    )


def _of(file: Path) -> Mutant:
    text = file.read_text("utf-8")
    found = _CREATES.search(text)
    if found is None:
        raise typer.BadParameter(f"{file} creates or replaces no function")
    return Mutant(file.name, found.group(1), text)


def _report(
    verdicts: list[Verdict], by_hand: list[Mutant], seed: int, generated: int
) -> dict[str, Any]:
    names = {mutant.name for mutant in by_hand}
    viable = [verdict for verdict in verdicts if not verdict.stillborn]
    reasons = {
        verdict.mutant.name: reason
        for verdict in viable
        if not verdict.killer and (reason := reason_for(verdict.mutant))
    }
    survivors = [
        verdict for verdict in viable if not verdict.killer and verdict.mutant.name not in reasons
    ]
    broken = [verdict for verdict in verdicts if verdict.stillborn and verdict.mutant.name in names]
    killed = Counter(verdict.mutant.name in names for verdict in viable if verdict.killer)
    return {
        "check_id": "mutants",
        "seed": seed,
        "counts": {
            "mutants listed": len(by_hand),
            "listed killed": killed[True],
            "mutants generated": sum(verdict.mutant.name not in names for verdict in viable),
            "generated killed": killed[False],
            "generated equivalent": len(reasons),
            "stillborn": len(verdicts) - len(viable),
            "promises": len(PROMISES),
        },
        "reference": {},
        "findings": [
            *(f"survived: {one.mutant.name}\n{one.mutant.diff}" for one in survivors),
            *(f"cannot be installed: {one.mutant.name}: {one.finding}" for one in broken),
        ],
        "required": {
            "mutants listed": _LEAST_LISTED,
            "listed killed": len(by_hand),
            "mutants generated": generated,
        },
        "further": {
            "equivalent": reasons,
            "mutants": [
                {
                    "name": verdict.mutant.name,
                    "why": verdict.mutant.why,
                    "change": verdict.mutant.change,
                    "killer": verdict.killer,
                    "finding": verdict.finding[:300],
                    "seconds": round(verdict.seconds, 2),
                }
                for verdict in viable
            ],
        },
    }
