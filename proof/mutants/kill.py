"""Tries mutants, in processes with a server each: the first finding kills."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.util
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import ClassVar, Final

import psycopg

from proof.ground import Ground
from proof.interleavings.check import check_interleavings
from proof.model.check import check_model
from proof.mutants.equivalent import reason_for
from proof.mutants.mutant import Mutant
from proof.promises.run import Tried, check_promises, for_function

__all__ = ["Verdict", "judge", "judge_all"]

# How long the other proofs look at a mutant that keeps every promise.
_INTERLEAVING_SECONDS: Final = 5.0
_MODEL_STEPS: Final = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        mutant: that was tried.
        killer: who noticed; empty where nobody did.
        finding: what was noticed.
        seconds: that it took.
        stillborn: PostgreSQL refuses it, so it is no mutant.
    """

    mutant: Mutant
    killer: str
    finding: str
    seconds: float
    stillborn: bool = False


def judge(ground: Ground, mutant: Mutant, tried: Mapping[str, Tried]) -> Verdict:
    """Tries one mutant."""
    began = time.monotonic()
    replaced = (mutant.text,)
    try:
        if problem := _stillborn(ground, replaced):
            return Verdict(mutant, "", problem, time.monotonic() - began, stillborn=True)
        killer, finding = next(_findings(ground, mutant, tried), ("", ""))
    finally:
        ground.forget(replaced=replaced)
    return Verdict(mutant, killer, finding, time.monotonic() - began)


def _findings(
    ground: Ground, mutant: Mutant, tried: Mapping[str, Tried]
) -> Iterator[tuple[str, str]]:
    """The killers, the cheapest first."""
    replaced = (mutant.text,)
    promises = for_function(mutant.function, tried)
    for finding in check_promises(ground, replaced=replaced, promises=promises):
        yield "promises", str(finding)
    if reason_for(mutant):
        return
    with ground.database(replaced=replaced) as url:
        for found in check_interleavings(url, seconds=_INTERLEAVING_SECONDS):
            yield "interleavings", found
    with ground.database(replaced=replaced) as url:
        for found in check_model(url, steps=_MODEL_STEPS, seed=1):
            yield "model", found


def _stillborn(ground: Ground, replaced: tuple[str, ...]) -> str:
    try:
        with ground.database(replaced=replaced):
            return ""
    except psycopg.Error as error:
        return str(error)


def judge_all(
    mutants: Iterable[Mutant], tried: Mapping[str, Tried], *, viable: int, jobs: int
) -> Iterator[Verdict]:
    """Tries mutants until so many could be installed; in the order in which they are done."""
    waiting = iter(mutants)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_Worker.begin, initargs=(tried,)) as pool:
        pending: set[Future[Verdict]] = set()
        found = 0
        while True:
            missing = min(jobs * 2, viable - found) - len(pending)
            for mutant in itertools.islice(waiting, max(missing, 0)):
                pending.add(pool.submit(_Worker.work, mutant))
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                verdict = future.result()
                found += not verdict.stillborn
                yield verdict


class _Worker:
    """What a process keeps from mutant to mutant."""

    ground: ClassVar[Ground]
    tried: ClassVar[Mapping[str, Tried]]

    @classmethod
    def begin(cls, tried: Mapping[str, Tried]) -> None:
        cls.ground, cls.tried = Ground(), tried
        cls.ground.__enter__()
        # Processes of a pool do not run what is registered with atexit.
        multiprocessing.util.Finalize(None, cls.ground.server.close, exitpriority=1)

    @classmethod
    def work(cls, mutant: Mutant) -> Verdict:
        return judge(cls.ground, mutant, cls.tried)
