"""`python -m proof fuzz`: several processes, each with a database of its own, and the reference."""

from __future__ import annotations

import multiprocessing
import re
import resource
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Final

import typer
from rich.progress import Progress

from proof.fuzz.calls import UNSENT, Fuzz, Outcome
from proof.fuzz.sessions import KINDS
from proof.ground import BASELINE, FAST, HEAD, Ground
from proof.report import Report, conclude

__all__ = ["fuzz"]

CHECK_ID: Final = "fuzz"
# What a run on the reference finds, whatever the seed.
_DEFECTS: Final = {
    "42702": "repair_expired_leases ends with 42702",
    "22003": "ends with 22003",
    "accepted beyond a limit": " accepts ",
    "null lease accepted": "claim_outbox_batch accepts p_lease_seconds",
}
# Never in the log of a server, whoever called: internal errors, crashes, failed assertions.
_LOGGED: Final = re.compile(
    r"^(?:XX\w{3}|58\w{3}|42702) |PANIC|TRAP:|terminated by signal", re.MULTILINE
)
# A line says the SQLSTATE and the database.
_LOG: Final = {"log_line_prefix": "%e %d ", "log_min_messages": "error", "log_statement": "none"}


def _run(url: str, seed: int, calls: int, *, is_head: bool) -> Outcome:
    fuzz = Fuzz(url, seed, is_head=is_head)
    try:
        return fuzz.run(max(calls, fuzz.once))
    finally:
        fuzz.close()


def fuzz(
    *,
    calls: Annotated[int, typer.Option(min=1, help="Calls at head, at least.")] = 100_000,
    seed: Annotated[
        int | None, typer.Option(help="Of what is drawn.", show_default="a random one")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at the same time.")] = 2,
    version: Annotated[int, typer.Option(help="Of PostgreSQL: 16 or 18.")] = 18,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the artefact.", file_okay=False)
    ] = None,
) -> None:
    """Hostile arguments for every function: a result that its limits allow, or a published
    SQLSTATE, and nothing changed by what was refused.
    """
    seed = SystemRandom().randrange(2**32) if seed is None else seed
    print(f"seed {seed}")
    began = time.monotonic()
    with Ground(version, {**FAST, **_LOG}) as ground, ground.database(HEAD) as first:
        server_version, fingerprint = Report.server_of(first)
        head = _all(ground, HEAD, seed, calls, jobs)
        log = ground.server.log_path.read_text("utf-8", errors="replace")
        reference = _all(ground, BASELINE, seed, 1, 1)
    logged = Counter(match[0] for match in _LOGGED.finditer(log))
    conclude(
        Report(
            check_id=CHECK_ID,
            command=f"python -m proof fuzz --calls {calls} --seed {seed} --jobs {jobs}",
            seed=seed,
            server_version=server_version,
            schema_fingerprint=fingerprint,
            counts={
                "calls": head.calls,
                "functions": len(head.functions),
                "kinds of sessions": len(head.kinds),
                "answered": head.codes["ok"],
                "refused": head.calls - head.codes["ok"],
                "SQLSTATEs": len(head.codes.keys() - {"ok", UNSENT}),
                "MB of the largest session": head.backend_kb // 1024,
            },
            reference={
                name: sum(n for what, n in reference.wrong.items() if part in what)
                for name, part in _DEFECTS.items()
            },
            findings=[*head.findings, *(f"the server said: {said}" for said in sorted(logged))],
            required={
                "calls": calls,
                "functions": head.known,
                "kinds of sessions": len(KINDS),
                "SQLSTATEs": 15,
                **dict.fromkeys(_DEFECTS, 1),
            },
            seconds=time.monotonic() - began,
            further={
                "codes": dict(head.codes.most_common()),
                "calls_by_function": dict(head.functions.most_common()),
                "reference_calls": reference.calls,
                "reference_wrong": dict(reference.wrong.most_common()),
                "python_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            },
        ),
        out,
    )


def _all(ground: Ground, revision: str, seed: int, calls: int, jobs: int) -> Outcome:
    """The outcomes of all processes in one."""
    total = Outcome()
    context = multiprocessing.get_context("spawn")
    share = -(-calls // jobs)
    with (
        Progress(transient=True) as progress,
        ExitStack() as databases,
        ProcessPoolExecutor(jobs, mp_context=context) as pool,
    ):
        task = progress.add_task(f"{CHECK_ID} at {revision}", total=jobs)
        urls = [databases.enter_context(ground.database(revision)) for _ in range(jobs)]
        runs = [
            pool.submit(_run, url, seed + number, share, is_head=revision == HEAD)
            for number, url in enumerate(urls)
        ]
        for run in runs:
            total.merge(run.result())
            progress.advance(task)
    return total
