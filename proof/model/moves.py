"""Which moves there are, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from proof.model.moves_ingress import enqueue, enqueue_many, ingest, ingest_many, register
from proof.model.moves_operator import (
    backlog,
    cancel,
    control,
    manual,
    pause,
    policy,
    redrive,
    resolve,
    resume,
    status,
)
from proof.model.moves_worker import (
    begin,
    claim,
    claim_batch,
    complete,
    complete_one,
    extend,
    release,
    repair,
)
from proof.model.program import Picks
from proof.model.state import SECOND
from proof.model.world import Move, World

__all__ = ["KINDS", "TICKS"]

TICKS: Final = (1, SECOND, 6 * SECOND, 31 * SECOND, 301 * SECOND, 90_000 * SECOND)
Draw = Callable[[World, Picks], Move]
# How often each is drawn. The first is what everything shrinks to.
_OLD: Final[tuple[tuple[Draw, int], ...]] = (
    (enqueue, 14),
    (claim_batch, 12),
    (complete_one, 14),
    (repair, 8),
)
_ALL: Final[tuple[tuple[Draw, int], ...]] = (
    (enqueue, 6),
    (enqueue_many, 5),
    (ingest, 7),
    (ingest_many, 4),
    (register, 2),
    (claim, 14),
    (claim_batch, 3),
    (extend, 4),
    (begin, 11),
    (release, 3),
    (complete, 15),
    (complete_one, 5),
    (repair, 5),
    (cancel, 2),
    (manual, 3),
    (resolve, 9),
    (redrive, 6),
    (pause, 2),
    (resume, 3),
    (control, 3),
    (policy, 1),
    (status, 2),
    (backlog, 1),
)


def _spread(weights: tuple[tuple[Draw, int], ...]) -> tuple[Draw, ...]:
    return tuple(draw for draw, weight in weights for _ in range(weight))


KINDS: Final = {"head": _spread(_ALL), "oldest": _spread(_OLD)}
