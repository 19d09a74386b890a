"""Several clients at once: how many rows a second they enqueue, beside bare inserts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL

from ledgerdb import EngineSettings, Ledger
from ledgerdb.perf.calibration import Yardstick
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.workload import payload_of

__all__ = ["Throughput", "throughput"]

_TURNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Of `clients` at once; no gate looks at it.

    Attributes:
        enqueued_per_second: items, each in a transaction of its own: the median of three turns.
        yardstick_per_second: the same of the yardstick, an insert and a `select 1`.
        ratio: of the two, in the same turn: the median.
    """

    clients: int
    enqueued_per_second: float
    yardstick_per_second: float
    ratio: float


def throughput(profile: Profile, url: str, beside: URL) -> Throughput:
    """Lets the clients of a profile enqueue, and then insert, three times in turn.

    Raises:
        LedgerError: an item was refused.
        psycopg.Error: an insert was refused.
    """
    payload = payload_of(profile)
    settings = EngineSettings(application_name="bench", pool_size=profile.clients, max_overflow=0)
    ours: list[float] = []
    theirs: list[float] = []
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.connect(url, settings))
        bare = [stack.enter_context(Yardstick(beside, payload, 1)) for _ in range(profile.clients)]
        running = stack.enter_context(ThreadPoolExecutor(profile.clients))

        def enqueue(turn: int, client: int) -> None:
            for number in range(profile.client_calls):
                name = f"client-{turn}-{client}-{number}"
                ledger.enqueue(name, f"client-{client}", name, "SEPA", payload)

        def insert(_turn: int, client: int) -> None:
            for _ in range(profile.client_calls):
                bare[client].one()

        def together(work: Callable[[int, int], None], turn: int) -> float:
            began = time.perf_counter()
            for done in [running.submit(work, turn, n) for n in range(profile.clients)]:
                done.result()
            return profile.clients * profile.client_calls / (time.perf_counter() - began)

        for turn in range(_TURNS):
            ours.append(together(enqueue, turn))
            theirs.append(together(insert, turn))
    return Throughput(
        clients=profile.clients,
        enqueued_per_second=round(statistics.median(ours), 1),
        yardstick_per_second=round(statistics.median(theirs), 1),
        ratio=round(
            statistics.median(mine / bare for mine, bare in zip(ours, theirs, strict=True)), 4
        ),
    )
