"""The processes of the load: started, killed, stopped, and started again as a deployment would."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import random
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from ledgerdb import LedgerError
from proof.chaos.history import Journal

__all__ = ["LEASE_SECONDS", "Actor", "Crew", "Job", "main"]

LEASE_SECONDS: Final = 1
GRACE_SECONDS: Final = 15.0
# An actor is a function of a module: `ingress.blocking` and so on.
_PACKAGE: Final = "proof.chaos"
_PRELOADED: Final = [f"{_PACKAGE}.{name}" for name in ("ingress", "workers", "older")]


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is told.

    Attributes:
        role: module and function that it runs.
        name: of the process in the histories.
        url: of the database.
        folder: of the histories.
        seed: of its choices.
        conflicts: whether it also sends other content under a key that was acknowledged.
    """

    role: str
    name: str
    url: str
    folder: Path
    seed: int
    conflicts: bool = True


class Actor:
    """What every role has: its journal, its dice, and the wish that it stops."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.journal = Journal(job.folder, job.name)
        self.dice = random.Random(job.seed)
        self._stop = threading.Event()

    @property
    def name(self) -> str:
        return self.job.name

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()

    def late(self, since: float) -> bool:
        """Whether one that is stopping has asked for long enough."""
        return self.stopping and time.monotonic() - since > GRACE_SECONDS / 3


class Crew:
    """Keeps a process for each job."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        self._jobs = {f"{number}.{job.name}": job for number, job in enumerate(jobs)}
        self._processes: dict[str, ForkServerProcess] = {}
        self._lock = threading.RLock()
        self._generation = 0

    def start(self) -> None:
        for place in self._jobs:
            self._start(place)

    def pids(self, module: str) -> list[int]:
        """Of the living actors of a module, such as `workers`."""
        with self._lock:
            return [
                process.pid
                for place, process in self._processes.items()
                if self._jobs[place].role.startswith(module)
                and process.is_alive()
                and process.pid is not None
            ]

    def replace_dead(self) -> None:
        """Starts what is not running any more, under a new name."""
        with self._lock:
            for place, process in tuple(self._processes.items()):
                if not process.is_alive():
                    process.join()
                    self._start(place)

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Somebody looks after the dead, as a supervisor does."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.1):
                self.replace_dead()

        thread = threading.Thread(target=watch, name="supervisor", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def stop(self, module: str = "") -> None:
        """Asks the actors of a module, or all, to finish; those who do not are killed."""
        with self._lock:
            leaving = [
                place for place in self._processes if self._jobs[place].role.startswith(module)
            ]
            processes = [self._processes.pop(place) for place in leaving]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            process.join(max(deadline - time.monotonic(), 0))
            if process.is_alive():
                process.kill()
                process.join()

    def _start(self, place: str) -> None:
        self._generation += 1
        job = self._jobs[place]
        named = replace(
            job, name=f"{job.name}-{self._generation}", seed=job.seed + self._generation
        )
        process = self._context.Process(target=main, args=(named,), name=named.name, daemon=True)
        process.start()
        self._processes[place] = process


def main(job: Job) -> None:
    """A process of the load: runs its role until SIGTERM, and says what ended it."""
    actor = Actor(job)
    logging.basicConfig(filename=job.folder / f"{job.name}.log")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the director
    signal.signal(signal.SIGTERM, lambda *_: actor.stop())
    module, function = job.role.split(".")
    try:
        getattr(importlib.import_module(f"{_PACKAGE}.{module}"), function)(actor)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is part of the history
        known = isinstance(error, LedgerError)
        said = "".join(traceback.format_exception(error, limit=-4))
        actor.journal.log("crashed", error=said, known=known)
        os._exit(1)  # a thread of the role must not keep it
