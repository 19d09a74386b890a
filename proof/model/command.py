"""`python -m proof model`: the model against head on both servers, and against the reference."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import Progress

from proof.ground import BASELINE, Ground, replacements
from proof.model.check import Campaign
from proof.model.machine import Machine
from proof.model.reference import EXPECTED, violations
from proof.model.upgrade import survive
from proof.report import Report, conclude

__all__ = ["model"]

_CHUNK: Final = 2_500
_PROGRAMS: Final = 400  # of the reference
_UPGRADES: Final = 4


@dataclass(frozen=True, slots=True)
class _Task:
    kind: str
    seed: int
    size: int
    version: int = 18


@dataclass(frozen=True, slots=True)
class _Done:
    kind: str
    counts: Counter[str]
    findings: list[str]
    server: tuple[str, str]


_GROUNDS: dict[int, Ground] = {}


def _ground(version: int) -> Ground:
    """The server of this process; it ends with it."""
    if version not in _GROUNDS:
        _GROUNDS[version] = ground = Ground(version)
        ground.__enter__()
    return _GROUNDS[version]


def _perform(tasks: Sequence[_Task]) -> list[_Done]:
    try:
        return [_one(task) for task in tasks]
    finally:
        while _GROUNDS:
            _GROUNDS.popitem()[1].__exit__(None, None, None)


def _one(task: _Task) -> _Done:
    ground = _ground(task.version)
    if task.kind == "reference":
        with ground.database(BASELINE) as url:
            found = violations(url, seed=task.seed, programs=task.size)
            return _Done(task.kind, found, [], Report.server_of(url))
    if task.kind == "upgrade":
        with ground.database(BASELINE) as url:
            counts, findings = survive(url, seed=task.seed)
            return _Done(task.kind, counts, findings, Report.server_of(url))
    with ground.database(replaced=replacements()) as url:
        server = Report.server_of(url)
        with Machine(url) as machine:
            campaign = Campaign(machine, steps=task.size, seed=task.seed)
            campaign.run()
            return _Done(task.kind, machine.counts, campaign.findings, server)


def _tasks(steps: int, seed: int) -> list[_Task]:
    chunks = max(1, -(-steps // _CHUNK))
    size = -(-steps // chunks)
    # every fifth on the older server
    head = [_Task("head", seed + n, size, 16 if n % 5 == 4 else 18) for n in range(chunks)]
    upgrades = [_Task("upgrade", seed + n, 1) for n in range(_UPGRADES)]
    return [_Task("reference", seed, _PROGRAMS), *upgrades, *head]


def model(
    steps: Annotated[int, typer.Option(min=1, help="Steps at head, at least.")] = 100_000,
    seed: Annotated[int | None, typer.Option(help="Of the programs; random by default.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Folder of the artefact.")] = None,
) -> None:
    """Holds the database against a model in plain Python, and shows that the reference fails it."""
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    began = time.monotonic()
    print(f"model: seed {chosen}", flush=True)
    tasks = _tasks(steps, chosen)
    done: list[_Done] = []
    with (
        Progress(transient=True) as progress,
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
    ):
        bar = progress.add_task("steps", total=len(tasks))
        shares = [tasks[n :: jobs * 4] for n in range(jobs * 4)]
        for share in as_completed([pool.submit(_perform, s) for s in shares if s]):
            done += share.result()
            progress.advance(bar, len(share.result()))
    conclude(_report(done, steps, chosen, time.monotonic() - began), out)


def _report(done: list[_Done], steps: int, seed: int, seconds: float) -> Report:
    counts: Counter[str] = Counter()
    reference: Counter[str] = Counter()
    for one in done:
        (reference if one.kind == "reference" else counts).update(one.counts)
    version, fingerprint = next(d.server for d in done if d.kind == "head")
    required: dict[str, Any] = {"steps": steps, "upgrades": _UPGRADES}
    return Report(
        check_id="model",
        command=f"python -m proof model --steps {steps} --seed {seed}",
        seed=seed,
        server_version=version,
        schema_fingerprint=fingerprint,
        counts=dict(sorted(counts.items())),
        reference=dict(sorted(reference.items())),
        findings=[finding for one in done for finding in one.findings],
        required={**required, **dict.fromkeys(EXPECTED, 1)},
        seconds=seconds,
        further={"servers": sorted({d.server[0] for d in done})},
    )
