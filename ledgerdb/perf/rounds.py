"""The rounds of a run: every verb in turn, each call right behind a call of the yardstick."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from sqlalchemy import URL, text

from ledgerdb import EngineSettings, Ledger
from ledgerdb.perf.calibration import Yardstick, connected
from ledgerdb.perf.figures import Samples
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.workload import VERBS, Workload, items_of, payload_of
from ledgerdb.url import database_url

__all__ = ["rounds"]

Progress = Callable[[str, int, int], None]

_FLUSH: Final = text("select pg_stat_force_next_flush()")
_ACTIVE_MS: Final[LiteralString] = """
select d.active_time from pg_stat_database as d where d.datname = %s
"""


def rounds(
    profile: Profile, url: str, beside: URL, progress: Progress
) -> tuple[Mapping[str, Samples], str]:
    """What was timed of each verb, and the hash of all that was sent.

    Args:
        profile: how often, and what.
        url: an empty database at head.
        beside: the yardstick's.
        progress: is told of each round.

    Raises:
        LedgerError: a verb was refused, or did something else than it must.
        psycopg.Error: the yardstick was refused.
    """
    samples = {verb: Samples([], [], []) for verb in VERBS}
    one_session = EngineSettings(application_name="bench", pool_size=1, max_overflow=0)
    total = profile.warm_rounds + profile.rounds
    with (
        Ledger.connect(url, one_session) as ledger,
        Yardstick(beside, payload_of(profile), profile.batch_items) as yardstick,
        connected(beside) as observer,
    ):
        workload = Workload(ledger, profile)
        server = _Server(ledger, observer, str(database_url(url).database))
        for number in range(total):
            progress("rounds", number, total)
            for verb in VERBS:
                bare = yardstick.one if items_of(profile, verb) == 1 else yardstick.many
                taken = _timed(workload.prepare[verb], bare, profile.calls[verb], server)
                if number >= profile.warm_rounds:
                    samples[verb].verb.append(taken.verb[0])
                    samples[verb].yardstick.append(taken.yardstick[0])
                    samples[verb].database.append(taken.database[0])
        return samples, workload.sha256


def _timed(
    prepare: Callable[[], Callable[[], None]],
    bare: Callable[[], None],
    calls: int,
    server: _Server,
) -> Samples:
    """One round of one verb."""
    ours: list[float] = []
    theirs: list[float] = []
    before = server.active_seconds()
    with _no_garbage_collection():
        for _ in range(calls):
            call = prepare()
            began = time.perf_counter()
            bare()
            between = time.perf_counter()
            call()
            ours.append(time.perf_counter() - between)
            theirs.append(between - began)
    return Samples([ours], [theirs], [server.active_seconds() - before])


class _Server:
    """How long the server has worked for a database, by its own clock."""

    def __init__(
        self, ledger: Ledger, observer: psycopg.Connection[tuple[Any, ...]], database: str
    ) -> None:
        self._ledger = ledger
        self._observer = observer
        self._database = database

    def active_seconds(self) -> float:
        """Of all statements until now: a session tells it when it is asked to, and else now and
        then. The asking itself counts as well, once for each round.
        """
        with self._ledger.engine.connect() as connection:
            connection.execute(_FLUSH)
        row = self._observer.execute(_ACTIVE_MS, [self._database]).fetchone()
        return 0.0 if row is None else float(row[0]) / 1_000


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """It would meet the one call or the other."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
