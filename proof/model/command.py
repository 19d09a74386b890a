"""`python -m proof model`: the model against head on both servers, and against the reference."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import Progress

from proof.ground import BASELINE, HEAD, Ground, replacements
from proof.model.check import Campaign
from proof.model.machine import Machine
from proof.model.reference import EXPECTED, violations
from proof.model.upgrade import survive
from proof.report import Report, conclude

__all__ = ["model"]

_CHUNK: Final = 5_000
_PROGRAMS: Final = 200  # of the reference
_UPGRADES: Final = 4
_OLDER: Final = 5  # one chunk in so many runs on the older server


@dataclass(frozen=True, slots=True)
class _Task:
    kind: str
    url: str
    seed: int
    size: int


@dataclass(frozen=True, slots=True)
class _Done:
    kind: str
    counts: Counter[str]
    findings: list[str]


def _perform(task: _Task) -> _Done:
    if task.kind == "reference":
        found = violations(task.url, seed=task.seed, programs=task.size)
        return _Done(task.kind, found, [])
    if task.kind == "upgrade":
        counts, findings = survive(task.url, seed=task.seed)
        return _Done(task.kind, counts, findings)
    with Machine(task.url) as machine:
        campaign = Campaign(machine, steps=task.size, seed=task.seed)
        campaign.run()
        return _Done(task.kind, machine.counts, campaign.findings)


def _tasks(stack: ExitStack, grounds: tuple[Ground, Ground], steps: int, seed: int) -> list[_Task]:
    """Each with a database of its own, the longest first."""
    newer, older = grounds
    chunks = max(1, -(-steps // _CHUNK))

    def fresh(ground: Ground, revision: str = HEAD) -> str:
        replaced = replacements() if revision == HEAD else ()
        return stack.enter_context(ground.database(revision, replaced=replaced))

    head = [
        _Task("head", fresh(older if n % _OLDER == 1 else newer), seed + n, -(-steps // chunks))
        for n in range(chunks)
    ]
    upgrades = [_Task("upgrade", fresh(newer, BASELINE), seed + n, 1) for n in range(_UPGRADES)]
    return [_Task("reference", fresh(newer, BASELINE), seed, _PROGRAMS), *upgrades, *head]


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
    done: list[_Done] = []
    with ExitStack() as stack:
        grounds = stack.enter_context(Ground(18)), stack.enter_context(Ground(16))
        tasks = _tasks(stack, grounds, steps, chosen)
        servers = {Report.server_of(task.url) for task in tasks if task.kind == "head"}
        progress = stack.enter_context(Progress(transient=True))
        pool = stack.enter_context(ProcessPoolExecutor(jobs, mp_context=get_context("spawn")))
        bar = progress.add_task("programs", total=len(tasks))
        for finished in as_completed([pool.submit(_perform, task) for task in tasks]):
            done.append(finished.result())
            progress.advance(bar)
    conclude(_report(done, servers, steps, chosen, time.monotonic() - began), out)


def _report(
    done: list[_Done], servers: set[tuple[str, str]], steps: int, seed: int, seconds: float
) -> Report:
    counts: Counter[str] = Counter()
    reference: Counter[str] = Counter()
    for one in done:
        (reference if one.kind == "reference" else counts).update(one.counts)
    version, fingerprint = max(servers)
    refused = sum(count for name, count in counts.items() if name.startswith("refused "))
    whole = ("steps", "transactions", "rollbacks", "savepoints", "upgrades")
    required: dict[str, Any] = {"steps": steps, "upgrades": _UPGRADES}
    return Report(
        check_id="model",
        command=f"python -m proof model --steps {steps} --seed {seed}",
        seed=seed,
        server_version=version,
        schema_fingerprint=fingerprint,
        counts={**{name: counts[name] for name in whole}, "refusals": refused},
        reference=dict(sorted(reference.items())),
        findings=[finding for one in done for finding in one.findings],
        required={**required, **dict.fromkeys(EXPECTED, 1)},
        seconds=seconds,
        further={
            "servers": sorted(server for server, _ in servers),
            "each": dict(sorted(counts.items())),
        },
    )
